"""How commands are grouped and what all of them share: late imports, nearest names, -q, -v and --json."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from harness.cli.answer_format import AnswerFormat
from harness.cli.console import Verbosity
from harness.cli.invocation import Invocation
from harness.config.suggestions import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Command groups that live in modules of their own: name -> module, attribute. Imported when they are used.
MODULES: Mapping[str, tuple[str, str]] = {
    "check": ("harness.cli.commands.check", "check"),
    "requirements": ("harness.cli.commands.requirements", "requirements"),
}

EXIT_STATUSES = "Exit status: 0 success, 1 failed, 2 wrong usage, 3 unexpected, 130 interrupted."
PASS_THROUGH = {"ignore_unknown_options": True, "help_option_names": []}


class Commands(click.Group):
    """A group that imports some of its commands late, and knows what a mistyped one was meant to be."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = super().list_commands(ctx)
        return sorted([*names, *MODULES]) if ctx.parent is None else names

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if ctx.parent is None and cmd_name in MODULES:
            module, attribute = MODULES[cmd_name]
            command: click.Command = getattr(import_module(module), attribute)
            return command
        return super().get_command(ctx, cmd_name)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        if not isinstance(cmd, click.Group) and not cmd.context_settings.get("ignore_unknown_options"):
            cmd.params += _verbosity_options()
        super().add_command(cmd, name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            error = click.UsageError(f"there is no command {args[0]}", ctx)
            error.hint = suggest(args[0], self.list_commands(ctx), noun="commands")  # type: ignore[attr-defined]
            raise error
        return super().resolve_command(ctx, args)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--json",
        "answer",
        flag_value=AnswerFormat.JSON,
        default=AnswerFormat.TEXT,
        type=click.UNPROCESSED,
        help="Print a JSON document.",
    )(function)


def set_verbosity(context: click.Context, parameter: click.Parameter, value: int) -> None:
    if value:
        invocation = context.find_object(Invocation)
        if invocation is not None:
            quiet = parameter.name == "quiet"
            invocation.console.verbosity = Verbosity.QUIET if quiet else Verbosity.VERBOSE


def _verbosity_options() -> list[click.Parameter]:
    # Listed by the main command; each command takes them as well, wherever they are typed.
    return [
        click.Option(names, count=True, callback=set_verbosity, expose_value=False, hidden=True)
        for names in (("-q", "--quiet"), ("-v", "--verbose"))
    ]
