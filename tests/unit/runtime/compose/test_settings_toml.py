from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.load import load_settings
from harness.config.model import (
    EnvironmentSettings,
    LocalSettings,
    LoggingSettings,
    LogLevel,
    ModuleLogging,
    RuntimeChoice,
    Settings,
)
from harness.runtime.compose.settings_toml import settings_toml

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = (
    Settings(),
    Settings(
        environment=EnvironmentSettings(
            name="Über-1".replace("Ü", "U"),
            environment_class="mw1.large",
            airflow_configuration_options={
                "core.parallelism": "7",
                "secrets.backend_kwargs": '{"connections_prefix": "a/b", "quote": "\\"\'"}',
            },
            logging=LoggingSettings(scheduler_logs=ModuleLogging(enabled=True, log_level=LogLevel.DEBUG)),
            tags={"team": "data"},
        ),
        local=LocalSettings(
            region="eu-central-1",
            dags_folder="my dags",
            workers=3,
            triggerer=False,
            sync_interval=0.5,
            passthrough=("athena", "glue"),
        ),
    ),
)


@pytest.mark.parametrize("settings", SETTINGS)
def test_what_is_written_reads_as_the_same_settings(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mwaa.toml").write_text(settings_toml(settings), encoding="utf-8")

    assert load_settings(tmp_path, {}, {}).settings == settings


def test_the_runtime_is_nothing_that_containers_are_told() -> None:
    assert settings_toml(Settings(local=LocalSettings(runtime=RuntimeChoice.COMPOSE))) == "[local]\n" or (
        "runtime" not in settings_toml(Settings(local=LocalSettings(runtime=RuntimeChoice.COMPOSE)))
    )


@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_any_printable_value_of_an_option_survives(
    value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    options = {"core.dag_run_conf_overrides_params": value}
    settings = Settings(environment=EnvironmentSettings(airflow_configuration_options=options))
    folder = tmp_path_factory.mktemp("settings")
    (folder / "mwaa.toml").write_text(settings_toml(settings), encoding="utf-8")

    assert load_settings(folder, {}, {}).settings == settings
