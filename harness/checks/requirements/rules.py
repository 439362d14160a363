"""The rules of the requirements check, as data. docs/rules/ is rendered from this table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.checks.base import Rule
from harness.results import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE
_OFFICIAL = "https://raw.githubusercontent.com/apache/airflow/constraints-2.5.1/constraints-3.10.txt"
_LINE = f'--constraint "{_OFFICIAL}"'

_SYNTAX = (
    Rule("encoding", _E, "The file is not text that pip and MWAA's scripts can read.",
         "pip stops at the first byte it cannot decode and installs nothing; the environment can still become "
         "AVAILABLE, with every DAG broken.",
         "save the file as UTF-8 without a byte order mark", "pandas  # caf\\xe9", "pandas  # café"),
    Rule("invalid-requirement", _E, "pip cannot parse the line.",
         "pip refuses the whole file for one bad line: nothing is installed.",
         "write name==version, e.g. pandas==1.5.2", "pandas=1.5.2", "pandas==1.5.2"),
    Rule("unknown-option", _E, "The option does not exist in a requirements file.",
         "pip refuses the whole file: nothing is installed.",
         "remove the option; the ones that MWAA understands are --constraint, --find-links, --no-index, --index-url "
         "and --extra-index-url",
         "--upgrade", _LINE),
    Rule("include-missing", _E, "An included file does not exist.",
         "pip stops with an error: nothing is installed.",
         "create the file, or remove the line", "-r missing.txt", "pandas==1.5.2"),
    Rule("include-cycle", _E, "A file includes itself.",
         "pip reads it until it runs out of stack.",
         "remove one of the includes", "-r requirements.txt", "pandas==1.5.2"),
    Rule("include-outside-project", _E, "An included file is outside of the project.",
         "Only the project is uploaded; on MWAA the path does not exist or is another file.",
         "move the file into the DAGs folder and name it /usr/local/airflow/dags/…",
         "-r ../../shared.txt", "-c /usr/local/airflow/dags/constraints.txt"),
    Rule("include-not-uploaded", _W, "An included file will not be on MWAA.",
         "MWAA copies one requirements.txt per environment; files beside it stay behind.",
         "move the file into the DAGs folder and name it /usr/local/airflow/dags/…, or copy its lines",
         "-r more.txt", "-c /usr/local/airflow/dags/constraints.txt"),
)  # fmt: skip

_CONSTRAINTS = (
    Rule("constraints-missing", _W, "There is no constraint line.",
         "On 2.5.1 MWAA does not force constraints: pip takes the newest release of everything that is not pinned, "
         "and may replace Airflow itself or what it is made of. From 2.7.2 MWAA forces them.",
         f"make this the first line: {_LINE}", "pandas==1.5.2", f"{_LINE}\npandas==1.5.2"),
    Rule("constraints-commented-out", _W, "The constraint line is commented out.",
         "It constrains nothing; MWAA's own scripts search for the text and are satisfied, so nobody warns.",
         "remove the # in front of it", f"# {_LINE}\npandas==1.5.2", f"{_LINE}\npandas==1.5.2"),
    Rule("constraints-wrong-version", _E, "The constraints are for another Airflow or another Python.",
         "They allow versions that this environment's Airflow was never tested with, or pin ones that it refuses.",
         f"use {_OFFICIAL}", _LINE.replace("2.5.1", "2.4.3"), _LINE),
    Rule("constraints-file-missing", _E, "The constraints file does not exist in the project.",
         "pip stops with an error: nothing is installed.",
         "put the file into the DAGs folder, or use the official address",
         "-c /usr/local/airflow/dags/constraints.txt", _LINE),
    Rule("constraints-unreachable", _W, "A private environment may not reach the constraints' address.",
         "Without a route to the internet pip waits, fails, and installs nothing; an update is rolled back.",
         "put a copy of the file into the DAGs folder: --constraint /usr/local/airflow/dags/constraints.txt",
         _LINE, "-c /usr/local/airflow/dags/constraints.txt"),
    Rule("constraints-with-no-index", _W, "A constraints address beside --no-index.",
         "With --no-index everything comes from plugins.zip; the address is still fetched, and without internet "
         "it fails the installation.",
         "remove the constraint line: the wheels in plugins.zip already decide the versions",
         f"--no-index\n--find-links /usr/local/airflow/plugins\n{_LINE}",
         "--no-index\n--find-links /usr/local/airflow/plugins"),
)  # fmt: skip

_PINS = (
    Rule("pin-conflicts-with-constraint", _E, "A pin contradicts the constraints.",
         "pip finds no version that satisfies both and installs nothing.",
         "take the constrained version", f"{_LINE}\npandas==2.0.3", f"{_LINE}\npandas==1.5.2"),
    Rule("range-excludes-constraint", _E, "A range excludes the constrained version.",
         "pip finds no version that satisfies both and installs nothing.",
         "widen the range, or remove it: the constraints already pin the version",
         f"{_LINE}\nboto3>=1.28", f"{_LINE}\nboto3"),
    Rule("unpinned-unconstrained", _W, "Nothing decides the version.",
         "MWAA installs whatever is newest on the day a container starts; tomorrow's container can differ from "
         "today's, and a release of tonight can break it.",
         "pin it: name==version", f"{_LINE}\npydash", f"{_LINE}\npydash==5.1.2"),
    Rule("duplicate-requirement", _W, "A package is named twice.",
         "pip has to satisfy both lines; when they differ it may find nothing that does.",
         "keep one of the lines", "requests==2.28.2\nRequests", "requests==2.28.2"),
    Rule("unknown-extra", _W, "The release has no such extra.",
         "pip warns and goes on: the dependencies you wanted are not installed.",
         "use an extra that the release has", "apache-airflow[not-an-extra]==2.5.1", "apache-airflow[ssh]==2.5.1"),
    Rule("yanked-release", _W, "The release was withdrawn by its authors.",
         "pip still installs an exact pin of it, with the fault it was withdrawn for.",
         "take a release near it that was not withdrawn", "celery==5.0.3", "celery==5.2.7"),
    Rule("newer-than-constraints", _N, "The release is newer than the constraints and brings others along.",
         "It was made for libraries newer than those of this Airflow; each one it brings is untested here.",
         "take a release from before the constraints were made (January 2023)",
         f"{_LINE}\npydash==7.0.0", f"{_LINE}\npydash==5.1.2"),
)  # fmt: skip

_WHOLE = (
    Rule("unresolvable", _E, "No set of versions satisfies all lines.",
         "pip searches, gives up and installs nothing; the environment may still become AVAILABLE, with every DAG "
         "that imports one of the packages broken.",
         "change one of the lines named",
         f"{_LINE}\ndbt-core==1.3.2", f"{_LINE}\ndbt-core==1.4.6"),
    Rule("not-on-index", _E, "The index has no such package or version.",
         "pip stops with an error: nothing is installed.",
         "check the spelling and the version", "requests==99.99.99", "requests==2.28.2"),
    Rule("changes-airflow", _E, "The file replaces Airflow itself.",
         "MWAA's containers are built for one Airflow release and one database schema; with another the web server "
         "and the scheduler do not start, and the update is rolled back after 30 minutes or stays half broken.",
         "remove the line that asks for it, or add the constraint line",
         "apache-airflow==2.2.2", f"{_LINE}\napache-airflow==2.5.1"),
    Rule("changes-essential-package", _E, "The file replaces a package that the service cannot run without.",
         "The broker, the database layer, the web server or log shipping stop working; the environment can stay "
         "AVAILABLE while nothing runs.",
         "pin what asks for it to a release that accepts the installed version",
         "SQLAlchemy==2.0.23", "SQLAlchemy==1.4.46"),
    Rule("changes-provider-major", _W, "A provider that MWAA installs changes its major version.",
         "Operators and hooks change their parameters between major versions.",
         "take the constrained version, or read the provider's changelog",
         "apache-airflow-providers-amazon==8.0.0", "apache-airflow-providers-amazon==7.1.0"),
    Rule("changes-aws-sdk", _W, "boto3 or botocore changes.",
         "The Amazon provider, kombu's SQS transport and remote logging all use this one copy; kombu 5.2.4 fails "
         "with a botocore that speaks SQS's JSON protocol (1.31.81 and later).",
         "keep the installed version", "boto3==1.28.85", "boto3==1.26.51"),
    Rule("changes-installed-package", _N, "A package that the environment has is replaced.",
         "Airflow was tested with the version that is there.",
         "keep the installed version unless you need the other one", "requests==2.31.0", "requests==2.28.2"),
    Rule("breaks-installed-package", _E, "An installed package no longer finds what it needs.",
         "pip installs it all the same and only prints a line about it; what breaks is found when a DAG runs.",
         "pin the changed package to a version that the installed one accepts",
         "attrs==21.2.0", "attrs==22.2.0"),
)  # fmt: skip

_PLATFORM = (
    Rule("no-compatible-wheel", _W, "There is no wheel for CPython 3.10 on x86-64 manylinux.",
         "Every container compiles the package each time it starts; that needs its build tools and libraries and "
         "counts against the ten minutes.",
         "take a version that has a wheel, or build one and ship it in plugins.zip",
         "mysqlclient==2.1.1", "pymysql==1.0.2"),
    Rule("requires-python-excludes", _E, "The release does not support Python 3.10.",
         "pip does not consider it and installs nothing.",
         "take a release that supports Python 3.10", "numpy==2.3.0", "numpy==1.22.4"),
    Rule("plugins-wheel-wrong-platform", _E, "A wheel in plugins.zip is for another platform.",
         "pip ignores it, silently; with --no-index nothing is installed.",
         "download it again: mwaa-harness requirements package",
         "plugins/pkg-1.0-cp39-cp39-win_amd64.whl", "plugins/pkg-1.0-py3-none-any.whl"),
    Rule("find-links-wheel-missing", _E, "plugins.zip lacks a wheel that the file asks for.",
         "With --no-index pip looks nowhere else and installs nothing.",
         "download it: mwaa-harness requirements package",
         "--no-index\n--find-links /usr/local/airflow/plugins\nsomething==1.0", "pandas==1.5.2"),
)  # fmt: skip

_SERVICE = (
    Rule("unsupported-option", _W, "The option works in pip but not as meant on MWAA.",
         "MWAA runs pip unattended, as a user without a home of its own, on every container.",
         "remove the option", "--pre", "pandas==1.5.2"),
    Rule("editable-requirement", _E, "An editable installation.",
         "There is no source tree on MWAA to point to: pip stops and installs nothing.",
         "build a wheel, ship it in plugins.zip, and name it with --find-links", "-e ./mylib", "pandas==1.5.2"),
    Rule("local-path", _E, "A path of this machine.",
         "The path does not exist on MWAA: pip stops and installs nothing.",
         "build a wheel, ship it in plugins.zip, and name it as /usr/local/airflow/plugins/<wheel>",
         "./wheels/mylib-1.0-py3-none-any.whl", "pandas==1.5.2"),
    Rule("vcs-url", _E, "A package from version control.",
         "Containers have no git and no credentials for it; pip stops and installs nothing.",
         "build a wheel, ship it in plugins.zip, and name it with --find-links",
         "git+https://example.com/team/mylib.git", "pandas==1.5.2"),
    Rule("credentials-in-url", _E, "An address carries a password.",
         "requirements.txt lies in S3 and its lines are printed in the installation logs.",
         "use configuration options: foo.user and foo.pass become ${AIRFLOW__FOO__USER} and ${AIRFLOW__FOO__PASS}",
         "--index-url https://user:secret@example.com/simple",
         "--index-url https://${AIRFLOW__FOO__USER}:${AIRFLOW__FOO__PASS}@example.com/simple"),
    Rule("install-too-big", _W, "The installation may not fit the service's limits.",
         "A container that has not started after about ten minutes is killed and the update rolled back; installed "
         "libraries should stay below 1 GB.",
         "remove what DAGs do not import, or run it elsewhere (ECS, EMR, Batch)",
         "torch\ntensorflow\npyspark", "scikit-learn"),
)  # fmt: skip

ALL_RULES = (*_SYNTAX, *_CONSTRAINTS, *_PINS, *_WHOLE, *_PLATFORM, *_SERVICE)
RULES: Mapping[str, Rule] = {rule.id: rule for rule in ALL_RULES}
