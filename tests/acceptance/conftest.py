"""Projects in fresh folders, and control planes that run on them as the service they are."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from harness.config.model import Settings
from harness.errors import HarnessError
from harness.project.layout import Project, locate_project
from harness.runtime.backend import Endpoints
from harness.runtime.state import EnvironmentState, write_state
from harness.waiting import Answer, Hopeless, NotYet, Ready, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from tests.conftest import LocalStackProcess

ACCOUNT, REGION = "123456789012", "us-east-1"


@dataclass
class SourceProject:
    """A project folder with an environment "started" in it, as far as the control plane can see."""

    root: Path
    endpoint_url: str
    environ: Mapping[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def project(self) -> Project:
        return locate_project(self.root, Settings().local)

    @property
    def bucket(self) -> str:
        return f"airflow-{self.root.parent.name}".lower().replace("_", "-")

    @property
    def queue(self) -> str:
        return f"airflow-celery-{self.root.parent.name}"

    @property
    def homes(self) -> dict[str, Path]:
        return {name: self.project.state.homes / name for name in ("scheduler", "worker", "webserver")}

    @property
    def s3(self) -> S3Client:
        client: S3Client = self._client("s3")
        return client

    @property
    def sqs(self) -> SQSClient:
        client: SQSClient = self._client("sqs")
        return client

    def _client(self, service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
            config=Config(s3={"addressing_style": "path"}),
        )

    def write(self, relative: str, text: str) -> Path:
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def start_environment(self) -> None:
        """Write the state file, as `up` does when it starts or updates an environment."""
        queue_url = f"{self.endpoint_url}/queue/{REGION}/{ACCOUNT}/{self.queue}"
        write_state(
            self.project.state,
            EnvironmentState(
                instance="test",
                endpoints=Endpoints(
                    webserver_url="http://127.0.0.1:1",
                    username="admin",
                    password="unused",
                    aws_endpoint_url=self.endpoint_url,
                    region=REGION,
                    bucket=self.bucket,
                    queue_url=queue_url,
                    database_dsn="postgresql://nobody@127.0.0.1:1/airflow",
                ),
                ports={},
                homes=self.homes,
                worker_environment=self.root,
                services=("controlplane",),
            ),
        )

    def run_controlplane(self) -> subprocess.Popen[bytes]:
        """Start the service and return when it says that it is ready."""
        self.project.state.logs.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "harness.controlplane", "--project", str(self.root)],
                cwd=self.root,
                env=dict(self.environ),
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)

        def answer() -> Answer:
            if process.poll() is not None:
                return Hopeless(HarnessError(f"it ended with {process.returncode}:\n{self.log}"))
            found = self.readiness
            if found is None or found["pid"] != process.pid:
                return NotYet(self.log[-2000:])
            return Ready("its readiness file")

        wait_until(answer, subject="the control plane", seconds=120, interval=0.02)
        return process

    def up(self) -> subprocess.Popen[bytes]:
        self.start_environment()
        return self.run_controlplane()

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)

    @property
    def log_file(self) -> Path:
        return self.project.state.logs / "controlplane.log"

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def readiness(self) -> dict[str, Any] | None:
        try:
            text = (self.project.state.run / "controlplane.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        found: dict[str, Any] = json.loads(text)
        return found

    def in_home(self, relative: str, component: str = "scheduler") -> str | None:
        """Content of a file in a component's home; None when it is not there."""
        try:
            return (self.homes[component] / relative).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def objects(self) -> dict[str, str]:
        """Every object's latest content, by key."""
        listing = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {
            entry["Key"]: self.s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"]
            .read()
            .decode("utf-8", "replace")
            for entry in listing
        }

    def put_by_hand(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())

    def eventually(self, condition: Callable[[], bool], subject: str, seconds: float = 60) -> float:
        """Wait until `condition` holds; how many seconds that took."""
        started = time.monotonic()

        def answer() -> Answer:
            return Ready(subject) if condition() else NotYet(f"log:\n{self.log[-2000:]}")

        wait_until(answer, subject=subject, seconds=seconds, interval=0.02)
        return time.monotonic() - started


@pytest.fixture
def parsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A temporary folder for commands whose parsers leave with the test."""
    folder = tmp_path_factory.mktemp("t")
    yield folder
    for socket in folder.glob("*/*.sock"):
        socket.unlink()  # its parser notices


@pytest.fixture
def make_source_project(
    tmp_path: Path, fenced_environ: Mapping[str, str]
) -> Iterator[Callable[[LocalStackProcess], SourceProject]]:
    """Makes a project on a LocalStack; its control planes end with the test."""
    made: list[SourceProject] = []

    def make(localstack: LocalStackProcess) -> SourceProject:
        root = tmp_path / "my project ä"
        root.mkdir()
        made.append(SourceProject(root, localstack.endpoint_url, fenced_environ))
        return made[-1]

    yield make
    for project in made:
        project.stop()


@pytest.fixture
def source_project(
    make_source_project: Callable[[LocalStackProcess], SourceProject], localstack: LocalStackProcess
) -> SourceProject:
    return make_source_project(localstack)
