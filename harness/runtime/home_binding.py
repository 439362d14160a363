"""Whether components can see their home folder at `/usr/local/airflow`, as on MWAA (facts 11.1)."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from harness import process

MWAA_HOME = "/usr/local/airflow"
INSIDE_FOLDER = Path(__file__).parent.parent / "inside"
LAUNCHER = INSIDE_FOLDER / "launch.py"

_SECONDS = 20.0


@dataclass(frozen=True)
class HomeBinding:
    """The answer of this machine; `reason` says why not."""

    works: bool
    reason: str = ""

    def airflow_home(self, home: Path) -> str:
        """AIRFLOW_HOME as a component whose folder is `home` sees it."""
        return MWAA_HOME if self.works else str(home)


def probe_home_binding(target: str = MWAA_HOME) -> HomeBinding:
    """Bind a scratch folder on `target` in a process of its own; nothing stays of it.

    Root creates an empty `target` when there is none; everybody else needs no right to it.
    """
    if not sys.platform.startswith("linux"):
        return HomeBinding(works=False, reason="only Linux has private mounts")
    try:
        done = process.capture([sys.executable, "-I", "-S", LAUNCHER, "--probe", target], timeout=_SECONDS)
        answer = json.loads(done.stdout)
    except (process.CommandError, ValueError) as error:
        return HomeBinding(works=False, reason=str(error))
    return HomeBinding(works=bool(answer["works"]), reason=str(answer["reason"]))
