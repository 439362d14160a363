"""Starting an environment in containers, or bringing a running one to what the project says now."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness import process
from harness.config.model import RuntimeChoice
from harness.events import EventSink, Notice, StepFinished, StepStarted, Warned
from harness.runtime.backend import ServiceState
from harness.runtime.compose import failures
from harness.runtime.compose.bring_up import DATABASE_STEP, BringUp
from harness.runtime.compose.command import ComposeInputs, compose_environment, compose_variables
from harness.runtime.compose.evidence import ComposeEvidence
from harness.runtime.compose.record import (
    ComposeRecord,
    RecordError,
    read_record,
    record_file,
    remembered_ports,
    write_record,
)
from harness.runtime.compose.settings_toml import settings_toml
from harness.runtime.compose.site import ComposeSite
from harness.runtime.compose.statuses import describe_services
from harness.runtime.plan import inputs_digest, plan_endpoints
from harness.runtime.ports import choose_ports
from harness.runtime.private_files import make_folder, write_private
from harness.runtime.secrets import ensure_secrets
from harness.runtime.services import Role
from harness.runtime.services_table import component_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.config.model import Settings
    from harness.images.ensure import Images
    from harness.runtime.compose.containers import ContainerInfo

    EnsureImages = Callable[[EventSink], Images]

READY_SECONDS = 300.0
STOP_SECONDS = 120.0


@dataclass(frozen=True)
class ComposeStarter:
    """One `up`. `awaited` names the services whose readiness it waits for; None means all."""

    site: ComposeSite
    ensure_images: EnsureImages
    events: EventSink
    awaited: frozenset[str] | None = None

    def run(self) -> None:
        """Start what is not running; the caller holds the environment's lock.

        Raises:
            HarnessError: it could not be started; an environment that did not run before is stopped again.
        """
        before = self.site.containers()
        was_up = any(info.is_alive for info in before)
        known = self._readable_record()
        images = self.ensure_images(self.events)
        inputs = self._inputs(images, self._choose_ports(known, before))
        record = self._record(inputs)
        if was_up and known is not None and known.inputs != record.inputs:
            self.events(Notice("what the Airflow services start with has changed: they are started anew"))
        self._write(inputs, record)
        if known == record and self._is_complete(before, record):
            return
        try:
            self._bring_up(inputs, record, has_data=known is not None or self._has_data())
        except BaseException:
            if not was_up:
                stop_containers(self.site, self.events)
            raise

    def _bring_up(self, inputs: ComposeInputs, record: ComposeRecord, *, has_data: bool) -> None:
        scales = replica_counts(self.site.settings)
        expected = {**dict.fromkeys((role.value for role in _SINGLE), 1), **scales}
        if not has_data:
            expected[DATABASE_STEP] = 0
        with self.site.engine() as client:
            BringUp(
                client=client,
                project=self.site.name,
                command=self.site.command.up(scales),
                environ=compose_environment(self.site.environ, compose_variables(inputs)),
                expected=expected,
                awaited=self.awaited,
                evidence=ComposeEvidence(record.endpoints),
                events=self.events,
                scratch=self.site.folder,
            ).run(READY_SECONDS + self.site.settings.local.startup_script_seconds)

    def _is_complete(self, containers: tuple[ContainerInfo, ...], record: ComposeRecord) -> bool:
        """Whether everything runs already as it should, and is ready."""
        counts = Counter(info.service for info in containers if info.state == "running")
        wanted = {**dict.fromkeys((role.value for role in _SINGLE), 1), **replica_counts(self.site.settings)}
        if any(counts[service] != count for service, count in wanted.items()):
            return False
        states = describe_services(containers, {}, ComposeEvidence(record.endpoints))
        return all(line.state is ServiceState.READY for line in states)

    def _inputs(self, images: Images, ports: Mapping[str, int]) -> ComposeInputs:
        settings = self.site.settings
        # How many there are of each, and where they can be reached, is nothing that a component starts with.
        local = replace(
            settings.local, workers=1, schedulers=1, triggerer=True, runtime=RuntimeChoice.COMPOSE
        )
        return ComposeInputs(
            settings=settings,
            settings_file=self.site.folder / "mwaa.toml",
            project=self.site.project.root,
            task_logs=self.site.state.container_task_logs,
            images=images,
            ports=ports,
            secrets=ensure_secrets(self.site.state),
            digest=inputs_digest(self.site.project, replace(settings, local=local), _name(images)),
        )

    def _record(self, inputs: ComposeInputs) -> ComposeRecord:
        endpoints = plan_endpoints(self.site.settings, inputs.ports, inputs.secrets)
        return ComposeRecord(self.site.name, endpoints, inputs.ports, inputs.digest, inputs.images.airflow)

    def _write(self, inputs: ComposeInputs, record: ComposeRecord) -> None:
        make_folder(self.site.folder)
        make_folder(inputs.task_logs)
        if inputs.task_logs.stat().st_mode & 0o777 != 0o777:  # noqa: PLR2004 -- a mode
            inputs.task_logs.chmod(0o777)  # containers write there as their own user
        write_private(inputs.settings_file, settings_toml(self.site.settings))
        inputs.settings_file.chmod(0o644)  # it is mounted into containers and holds no secret
        write_record(self.site.state, record)

    def _choose_ports(
        self, known: ComposeRecord | None, containers: tuple[ContainerInfo, ...]
    ) -> dict[str, int]:
        """The environment's ports; those that its own containers hold need not be free."""
        local = self.site.settings.local
        configured = {
            "postgres": local.postgres_port,
            "localstack": local.localstack_port,
            "webserver": local.webserver_port,
        }
        remembered = remembered_ports(self.site.state) if known is None else known.ports
        alive = {info.service for info in containers if info.is_alive}
        kept = {
            name: remembered[name]
            for name, port in configured.items()
            if name in alive and name in remembered and port in {0, remembered[name]}
        }
        others = {name: port for name, port in configured.items() if name not in kept}
        return {**kept, **choose_ports(others, remembered)}

    def _has_data(self) -> bool:
        """Whether the volume with the database is there already."""
        with self.site.engine() as client:
            return bool(client.volumes.list(filters={"name": f"{self.site.name}_database"}))

    def _readable_record(self) -> ComposeRecord | None:
        try:
            return read_record(self.site.state)
        except RecordError as error:
            path = record_file(self.site.state)
            aside = path.with_name(f"{path.stem}.damaged-{int(time.time())}{path.suffix}")
            path.replace(aside)
            self.events(Warned(f"{path} is damaged ({error}); it is now {aside.name}"))
            return None


_SINGLE = (Role.POSTGRES, Role.LOCALSTACK, Role.CONTROLPLANE, Role.WEBSERVER)


def _name(images: Images) -> str:
    """Names the images by content: a tag may be given to another one."""
    return " ".join([images.airflow, *(report.id for report in images.reports)])


def replica_counts(settings: Settings) -> dict[str, int]:
    """How many containers each service has of which there may be another number than one."""
    counts = {role.value: 0 for role in (Role.SCHEDULER, Role.WORKER, Role.TRIGGERER)}
    for role in component_names(settings).values():
        if role.value in counts:
            counts[role.value] += 1
    return counts


def stop_containers(site: ComposeSite, events: EventSink) -> None:
    """Stop and remove every container and network of the environment; volumes stay.

    Raises:
        HarnessError: Compose could not.
    """
    if not site.containers():
        return
    events(StepStarted("containers", "stopping"))
    begun = time.monotonic()
    run_compose(site, site.command.down(), "the containers could not be stopped")
    events(StepFinished("containers", "stopped", time.monotonic() - begun))


def run_compose(site: ComposeSite, command: tuple[str, ...], action: str) -> None:
    """Run Compose to its end.

    Raises:
        HarnessError: it failed.
    """
    done = process.capture(command, env=compose_environment(site.environ, {}), timeout=STOP_SECONDS)
    if done.exit_status != 0:
        raise failures.translate(done.stderr, action=action)
