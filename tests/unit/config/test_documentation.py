from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import tomli

from harness.cli.arguments import mwaa_harness
from harness.config.building import default_values
from harness.config.load import load_settings
from harness.config.options import OPTIONS
from harness.config.reserved_options import BLOCKED_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"
EXAMPLE = PAGE.parent.parent / "mwaa.toml"


def option_rows(section: str) -> str:
    """The table of one section as the page shows it."""
    defaults = default_values({})
    rows = [
        f"| `{option.path.removeprefix(f'{section}.')}` | {show(defaults[option.path])} | {option.summary} |"
        for option in OPTIONS
        if belongs(option.section, section)
    ]
    return "\n".join(["| key | default | meaning |", "| --- | --- | --- |", *rows])


def belongs(section: str, table: str) -> bool:
    return section == table or (table.endswith(".logging") and section.startswith(table))


def show(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`' if value else "empty"
    if not isinstance(value, int | float):
        return "none"
    return f"`{value:g}`"


def commands(group: click.Group, above: click.Context | None = None) -> Iterator[tuple[str, click.Command]]:
    """Every command that is written here, subcommands included, also those that are imported late."""
    context = click.Context(group, above, None if above is None else group.name)
    prefix = f"{group.name} " if above is not None else ""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, context)


def command_rows() -> str:
    """The table of commands as the page shows it."""
    rows = []
    for name, command in commands(mwaa_harness):
        options = [
            f"`{'/'.join([*parameter.opts, *parameter.secondary_opts])}`"
            for parameter in command.params
            if isinstance(parameter, click.Option) and not parameter.hidden
        ]
        first = (command.help or "").split("\n")[0]
        rows.append(f"| `{name}` | {' '.join(options)} | {first} |")
    return "\n".join(["| command | options | what it does |", "| --- | --- | --- |", *rows])


def blocked() -> str:
    return ", ".join(f"`{name}`" for name in BLOCKED_OPTIONS)


@pytest.mark.parametrize("section", ["environment", "environment.logging", "local"])
def test_the_page_lists_every_setting_with_its_default(section: str) -> None:
    assert option_rows(section) in PAGE.read_text(encoding="utf-8")


def test_the_page_lists_every_command_with_its_options() -> None:
    assert command_rows() in PAGE.read_text(encoding="utf-8")


def test_the_page_lists_the_options_that_are_refused() -> None:
    assert blocked() in PAGE.read_text(encoding="utf-8")


def test_the_example_on_the_page_loads(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    (tmp_path / "mwaa.toml").write_text(example, encoding="utf-8")

    settings = load_settings(tmp_path, {}, {}).settings

    assert settings.environment.name == tomli.loads(example)["environment"]["name"]


def test_the_settings_of_the_example_project_load_as_they_are_and_with_every_comment_removed(
    tmp_path: Path,
) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    settings = [line.removeprefix("# ") if "=" in line or line.startswith("# [") else line for line in lines]
    (tmp_path / "mwaa.toml").write_text("\n".join(settings[3:]), encoding="utf-8")

    assert load_settings(EXAMPLE.parent, {}, {}).settings.environment.name == "mwaa-local"
    assert load_settings(tmp_path, {}, {}).settings.local.webserver_port == 8080


def test_every_command_teaches_with_an_example_and_its_exit_statuses() -> None:
    for name, command in commands(mwaa_harness):
        assert "Example:" in (command.help or ""), name
        assert f"mwaa-harness {name}" in (command.help or "") or "MWAA_HARNESS" in (command.help or ""), name
        assert "Exit status" in (command.epilog or ""), name
