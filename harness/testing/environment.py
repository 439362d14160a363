"""`MwaaEnvironment`: an MWAA environment for the tests of other projects, started like a test container.

from harness.testing.environment import MwaaEnvironment

with MwaaEnvironment(project="path/to/project") as mwaa:
    run = mwaa.run_dag("simple_demo", {"size": "small"})
    assert run.state == "success"
    objects = mwaa.client("s3").list_objects_v2(Bucket=mwaa.endpoints.bucket)
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from localstack_client.session import Session

from harness import process
from harness.errors import UsageError
from harness.events import ignore_events
from harness.local_environment import open_environment
from harness.runner.airflow_api import AirflowApi
from harness.runner.cases import DEFAULT_TIMEOUT
from harness.runner.local_bench import Afterwards, BenchOptions, LocalBench
from harness.runner.mwaa import Mwaa, Run
from harness.runtime.emulated_credentials import emulated_credentials
from harness.runtime.private_files import make_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    import httpx

    from harness.events import EventSink
    from harness.local_environment import LocalEnvironment
    from harness.runtime.backend import Endpoints

_REAPER = "harness.testing.reaper"


class MwaaEnvironment:
    """The environment of one project, up while the `with` block runs.

    One that was up before is used and left as it was. One that this object started is stopped in the end,
    even when the process is killed; with `afterwards=Afterwards.KEEP` it stays, and the next run starts in
    a second.

    Args:
        project: the project's folder.
        runtime: native, compose or auto; None is as in the project's settings.
        afterwards: what becomes of an environment that this object started.
        environ: variables of the shell; None takes this process's.
        events: hears what is going on.
    """

    def __init__(
        self,
        project: str | Path,
        *,
        runtime: str | None = None,
        afterwards: Afterwards = Afterwards.STOP,
        environ: Mapping[str, str] | None = None,
        events: EventSink = ignore_events,
    ) -> None:
        self._root = Path(project).resolve()
        self._overrides: dict[str, object] = {} if runtime is None else {"local.runtime": runtime}
        self._afterwards = afterwards
        self._environ = dict(os.environ if environ is None else environ)
        self._events = events
        self._local: LocalEnvironment | None = None
        self._bench: LocalBench | None = None
        self._mwaa: Mwaa | None = None
        self._api: AirflowApi | None = None

    def __enter__(self) -> MwaaEnvironment:  # noqa: PYI034 - Self is of Python 3.11
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Have the environment up, with the project's seeds in it. Idempotent.

        Raises:
            HarnessError: it cannot be started; says why.
        """
        if self._bench is not None:
            return
        local = open_environment(self._root, self._environ, self._overrides)
        local.require_inputs()
        if self._afterwards is Afterwards.STOP and not local.backend.is_up():
            self._start_reaper(local)
        bench = LocalBench(local, BenchOptions(afterwards=self._afterwards))
        bench.start(self._events)
        self._local, self._bench, self._mwaa = local, bench, Mwaa(bench)

    def stop(self) -> None:
        """Put back what was changed, and stop what this object started. Idempotent."""
        bench, self._bench = self._bench, None
        if self._api is not None:
            self._api.close()
            self._api = None
        if bench is not None:
            bench.close(self._events)

    @property
    def endpoints(self) -> Endpoints:
        """Where everything answers, and the password of the web server's user."""
        return self._running().backend.endpoints()

    def client(self, service: str) -> Any:
        """A boto3 client of the environment's AWS endpoint, made by localstack-client."""
        local = self._running()
        credentials = emulated_credentials(local.settings.local)
        session = Session(
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            region_name=local.settings.local.region,
            localstack_host=urlsplit(self.endpoints.aws_endpoint_url).netloc,
        )
        return session.client(service)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """A request of Airflow's stable REST API, logged in: `request("GET", "/dags")`."""
        if self._api is None:
            self._api = AirflowApi(self.endpoints)
        return self._api.request(method, path, body)

    def run_dag(
        self, dag_id: str, conf: Mapping[str, Any] | None = None, *, timeout: float = DEFAULT_TIMEOUT
    ) -> Run:
        """Run a DAG to its end.

        Raises:
            UsageError: there is no such DAG.
            HarnessError: the run has not ended within `timeout` seconds.
        """
        self._running()
        assert self._mwaa is not None  # noqa: S101 - set with what `_running` looks at
        return self._mwaa.run_dag(dag_id, conf, timeout=timeout)

    def airflow(self, arguments: Sequence[str]) -> int:
        """Run an Airflow command inside the environment; its exit status."""
        return self._running().backend.airflow(arguments)

    def _running(self) -> LocalEnvironment:
        if self._bench is None or self._local is None:
            raise UsageError("the environment has not been started", hint="with MwaaEnvironment(…) as mwaa:")
        return self._local

    def _start_reaper(self, local: LocalEnvironment) -> None:
        """Start the process that stops the environment should this one be killed."""
        state = local.project.state
        make_folder(state.logs)
        process.spawn(
            [sys.executable, "-m", _REAPER, str(os.getpid()), str(local.project.root)],
            env=self._environ,
            output=state.logs / "reaper.log",
        )
