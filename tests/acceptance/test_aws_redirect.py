"""Tasks' AWS calls stay on this machine: from a worker environment, and from one with today's botocore."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from harness import process
from harness.config.model import EnvironmentSettings, LocalSettings, Settings
from harness.runtime.airflow_variables import AirflowInputs, airflow_variables
from harness.runtime.backend import Endpoints
from harness.runtime.emulated_credentials import emulated_credentials
from harness.runtime.home_binding import INSIDE_FOLDER
from harness.runtime.secrets import EnvironmentSecrets
from harness.runtime.services import Role
from harness.workerenv.packager import find_packager
from harness.workerenv.shim import install_shim

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.workerenv.store import WorkerEnvironment
    from tests.conftest import LocalStackProcess

pytestmark = [pytest.mark.slow, pytest.mark.network]

PROBES = Path(__file__).parent / "probes"
REAL_KEY, REAL_SECRET = "AKIAQWERTYUIOPASDFGH", "real/secret+of+a+person"

ANSWERED = (
    "s3", "session", "sts", "sqs", "sns", "ssm", "secretsmanager", "kms", "iam", "logs", "events",
    "s3-create", "s3-virtual-hosted", "s3-accelerate", "s3-resource", "s3-other-region", "explicit-local",
)  # fmt: skip
NOT_EMULATED = (
    "glue", "athena", "emr", "redshift-data", "batch", "ecs", "eks", "sagemaker", "lambda", "dynamodb",
)  # fmt: skip
REFUSED_HOSTS = ("explicit-s3", "explicit-china", "explicit-glue")
KEPT_AWAY = ("metadata", "metadata-by-http", "virtual-host-by-http", "profile")
HOOKS = ("hook", "hook-with-role", "s3-hook")


@dataclass(frozen=True)
class Person:
    """Somebody with real-looking credentials in the shell and in `~/.aws`."""

    home: Path

    @property
    def shell(self) -> Mapping[str, str]:
        return {
            "HOME": str(self.home),
            "AWS_ACCESS_KEY_ID": REAL_KEY,
            "AWS_SECRET_ACCESS_KEY": REAL_SECRET,
            "AWS_PROFILE": "production",
        }


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Person:
    home = tmp_path_factory.mktemp("person")
    (home / ".aws").mkdir()
    keys = f"aws_access_key_id = {REAL_KEY}\naws_secret_access_key = {REAL_SECRET}\n"
    (home / ".aws" / "credentials").write_text(f"[default]\n{keys}[production]\n{keys}", encoding="utf-8")
    return Person(home)


@pytest.fixture(scope="session")
def worker_python(worker_environment: WorkerEnvironment) -> Path:
    return worker_environment.python


@pytest.fixture(scope="session")
def newest_python(
    worker_python: Path, fenced_environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An environment as a user's requirements may make it: boto3 of today."""
    folder = tmp_path_factory.mktemp("newest") / "env"
    packager = find_packager(fenced_environ)
    for arguments in (
        ("venv", "--quiet", "--python", worker_python, folder),
        ("pip", "install", "--quiet", "--python", folder / "bin" / "python", "boto3>=1.40"),
    ):
        process.check([packager.program, *arguments], env=fenced_environ, timeout=300)
    install_shim(folder / "lib" / "python3.10" / "site-packages")
    return folder / "bin" / "python"


def variables(
    endpoint_url: str, home: Path, shell: Mapping[str, str], settings: Settings | None = None
) -> dict[str, str]:
    endpoints = Endpoints(
        "http://127.0.0.1:1", "admin", "x", endpoint_url, "us-east-1", "bucket",
        f"{endpoint_url}/queue/us-east-1/123456789012/airflow-celery-probe", "postgresql://a:b@127.0.0.1:1/a",
    )  # fmt: skip
    inputs = AirflowInputs(
        settings=settings or Settings(),
        component=Role.WORKER,
        endpoints=endpoints,
        secrets=EnvironmentSecrets("81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs=", "b", "c", "d"),
        airflow_home=str(home),
        path="/usr/bin:/bin",
        worker_environment=Path("/nowhere"),
        inside_folder=INSIDE_FOLDER,
        host_variables=shell,
        database_dsn=endpoints.database_dsn,
    )
    return airflow_variables(inputs)


def call(python: Path, environment: Mapping[str, str], *names: str) -> dict[str, Any]:
    assert environment["MWAA_HARNESS_EMULATED_SERVICES"]
    done = process.check([python, PROBES / "aws_calls.py", *names], env=environment, timeout=240)
    answer = next(line for line in done.stdout.splitlines() if line.startswith("#"))
    document: dict[str, Any] = json.loads(answer[1:])
    return document


def pick_python(request: pytest.FixtureRequest, which: str) -> Path:
    python: Path = request.getfixturevalue(f"{which}_python")
    return python


@pytest.mark.parametrize("which", ["worker", "newest"])
def test_no_aws_call_leaves_the_machine(
    which: str, request: pytest.FixtureRequest, localstack: LocalStackProcess, person: Person, tmp_path: Path
) -> None:
    environment = variables(localstack.endpoint_url, tmp_path, person.shell)
    names = ("s3-create", *ANSWERED, "s3-presigned", "credentials", *NOT_EMULATED, *REFUSED_HOSTS, *KEPT_AWAY)
    document = call(pick_python(request, which), environment, *names)
    results = document["results"]
    assert document["outside"] == []
    assert {name: results[name] for name in ANSWERED if "answer" not in results[name]} == {}
    assert results["sts"]["answer"] == "123456789012"
    assert results["s3-presigned"]["answer"].startswith(localstack.endpoint_url + "/probe-bucket/a?")
    assert results["credentials"]["answer"] == "123456789012"
    for name in NOT_EMULATED:
        assert results[name]["error"] == "ServiceNotEmulatedError", results[name]
        assert "BotoCoreError" in results[name]["kinds"]
        assert f"AWS service '{name}'" in results[name]["message"]
        assert f'passthrough = ["{name}"]' in results[name]["message"]
    for name in REFUSED_HOSTS:
        assert results[name]["error"] == "AwsHostRefusedError", results[name]
    assert results["metadata"]["answer"] == {}
    assert results["profile"]["error"] == "ProfileNotFound"
    assert "belongs to AWS" in results["metadata-by-http"]["message"]
    assert "belongs to AWS" in results["virtual-host-by-http"]["message"]
    assert REAL_KEY not in json.dumps(document)
    assert REAL_SECRET not in json.dumps(environment)


def test_cloudwatch_answers_the_botocore_of_mwaa(
    worker_python: Path, localstack: LocalStackProcess, person: Person, tmp_path: Path
) -> None:
    environment = variables(localstack.endpoint_url, tmp_path, person.shell)
    assert call(worker_python, environment, "cloudwatch")["results"]["cloudwatch"] == {"answer": 200}


def test_airflows_hooks_stay_on_the_machine(
    worker_python: Path, localstack: LocalStackProcess, person: Person, tmp_path: Path
) -> None:
    role = "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fetl"
    environment = {
        **variables(localstack.endpoint_url, tmp_path, person.shell),
        "AIRFLOW_CONN_WITH_ROLE": f"aws://?role_arn={role}&region_name=us-east-1",
    }
    document = call(worker_python, environment, "s3-create", *HOOKS)
    assert document["outside"] == []
    assert document["results"]["hook"]["answer"].startswith("arn:aws:iam::123456789012:")
    assert "assumed-role/etl" in document["results"]["hook-with-role"]["answer"]
    assert document["results"]["s3-hook"]["answer"] is True


@pytest.mark.parametrize("which", ["worker", "newest"])
def test_a_service_let_through_goes_to_aws_with_the_persons_credentials(
    which: str, request: pytest.FixtureRequest, localstack: LocalStackProcess, person: Person, tmp_path: Path
) -> None:
    settings = Settings(local=LocalSettings(passthrough=("glue",)))
    environment = variables(localstack.endpoint_url, tmp_path, person.shell, settings)
    names = ("glue", "glue-credentials", "s3-credentials", "athena", "explicit-s3")
    document = call(pick_python(request, which), environment, *names)
    results = document["results"]
    assert {target.partition(" ")[2] for target in document["outside"]} == {"glue.us-east-1.amazonaws.com"}
    assert results["glue-credentials"]["answer"] == REAL_KEY
    assert results["s3-credentials"]["answer"] == "123456789012"
    assert results["athena"]["error"] == "ServiceNotEmulatedError"
    assert results["explicit-s3"]["error"] == "AwsHostRefusedError"


def test_a_service_let_through_finds_the_persons_profile(
    worker_python: Path, localstack: LocalStackProcess, person: Person, tmp_path: Path
) -> None:
    settings = Settings(local=LocalSettings(passthrough=("glue",)))
    shell = {"HOME": str(person.home), "AWS_PROFILE": "production"}
    environment = variables(localstack.endpoint_url, tmp_path, shell, settings)
    assert REAL_KEY not in json.dumps(environment)
    results = call(worker_python, environment, "glue-credentials", "credentials")["results"]
    assert results["glue-credentials"]["answer"] == REAL_KEY
    assert results["credentials"]["answer"] == "123456789012"


def test_fact_7_5_the_secrets_manager_backend_serves_connections_and_variables(
    worker_python: Path, localstack: LocalStackProcess, person: Person, tmp_path: Path
) -> None:
    options = {
        "secrets.backend": "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
        "secrets.backend_kwargs": json.dumps(
            {"connections_prefix": "airflow/connections", "variables_prefix": "airflow/variables"}
        ),
    }
    settings = Settings(environment=EnvironmentSettings(airflow_configuration_options=options))
    keys = emulated_credentials(settings.local)
    secrets = boto3.client(
        "secretsmanager",
        endpoint_url=localstack.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    secrets.create_secret(Name="airflow/connections/warehouse", SecretString="postgres://ada@db:5432/dwh")
    secrets.create_secret(Name="airflow/variables/limit", SecretString="42")
    environment = variables(localstack.endpoint_url, tmp_path, person.shell, settings)
    code = (
        "from airflow.models import Connection, Variable;"
        "c = Connection.get_connection_from_secrets('warehouse');"
        "print('#', c.host, c.schema, Variable.get('limit'))"
    )
    done = process.check([worker_python, "-c", code], env=environment, timeout=120)
    assert "# db dwh 42" in done.stdout


def test_fact_10_3_a_task_for_a_queue_that_is_not_the_environments_fails(
    worker_python: Path, localstack: LocalStackProcess, person: Person, tmp_path: Path
) -> None:
    environment = variables(localstack.endpoint_url, tmp_path, person.shell)
    done = process.check(
        [worker_python, PROBES / "celery_queue.py", INSIDE_FOLDER], env=environment, timeout=120
    )
    answer = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("#"))[1:])
    assert answer["other"] == "Queue with name 'default' must be defined in 'predefined_queues'."
    assert answer["default_queue"] == "airflow-celery-probe"
    assert answer["visibility_timeout"] == 43200
    assert answer["broker"] == f"sqs://123456789012:**@{localstack.endpoint_url.removeprefix('http://')}//"
    assert answer["acks_late"] is True
    assert answer["remote_control"] is False
