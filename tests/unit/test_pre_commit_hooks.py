from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from harness.cli.arguments import mwaa_harness

HOOKS = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8")
ENTRIES = re.findall(r"entry: mwaa-harness (.+)", HOOKS)


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_hook_runs_a_command_that_exists(entry: str) -> None:
    command: click.Command | None = mwaa_harness
    for word in entry.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None


@pytest.mark.parametrize("path", ["requirements.txt", "requirements/requirements.txt"])
def test_the_requirements_hook_runs_for_requirements_files_alone(path: str) -> None:
    section = HOOKS.partition("id: mwaa-requirements")[2]
    files = re.search(r"files: (.+)", section)
    assert files is not None
    assert re.search(files.group(1), path)
    assert not re.search(files.group(1), "docs/requirements.md")
