"""Starting an environment, or bringing a running one to what the project says now."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.events import EventSink, Notice, Warned
from harness.runtime.bring_up import BringUp, Order
from harness.runtime.database import Database
from harness.runtime.home_binding import probe_home_binding
from harness.runtime.plan import Plan, make_plan
from harness.runtime.ports import choose_ports
from harness.runtime.postgres import locate_programs
from harness.runtime.preparation import cluster_key, prepare_database, write_plan
from harness.runtime.readiness import Evidence
from harness.runtime.secrets import ensure_secrets
from harness.runtime.services import Role
from harness.runtime.services_table import AIRFLOW_ROLES, role_of
from harness.runtime.site import Site
from harness.runtime.state import EnvironmentState, StateError, read_state, set_aside, state_file
from harness.runtime.stopping import stop_environment, stop_services
from harness.runtime.supervisor import SupervisorGoneError
from harness.workerenv.tools import Tool

if TYPE_CHECKING:
    from harness.workerenv.store import WorkerEnvironment
    from harness.workerenv.tools import ToolEnvironment

EnsureWorker = Callable[[EventSink], "WorkerEnvironment"]
EnsureTool = Callable[[Tool, EventSink], "ToolEnvironment"]
Gates = Mapping[str, Callable[[], None]]

_READY_SECONDS = 180.0


@dataclass(frozen=True)
class Starter:
    """One `up`. `awaited` names the services whose readiness it waits for; None means all."""

    site: Site
    ensure_worker: EnsureWorker
    ensure_tool: EnsureTool
    events: EventSink
    awaited: frozenset[str] | None = None

    def run(self) -> None:
        """Start what is not running; the caller holds the environment's lock.

        Raises:
            HarnessError: it could not be started; nothing that this call started is left running.
        """
        state = self._readable_state()
        if state is not None and self.site.supervisor.is_answering():
            self._renew(state)
            return
        stop_environment(self.site, self.events)
        self._start_afresh(self._make_plan(self._choose_ports(state, {})))

    def _renew(self, state: EnvironmentState) -> None:
        try:
            plan = self._make_plan(self._choose_ports(state, state.ports))
        except HarnessError as error:
            raise HarnessError(
                f"{error.message}\nThe environment that was running still runs as it was started.",
                hint=error.hint,
                location=error.location,
                evidence=error.evidence,
            ) from error
        names = {service.name for service in plan.services}
        if dict(plan.inputs.ports) != dict(state.ports):
            self.events(Notice("a port changed: the environment is stopped and started anew"))
            stop_environment(self.site, self.events)
            self._start_afresh(plan)
        elif plan.digest != state.inputs or names != set(state.services):
            self.events(Notice("what the Airflow services start with has changed: they are started anew"))
            self._update(plan, state)
        else:
            self._start_services(plan, {})

    def _update(self, plan: Plan, state: EnvironmentState) -> None:
        stop_services(
            self.site, [name for name in state.services if role_of(name) in AIRFLOW_ROLES], self.events
        )
        stop_services(self.site, [Role.CONTROLPLANE.value], self.events)
        write_plan(plan, self.site)
        self.site.supervisor.load()
        self._start_services(plan, {})

    def _start_afresh(self, plan: Plan) -> None:
        database = self._database(plan)
        key = cluster_key(plan)
        gates: Gates = {}
        if not (database.is_migrated(key) or database.restore_template(key)):
            database.create(plan.inputs.secrets, self.site.environ)
            gates = {"postgres": lambda: prepare_database(plan, self.site, database, self.events)}
        database.remove_stale_pid_file()
        try:
            plan = replace(plan, known_roles=database.known_roles())
            order = Order.AT_ONCE if plan.is_proven else Order.BY_NEEDS
            write_plan(plan, self.site)
            self.site.supervisor.launch(self.site.environ, self.site.instance)
            self._start_services(plan, gates, order)
        except BaseException:
            stop_environment(self.site, self.events)
            raise

    def _database(self, plan: Plan) -> Database:
        return Database(self.site.state, plan.inputs.postgres)

    def _start_services(self, plan: Plan, gates: Gates, order: Order = Order.BY_NEEDS) -> None:
        names = frozenset(service.name for service in plan.services)
        bring_up = BringUp(
            self.site.supervisor,
            plan.services,
            names if self.awaited is None else self.awaited,
            Evidence(plan.inputs.endpoints, self.site.state.run, plan.homes),
            self.site.state.logs,
            self.events,
            plan.inputs.go_file,
            order,
            gates,
        )
        try:
            bring_up.run(_READY_SECONDS + self.site.settings.local.startup_script_seconds)
        except BaseException:
            with contextlib.suppress(SupervisorGoneError):
                stop_services(self.site, [service.name for service in bring_up.started], self.events)
            raise
        if self.awaited is None:
            self._database(plan).remember_roles(plan.digest)

    def _make_plan(self, ports: Mapping[str, int]) -> Plan:
        secrets = ensure_secrets(self.site.state)
        executor = ThreadPoolExecutor(thread_name_prefix="ensure")
        try:
            binding = executor.submit(probe_home_binding)
            worker = executor.submit(self.ensure_worker, self.events)
            localstack = executor.submit(self.ensure_tool, Tool.LOCALSTACK, self.events)
            postgres = executor.submit(self.ensure_tool, Tool.POSTGRES, self.events)
            return make_plan(
                project=self.site.project,
                settings=self.site.settings,
                environ=self.site.environ,
                instance=self.site.instance,
                secrets=secrets,
                ports=ports,
                binding=binding.result(),
                worker_environment=worker.result().path,
                localstack_python=localstack.result().python,
                postgres=locate_programs(postgres.result().path),
            )
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _choose_ports(self, state: EnvironmentState | None, held: Mapping[str, int]) -> dict[str, int]:
        """The environment's ports; those it `held` while running are its own and need not be free."""
        local = self.site.settings.local
        configured = {
            "postgres": local.postgres_port,
            "localstack": local.localstack_port,
            "webserver": local.webserver_port,
        }
        kept = {
            name: held[name]
            for name, port in configured.items()
            if port in {0, held.get(name)} and name in held
        }
        others = {name: port for name, port in configured.items() if name not in kept}
        return {**kept, **choose_ports(others, {} if state is None else state.ports)}

    def _readable_state(self) -> EnvironmentState | None:
        try:
            return read_state(self.site.state)
        except StateError as error:
            aside = set_aside(self.site.state)
            self.events(Warned(f"{state_file(self.site.state)} is damaged ({error}); it is now {aside.name}"))
            return None
