from __future__ import annotations

import json
from pathlib import Path

from harness.errors import Location
from harness.project.requirement_lines import Option
from harness.project.requirements_file import RequirementLine, Requirements
from harness.workerenv.installation import (
    Change,
    apply_changes,
    find_culprit,
    install_arguments,
    parse_changes,
    requirements_text,
)

HERE = Location(Path("requirements.txt"), 1)
PYTHON, SOURCE, CONSTRAINTS = Path("/env/bin/python"), Path("/env/r.txt"), Path("/env/c.txt")


def line(text: str, number: int, name: str | None = None) -> RequirementLine:
    return RequirementLine(text, Location(Path("requirements.txt"), number), name)


def arguments(requirements: Requirements) -> list[str]:
    return [str(part) for part in install_arguments(PYTHON, requirements, SOURCE, CONSTRAINTS)]


def test_index_addresses_stay_out_of_the_command_line() -> None:
    option = Option("--index-url", "https://me:secret@host/simple", HERE)
    requirements = Requirements(lines=(line("a==1", 2),), options=(option,))
    assert not any("secret" in part for part in arguments(requirements))
    assert requirements_text(requirements) == "--index-url https://me:secret@host/simple\na==1\n"


def test_options_of_pip_become_those_of_uv() -> None:
    options = (
        Option("--find-links", "/my plugins", HERE),
        Option("--trusted-host", "host", HERE),
        Option("--pre", "", HERE),
    )
    built = arguments(Requirements(options=options))
    assert " ".join(built).endswith(
        "--find-links /my plugins --allow-insecure-host host --prerelease allow "
        "--constraints /env/c.txt --requirements /env/r.txt"
    )


def test_a_further_index_is_weighed_as_pip_weighs_it() -> None:
    built = arguments(Requirements(options=(Option("--extra-index-url", "https://x/simple", HERE),)))
    assert built[built.index("--index-strategy") + 1] == "unsafe-best-match"


def test_an_upgrade_is_reported_as_removed_and_added() -> None:
    report = json.dumps(
        {
            "changes": [
                {"name": "Jinja2", "version": "3.1.2", "action": "uninstalled"},
                {"name": "Jinja2", "version": "3.1.6", "action": "installed"},
                {"name": "new", "version": "1", "action": "installed"},
            ]
        }
    )
    changes = parse_changes(report)
    assert changes == (Change("jinja2", None), Change("jinja2", "3.1.6"), Change("new", "1"))
    assert apply_changes({"jinja2": "3.1.2", "other": "5"}, changes) == {
        "jinja2": "3.1.6",
        "other": "5",
        "new": "1",
    }


def test_the_culprit_is_the_first_requirement_that_the_resolver_mentions() -> None:
    lines = (line("numpy==1", 1, "numpy"), line("pandas==9", 2, "pandas"))
    assert find_culprit(("Because pandas==9 was not found",), lines) == lines[1].location


def test_part_of_a_name_is_not_a_mention() -> None:
    lines = (line("foo", 1, "foo"), line("bar", 2, "bar"))
    assert find_culprit(("Because foo-extras needs my-bar",), lines) is None


def test_a_single_requirement_is_the_culprit_of_anything() -> None:
    only = line("git+https://host/repo", 7)
    assert find_culprit(("it failed",), (only,)) == only.location
