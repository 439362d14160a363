from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from harness.checks.dags.moved_names import CLASSES, explain_error, explain_warning

if TYPE_CHECKING:
    from harness.checks.dag_parser.session import Session

_AWS = "airflow.providers.amazon.aws"
_IMPORT_ALL = """
import importlib, json, sys, warnings
missing = []
for target in json.loads(sys.argv[1]):
    module, _, name = target.rpartition(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            getattr(importlib.import_module(module), name)
        except Exception as error:
            missing.append(f"{target}: {error}")
print(json.dumps(missing))
"""


def import_error(module: str, *names: str) -> dict[str, object]:
    return {"type": "ImportError", "message": "cannot import", "module": module, "names": list(names)}


def missing_module(module: str) -> dict[str, object]:
    return {"type": "ModuleNotFoundError", "message": f"No module named '{module}'", "module": module}


@pytest.mark.parametrize(
    ("error", "rule", "hint"),
    [
        (
            import_error("airflow.operators", "HttpSensor"),
            "moved-name",
            "from airflow.providers.http.sensors.http import HttpSensor",
        ),
        (
            import_error("airflow.operators", "S3KeySensor"),
            "moved-name",
            f"from {_AWS}.sensors.s3 import S3KeySensor",
        ),
        (missing_module("airflow.sensors.s3_prefix_sensor"), "moved-name", "wildcard_match=True"),
        (missing_module("airflow.contrib.sensors.emr_step_sensor"), "moved-name", f"{_AWS}.sensors.emr"),
        (missing_module("airflow.sdk"), "moved-name", "Airflow 3"),
        (
            missing_module("airflow.providers.snowflake"),
            "dag-import-error",
            "apache-airflow-providers-snowflake",
        ),
        (
            missing_module("airflow.providers.cncf"),
            "dag-import-error",
            "apache-airflow-providers-cncf-kubernetes",
        ),
        (missing_module("docker"), "dag-import-error", "requirements.txt"),
    ],
)
def test_an_import_error_is_explained(error: dict[str, object], rule: str, hint: str) -> None:
    explained = explain_error(error)
    assert explained is not None
    assert explained.rule == rule
    assert hint in explained.hint


@pytest.mark.parametrize(
    ("argument", "advice"),
    [("s3_conn_id", "aws_conn_id"), ("provide_context", "remove it"), ("xcom_push", "do_xcom_push")],
)
def test_a_removed_argument_is_explained(argument: str, advice: str) -> None:
    message = f"Invalid arguments were passed to X (task_id: a). Invalid arguments were:\n**kwargs: {{'{argument}': 1}}"
    explained = explain_error({"type": "AirflowException", "message": message, "module": ""})
    assert explained is not None
    assert explained.rule == "invalid-argument"
    assert advice in explained.hint


def test_airflows_own_advice_is_left_alone() -> None:
    assert explain_warning("This is deprecated. Please use `x`.") is None


@pytest.mark.network
@pytest.mark.slow
def test_every_replacement_exists_in_the_worker_environment(example_session: Session) -> None:
    targets = [target.partition(" with ")[0] for target in CLASSES.values()]
    targets = [target for target in targets if not target.startswith("nothing")]
    done = subprocess.run(
        [example_session.command[0], "-c", _IMPORT_ALL, json.dumps(targets)],
        env=example_session.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    missing = json.loads(done.stdout.splitlines()[-1])
    needs_pandas = "sql_to_s3"
    assert [each for each in missing if needs_pandas not in each] == []
