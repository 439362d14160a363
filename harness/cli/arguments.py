"""The command line: every command with its options. The commands themselves are plain functions.

Each callback imports its command when it is called, so that no command pays for another's imports.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.command_group import EXIT_STATUSES, PASS_THROUGH, Commands, json_option, set_verbosity
from harness.cli.invocation import Invocation
from harness.errors import ExitStatus

if TYPE_CHECKING:
    from harness.cli.answer_format import AnswerFormat


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_STATUSES,
)
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The project's folder. Default: the nearest one, from here upwards, that holds mwaa.toml or .mwaa; "
    "else the current folder.",
)
@click.option("-q", "--quiet", count=True, callback=set_verbosity, expose_value=False, help="Errors only.")
@click.option(
    "-v", "--verbose", count=True, callback=set_verbosity, expose_value=False, help="More about each step."
)
@click.version_option(package_name="mwaa-harness", message="mwaa-harness %(version)s")
@click.pass_context
def mwaa_harness(context: click.Context, project: Path | None) -> int | None:
    """Amazon MWAA on your own machine.

    \b
    Start in a folder that has DAGs in dags/:
      mwaa-harness up          start an environment
      mwaa-harness test-dags   run every DAG through it
      mwaa-harness down        stop it

    Settings are in mwaa.toml; none is required. `mwaa-harness config show` lists them.
    """
    invocation = context.ensure_object(Invocation)
    invocation.named_project = project
    if context.invoked_subcommand is None:
        invocation.console.error(context.get_help())
        return ExitStatus.USAGE
    return None


@mwaa_harness.command(epilog=EXIT_STATUSES)
@click.option(
    "--wait/--no-wait",
    "waits",
    default=True,
    show_default=True,
    help="Return when every service is ready, or as soon as all are started.",
)
@click.option(
    "--runtime", metavar="[auto|native|compose]", help="What runs the services; overrides mwaa.toml."
)
@click.pass_obj
def up(invocation: Invocation, *, waits: bool, runtime: str | None) -> int:
    """Start the environment.

    Starts what is not running: PostgreSQL, LocalStack (S3, SQS and more), and Airflow's scheduler, worker,
    web server and triggerer. Builds the worker environment first when requirements have changed. Running it
    again is harmless. Ctrl-C stops what it has started.

    \b
    Example:
      mwaa-harness up
      mwaa-harness open        # the UI's address, user and password
    """
    from harness.cli.commands.up import Wait
    from harness.cli.commands.up import up as run

    return run(invocation, wait=Wait.UNTIL_READY if waits else Wait.UNTIL_STARTED, runtime=runtime)


@mwaa_harness.command(epilog=EXIT_STATUSES)
@click.option("-y", "--yes", "agrees", is_flag=True, help="Write without asking.")
@click.option(
    "--ci", metavar="[github|gitlab]", help="Whose CI file to write; otherwise that of the service in use."
)
@click.pass_obj
def init(invocation: Invocation, *, agrees: bool, ci: str | None) -> int:
    """Make an existing repository ready.

    Finds its DAGs, plugins and requirements, shows which files it would write, and asks. Nothing that exists
    is changed.

    \b
    Example:
      mwaa-harness init --yes
      mwaa-harness init --ci gitlab
    """
    from harness.cli.commands.init import ask_person, read_service
    from harness.cli.commands.init import init as run

    confirm = (lambda _question: True) if agrees else ask_person
    return run(invocation, confirm=confirm, ci=read_service(ci))


@mwaa_harness.command(epilog=EXIT_STATUSES)
@click.option("--volumes", "discards", is_flag=True, help="Delete the metadata database as well.")
@click.pass_obj
def down(invocation: Invocation, *, discards: bool) -> int:
    """Stop the environment.

    Its data stays for the next `up`. Also cleans up after a crash or a power cut.

    \b
    Example:
      mwaa-harness down --volumes   # and begin anew
    """
    from harness.cli.commands.down import Volumes
    from harness.cli.commands.down import down as run

    return run(invocation, volumes=Volumes.DISCARD if discards else Volumes.KEEP)


@mwaa_harness.command(
    epilog="Exit status: 0 every service runs, or none does; 1 a service is broken, or stopped while "
    "others run; 2 wrong usage."
)
@json_option
@click.pass_obj
def status(invocation: Invocation, *, answer: AnswerFormat) -> int:
    """Show what each service is doing.

    Its state, process id, uptime, port, memory (its share, children included), how often it was restarted
    and how it last ended.

    \b
    Example:
      mwaa-harness status --json | jq '.[] | select(.state != "ready")'
    """
    from harness.cli.commands.status import status as run

    return run(invocation, answer=answer)


@mwaa_harness.command(epilog=EXIT_STATUSES)
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option("-f", "--follow", "follows", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.option("--since", metavar="TIME", help="Only what is newer: 10m, 1h30m, 2d, or 2026-01-31T13:45.")
@click.pass_obj
def logs(invocation: Invocation, services: tuple[str, ...], *, follows: bool, since: str | None) -> int:
    """Show what the services wrote.

    All of them, unless SERVICE names some.

    \b
    Example:
      mwaa-harness logs -f scheduler worker
      mwaa-harness logs --since 10m
    """
    from harness.cli.commands.logs import Extent
    from harness.cli.commands.logs import logs as run

    extent = Extent.FOLLOW if follows else Extent.SO_FAR
    return run(invocation, services=services, since=since, extent=extent)


@mwaa_harness.command(epilog=EXIT_STATUSES)
@click.argument("service")
@click.pass_obj
def restart(invocation: Invocation, service: str) -> int:
    """Restart one service.

    Stops and starts it, and waits until it is ready again.

    \b
    Example:
      mwaa-harness restart scheduler
    """
    from harness.cli.commands.restart import restart as run

    return run(invocation, service=service)


@mwaa_harness.command(name="open", epilog=EXIT_STATUSES)
@json_option
@click.option("--browser", "launches", is_flag=True, help="Start a browser on the UI.")
@click.pass_obj
def open_command(invocation: Invocation, *, answer: AnswerFormat, launches: bool) -> int:
    """Print the addresses and the login.

    The UI with user and password, the AWS endpoint, the source bucket, and an example of an upload.

    \b
    Example:
      mwaa-harness open
      mwaa-harness open --json | jq -r .webserver_url
    """
    from harness.cli.commands.open import Browser
    from harness.cli.commands.open import open_environment as run

    return run(invocation, answer=answer, browser=Browser.LAUNCH if launches else Browser.LEAVE)


@mwaa_harness.command(epilog=EXIT_STATUSES)
@click.option(
    "--export",
    "export_to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the images to FILE (tar).",
)
@click.option(
    "--import",
    "import_from",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Load the images from FILE instead of pulling or building them.",
)
@json_option
@click.pass_obj
def images(
    invocation: Invocation, *, export_to: Path | None, import_from: Path | None, answer: AnswerFormat
) -> int:
    """Have the container images that `up --runtime compose` needs.

    Published images (PostgreSQL, LocalStack, CPython) are pulled where a registry answers. Where none does,
    stand-ins for them are made from Debian's packages and PyPI, under the same names. The Airflow image is
    built on top, and one with the project's requirements when it has any. What is there is not made again.

    \b
    Example:
      mwaa-harness images
      mwaa-harness images --export images.tar   # carry the file to a machine without network, and there:
      mwaa-harness images --import images.tar
    """
    from harness.cli.commands.images import images as run

    return run(invocation, export_to=export_to, import_from=import_from, answer=answer)


@mwaa_harness.command(context_settings=PASS_THROUGH, epilog="Exit status: that of the Airflow command.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="ARGS...")
@click.pass_context
def airflow(context: click.Context, arguments: tuple[str, ...]) -> int:
    """Run any command of the Airflow CLI.

    It runs inside the running environment, as on a worker.

    \b
    Example:
      mwaa-harness airflow dags list
      mwaa-harness airflow tasks test my_dag my_task 2026-01-31

    `mwaa-harness airflow` alone prints this; `mwaa-harness airflow --help` is Airflow's own.
    """
    from harness.cli.commands.airflow import airflow as run

    invocation = context.ensure_object(Invocation)
    if not arguments:
        invocation.console.error(context.get_help())
        return ExitStatus.USAGE
    return run(invocation, arguments=arguments)


@mwaa_harness.command(epilog="Exit status: 0 nothing needed is missing, 1 something is, 2 wrong usage.")
@json_option
@click.option("--offline", "stays_offline", is_flag=True, help="Do not ask the package index.")
@click.pass_obj
def doctor(invocation: Invocation, *, answer: AnswerFormat, stays_offline: bool) -> int:
    """Say what this machine has and lacks.

    Each line that is not ok says what to do.

    \b
    Example:
      mwaa-harness doctor
    """
    from harness.cli.commands.doctor import doctor as run
    from harness.machine import Network

    return run(invocation, answer=answer, network=Network.OFFLINE if stays_offline else Network.ASK)


@mwaa_harness.group(cls=Commands, no_args_is_help=False)
def config() -> None:
    """Look at the settings."""


@config.command(name="show", epilog=EXIT_STATUSES)
@json_option
@click.pass_obj
def show_config(invocation: Invocation, *, answer: AnswerFormat) -> int:
    """Print every setting with its value and where that came from.

    That is: default, a line of mwaa.toml, or an environment variable; each of these wins over the one before.

    \b
    Example:
      MWAA_HARNESS_LOCAL_WORKERS=2 mwaa-harness config show
    """
    from harness.cli.commands.config import show_config as run

    return run(invocation, answer=answer)


@mwaa_harness.group(cls=Commands, no_args_is_help=False)
def env() -> None:
    """Build and look at worker environments.

    Each holds exactly what an MWAA worker holds, and the project's requirements.
    """


@env.command(name="build", epilog=EXIT_STATUSES)
@click.pass_obj
def build_env(invocation: Invocation) -> int:
    """Build the worker environment for the requirements as they are now, and print its folder.

    Does nothing when it exists. A build that fails leaves the old environment in use.

    \b
    Example:
      mwaa-harness env build
    """
    from harness.cli.commands.env import build_environment as run

    return run(invocation)


@env.command(name="show", epilog=EXIT_STATUSES)
@json_option
@click.pass_obj
def show_env(invocation: Invocation, *, answer: AnswerFormat) -> int:
    """Print what the current worker environment holds.

    \b
    Example:
      mwaa-harness env show --json | jq -r '.packages["boto3"]'
    """
    from harness.cli.commands.env import show_environment as run

    return run(invocation, answer=answer)


@env.command(name="list", epilog=EXIT_STATUSES)
@json_option
@click.pass_obj
def list_env(invocation: Invocation, *, answer: AnswerFormat) -> int:
    """Print the worker environments of the project.

    \b
    Example:
      mwaa-harness env list
    """
    from harness.cli.commands.env import list_environments as run

    return run(invocation, answer=answer)


@env.command(name="prune", epilog=EXIT_STATUSES)
@click.pass_obj
def prune_env(invocation: Invocation) -> int:
    """Remove the worker environments that are not in use.

    \b
    Example:
      mwaa-harness env prune
    """
    from harness.cli.commands.env import prune_environments as run

    return run(invocation)


@mwaa_harness.command(name="test-dags", context_settings=PASS_THROUGH, epilog="Exit status: that of pytest.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PYTEST ARGS]...")
@click.pass_obj
def test_dags(invocation: Invocation, arguments: tuple[str, ...]) -> int:
    """Run every DAG end to end.

    Through Celery and SQS, as on MWAA, and checked against what dag-tests.toml expects.

    Uses the running environment; starts one when none is up, and stops that again. `--shard K/N` takes the
    K-th of N parts of the DAG files; every other argument goes to pytest.

    \b
    Example:
      mwaa-harness test-dags -k simple_demo
      mwaa-harness test-dags --junitxml=report.xml
      mwaa-harness test-dags --shard 2/3
    """
    from harness.cli.commands.test_dags import test_dags as run

    return run(invocation, arguments=arguments)
