"""Whether the services of an environment in containers are ready, and what says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.runtime.backend import Endpoints
from harness.runtime.compose.board import Board, Container
from harness.runtime.readiness import ask_localstack, ask_postgres
from harness.runtime.services import Role
from harness.waiting import Answer, NotYet, Ready

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.runtime.compose.containers import ContainerInfo


@dataclass(frozen=True)
class ComposeEvidence:
    """What is asked: PostgreSQL and LocalStack themselves, the others by what they told on the board."""

    endpoints: Endpoints

    def read_board(self) -> Mapping[str, Container]:
        """What each container told, by host.

        Raises:
            HarnessError: the database does not answer.
        """
        board = Board(self.endpoints.database_dsn)
        try:
            return {container.host: container for container in board.read()}
        finally:
            board.close()

    def ask(self, info: ContainerInfo, told: Mapping[str, Container] | None) -> Answer:
        """Whether the service in container `info` is ready; `told` is None when the board was unreachable."""
        if info.role is Role.POSTGRES:
            return ask_postgres(self.endpoints.database_dsn)
        if info.role is Role.LOCALSTACK:
            return ask_localstack(self.endpoints.aws_endpoint_url)
        if told is None:
            return NotYet("the database, in which it tells how it is, does not answer")
        return judge(info, told.get(info.host))


def judge(info: ContainerInfo, told: Container | None) -> Answer:
    """The answer by what a container told since it was started."""
    if told is None or (info.started is not None and told.started < info.started):
        return NotYet("it has not told anything yet")
    if not told.is_fresh:
        return NotYet("it has told nothing for a while")
    if told.evidence is None:
        return NotYet(told.reason or "it is not ready")
    return Ready(told.evidence)
