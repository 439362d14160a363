from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.config.building import build_settings, default_values
from harness.config.load import load_settings
from harness.config.model import LogLevel, RuntimeChoice, Settings
from harness.config.options import OPTIONS
from harness.config.origins import Source
from harness.errors import CollectedError

if TYPE_CHECKING:
    from pathlib import Path

MANY_TAGS = "tags = { " + ", ".join(f"k{number} = 'v'" for number in range(51)) + " }"


def write(folder: Path, text: str) -> Path:
    (folder / "mwaa.toml").write_text(text, encoding="utf-8")
    return folder


def messages(folder: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(CollectedError) as caught:
        load_settings(folder, environ or {}, {})
    return [str(error).removeprefix(f"{folder}/") for error in caught.value.errors]


def test_a_project_without_settings_has_the_defaults(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path, {}, {})

    assert loaded.settings == Settings()
    assert {origin.source for origin in loaded.origins.values()} == {Source.DEFAULT}


def test_every_option_of_the_table_is_a_setting_of_the_model_and_the_other_way_round() -> None:
    assert set(default_values({})) == {option.path for option in OPTIONS}
    assert build_settings(default_values({})) == Settings()


def test_each_source_wins_over_the_one_before_and_is_remembered(tmp_path: Path) -> None:
    root = write(tmp_path, "[local]\nruntime = 'auto'\nworkers = 2\nschedulers = 2\n")
    environ = {"MWAA_HARNESS_LOCAL_RUNTIME": "auto", "MWAA_HARNESS_LOCAL_WORKERS": "3"}

    loaded = load_settings(root, environ, {"local.runtime": "native"})

    assert loaded.settings.local.runtime is RuntimeChoice.NATIVE
    assert (loaded.settings.local.workers, loaded.settings.local.schedulers) == (3, 2)
    described = {path: origin.describe(root) for path, origin in loaded.origins.items()}
    assert described["local.runtime"] == "--runtime"
    assert described["local.workers"] == "MWAA_HARNESS_LOCAL_WORKERS"
    assert described["local.schedulers"] == "mwaa.toml:4"
    assert described["local.region"] == "default"


def test_variables_set_lists_tables_switches_and_numbers(tmp_path: Path) -> None:
    environ = {
        "MWAA_HARNESS_LOCAL_PASSTHROUGH": "s3, athena",
        "MWAA_HARNESS_ENVIRONMENT_TAGS": '{ team = "data", "cost.center" = "7" }',
        "MWAA_HARNESS_LOCAL_TRIGGERER": "off",
        "MWAA_HARNESS_LOCAL_SYNC_INTERVAL": "30",
        "MWAA_HARNESS_ENVIRONMENT_LOGGING_TASK_LOGS_LOG_LEVEL": "DEBUG",
        "MWAA_HARNESS_PYTHON310": "/not/a/setting",
    }

    settings = load_settings(tmp_path, environ, {}).settings

    assert settings.local.passthrough == ("s3", "athena")
    assert settings.environment.tags == {"team": "data", "cost.center": "7"}
    assert settings.local.triggerer is False
    assert settings.local.sync_interval == 30
    assert settings.environment.logging.task_logs.log_level is LogLevel.DEBUG


def test_airflow_options_may_be_written_with_and_without_quotes(tmp_path: Path) -> None:
    lines = (
        "[environment.airflow_configuration_options]",
        '"core.a" = "1"',
        'core.b = "2"',
        'celery.c = "3"',
    )
    root = write(tmp_path, "\n".join(lines))

    options = load_settings(root, {}, {}).settings.environment.airflow_configuration_options

    assert options == {"core.a": "1", "core.b": "2", "celery.c": "3"}


def test_the_entries_of_a_table_know_their_own_lines(tmp_path: Path) -> None:
    root = write(tmp_path, '[environment.tags]\nteam = "data"\nowner = "me"\n')

    origins = load_settings(root, {}, {}).origins

    assert origins["environment.tags.owner"].describe(root) == "mwaa.toml:3"


def test_micro_has_one_scheduler_and_one_web_server_unless_told_otherwise(tmp_path: Path) -> None:
    root = write(tmp_path, "[environment]\nenvironment_class = 'mw1.micro'\n")

    environment = load_settings(root, {}, {}).settings.environment

    assert (environment.schedulers, environment.min_webservers, environment.max_webservers) == (1, 1, 1)


def test_mistakes_of_all_sources_are_collected_in_the_order_of_the_lines(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        "[environment]\nmin_workers = 11\nname = 7\n[local]\nworker = 1\nregion = 'mars'\n"
        '[environment.tags]\na = 1\n"aws:b" = "2"\n',
    )

    found = messages(root, {"MWAA_HARNESS_LOCAL_TRIGGERER": "maybe"})

    assert [message.split(" ")[0] for message in found] == [
        "mwaa.toml:2:15:",
        "mwaa.toml:3:8:",
        "mwaa.toml:5:1:",
        "mwaa.toml:6:10:",
        "mwaa.toml:8:5:",
        "mwaa.toml:9:11:",
        "environment",
    ]


def test_a_setting_that_is_wrong_itself_is_not_compared_with_others(tmp_path: Path) -> None:
    root = write(tmp_path, "[environment]\nmin_workers = 12\nmax_workers = 99\n")

    (found,) = messages(root)

    assert "max_workers is 99" in found


def test_mistakes_of_variables_are_told_when_the_file_is_no_toml(tmp_path: Path) -> None:
    root = write(tmp_path, "[environment\n")

    found = messages(root, {"MWAA_HARNESS_LOCAL_WORKERS": "0"})

    assert len(found) == 2
    assert "MWAA_HARNESS_LOCAL_WORKERS" in found[1]


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    (tmp_path / "mwaa.toml").write_bytes(b"\xef\xbb\xbf[local]\r\nworkers = 2\r\n")

    loaded = load_settings(tmp_path, {}, {})

    assert loaded.settings.local.workers == 2
    assert loaded.origins["local.workers"].describe(tmp_path) == "mwaa.toml:2"


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("kms_key = 'my-key'", "a key id or the ARN of a key"),
        ("source_bucket_arn = 'my-bucket'", "arn:aws:s3:::my-bucket"),
        ("execution_role_arn = 'arn:aws:iam::1:role/x'", "arn:aws:iam::123456789012:role/mwaa"),
        ("webserver_access_mode = 'public_only'", "PRIVATE_ONLY, PUBLIC_ONLY or PUBLIC_AND_PRIVATE"),
        ("min_workers = 0", "at least 1"),
        ("max_webservers = 1", "2 to 5"),
        ("tags = { a = '' }", "is empty"),
        ("tags = { '' = 'a' }", "has a key that is empty"),
        (MANY_TAGS, "has 51 entries; MWAA allows at most 50"),
        ("dag_s3_path = '/dags'", "relative to the source bucket"),
        ("max_workers = true", "must be a whole number, not true or false"),
        ("logging = { task_log = {} }", "unknown key task_log in [environment.logging]"),
    ],
)
def test_limits_of_the_service_are_kept(text: str, fragment: str, tmp_path: Path) -> None:
    (found,) = messages(write(tmp_path, f"[environment]\n{text}\n"))

    assert fragment in found
    assert found.startswith("mwaa.toml:2:")


@pytest.mark.parametrize(
    "text",
    [
        "name = 'a'",
        f"name = '{'a' * 80}'",
        "weekly_maintenance_window_start = 'SUN:23:30'",
        "kms_key = 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef'",
        "tags = { 'Équipe 1' = 'données / größe@x' }",
        "source_bucket_arn = 'arn:aws-cn:s3:::b'",
        "airflow_configuration_options = { 'my_section.any_option' = '~ !' }",
        "airflow_configuration_options = { 'core.parallelism' = '40', 'celery.worker_autoscale' = '5,0' }",
        "max_workers = 25\nmin_workers = 25\nschedulers = 5",
    ],
)
def test_what_the_service_takes_is_taken(text: str, tmp_path: Path) -> None:
    load_settings(write(tmp_path, f"[environment]\n{text}\n"), {}, {})
