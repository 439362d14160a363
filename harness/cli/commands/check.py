"""`mwaa-harness check …`: each check is a subcommand whose result goes to `report_results`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness.errors import ExitStatus, UsageError
from harness.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.checks.base import Rule
    from harness.cli.invocation import Invocation
    from harness.results import CheckResult

_EXIT_STATUSES = "Exit status: 0 passed, 1 errors were found, 2 wrong usage, 3 unexpected, 130 interrupted."
FORMAT_NAMES = ("text", "json", "junit", "sarif", "github", "gitlab")

format_option = click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMAT_NAMES),
    default="text",
    show_default=True,
    help="What the report is for: a person, a program, a test report, code scanning, CI annotations.",
)
explain_option = click.option("--explain", metavar="RULE", help="Explain a rule and exit.")


@click.group(name="check", invoke_without_command=True, epilog=_EXIT_STATUSES)
@format_option
@explain_option
@click.pass_context
def check(context: click.Context, *, format_name: str, explain: str | None) -> int | None:
    """Say what would go wrong on MWAA, before anything is uploaded. Without a COMMAND: all checks.

    \b
    Example:
      mwaa-harness check
    """
    if context.invoked_subcommand is not None:
        return None
    if explain is not None:
        return _explain_any(explain)
    from harness.cli.commands import check_others

    return check_others.run_all(context.obj, format_name)


def report_results(
    results: Sequence[CheckResult], format_name: str, root: Path, rules: Mapping[str, Rule]
) -> ExitStatus:
    """Write `results` to standard output in the format called `format_name`; the status to exit with."""
    from harness.report.formats import find_reporter

    click.echo(find_reporter(format_name)(results, root, rules), nl=False)
    failed = any(result.outcome is Outcome.FAILED for result in results)
    return ExitStatus.FAILED if failed else ExitStatus.SUCCESS


def explain_rule(name: str, rules: Mapping[str, Rule]) -> ExitStatus:
    """Write the page of the rule called `name`.

    Raises:
        UsageError: there is no such rule.
    """
    from harness.checks.base import render_page

    if name not in rules:
        raise UsageError(f"there is no rule {name!r}", hint="rules: " + ", ".join(sorted(rules)))
    click.echo(render_page(rules[name]), nl=False)
    return ExitStatus.SUCCESS


def _explain_any(name: str) -> ExitStatus:
    from harness.checks.rule_book import RULE_BOOK

    return explain_rule(name, RULE_BOOK)


@check.command(name="requirements", epilog=_EXIT_STATUSES)
@click.argument("file", required=False, type=click.Path(path_type=str))
@format_option
@explain_option
@click.option(
    "--fix", "wants_fix", is_flag=True, help="Write the proposed versions into the file and check again."
)
@click.option("--offline", "is_offline", is_flag=True, help="Ask no index; what needs one is skipped.")
@click.option("--refresh", "ignores_verdict", is_flag=True, help="Judge again although nothing changed.")
@click.pass_obj
def check_requirements_command(
    invocation: Invocation,
    *,
    file: str | None,
    format_name: str,
    explain: str | None,
    wants_fix: bool,
    is_offline: bool,
    ignores_verdict: bool,
) -> int:
    """Say what a requirements.txt will do to the environment.

    \b
    Example:
      mwaa-harness check requirements
      mwaa-harness check requirements --fix    # write the proposed versions
    """
    from harness.cli.commands import check_requirements

    if explain is not None:
        from harness.checks.requirements.rules import RULES

        return explain_rule(explain, RULES)
    how = check_requirements.How(wants_fix=wants_fix, is_offline=is_offline, ignores_verdict=ignores_verdict)
    return check_requirements.run(invocation, file, format_name, how)


@check.command(name="dags", epilog=_EXIT_STATUSES)
@click.argument("paths", nargs=-1, type=click.Path(path_type=str))
@format_option
@explain_option
@click.option("--cold", "is_cold", is_flag=True, help="Use a parser of its own instead of the warm one.")
@click.option("--shard", metavar="K/N", help="Check the K-th of N parts of the files, e.g. in a CI matrix.")
@click.option("--html", type=click.Path(path_type=str), metavar="FILE", help="Write one page to look at.")
@click.option("--watch", "watches", is_flag=True, help="Check again whenever something changes.")
@click.pass_obj
def check_dags_command(
    invocation: Invocation,
    *,
    paths: tuple[str, ...],
    format_name: str,
    explain: str | None,
    is_cold: bool,
    shard: str | None,
    html: str | None,
    watches: bool,
) -> int:
    """Say what is wrong with DAG files: all of the DAGs folder, or PATHS.

    \b
    Example:
      mwaa-harness check dags
      mwaa-harness check dags dags/orders.py
    """
    from harness.cli.commands import check_dags
    from harness.project.shard import read_shard

    if explain is not None:
        from harness.checks.dags.rules import RULES

        return explain_rule(explain, RULES)
    page = None if html is None else invocation.working_folder / html
    how = check_dags.How(is_cold=is_cold, shard=read_shard(shard), html=page)
    if watches:
        return check_dags.watch(invocation, paths, format_name, how)
    return check_dags.run(invocation, paths, format_name, how)


@check.command(name="plugins", epilog=_EXIT_STATUSES)
@click.argument("archive", required=False, type=click.Path(path_type=str))
@format_option
@explain_option
@click.pass_obj
def check_plugins_command(
    invocation: Invocation, *, archive: str | None, format_name: str, explain: str | None
) -> int:
    """Say what the plugins folder, or a plugins.zip, will do to each component.

    \b
    Example:
      mwaa-harness check plugins
    """
    if explain is not None:
        return _explain_any(explain)
    from harness.cli.commands import check_others

    named = None if archive is None else invocation.working_folder / archive
    return check_others.run_plugins(invocation, named, format_name)


@check.command(name="startup-script", epilog=_EXIT_STATUSES)
@format_option
@explain_option
@click.pass_obj
def check_startup_script_command(invocation: Invocation, *, format_name: str, explain: str | None) -> int:
    """Say what is wrong with startup.sh.

    \b
    Example:
      mwaa-harness check startup-script
    """
    if explain is not None:
        return _explain_any(explain)
    from harness.cli.commands import check_others

    return check_others.run_startup_script(invocation, format_name)


@check.command(name="configuration", epilog=_EXIT_STATUSES)
@format_option
@explain_option
@click.pass_obj
def check_configuration_command(invocation: Invocation, *, format_name: str, explain: str | None) -> int:
    """Say what is wrong with the Airflow configuration options.

    \b
    Example:
      mwaa-harness check configuration
    """
    if explain is not None:
        return _explain_any(explain)
    from harness.cli.commands import check_others

    return check_others.run_configuration(invocation, format_name)
