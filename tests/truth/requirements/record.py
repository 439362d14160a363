"""Ask the service's own pip what it makes of each case, on top of the base environment, and write it down.

Run with an interpreter that holds exactly the base environment and `pip==22.3.1`:

    python tests/truth/requirements/record.py --interpreter ENV/bin/python [CASE ...]

The official constraints URL is replaced by the carried pins, which hold the same facts; indexes and
find-links folders of the machine are switched off so that PyPI alone decides.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
RECORDED = HERE / "recorded"
PINS = HERE.parents[2] / "harness" / "locks" / "constraints-2.5.1-python-3.10.txt"
OFFICIAL = "https://raw.githubusercontent.com/apache/airflow/constraints-2.5.1/constraints-3.10.txt"
SECONDS = 240


def ask_pip(interpreter: Path, case: Path) -> dict[str, Any]:
    """What pip decides for `case`: verdict, the versions it would install, and how it failed."""
    with tempfile.TemporaryDirectory() as folder:
        text = case.read_text(encoding="utf-8").replace(OFFICIAL, str(PINS))
        file, report = Path(folder, "requirements.txt"), Path(folder, "report.json")
        file.write_text(text, encoding="utf-8")
        command = [str(interpreter), "-m", "pip", "install", "--dry-run", "--no-input"]
        variables = ["env", "PIP_CONFIG_FILE=/dev/null", "PIP_FIND_LINKS=", "PIP_EXTRA_INDEX_URL="]
        started = time.monotonic()
        try:
            done = subprocess.run(
                [*variables, *command, "--report", str(report), "-r", str(file)],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
                cwd=folder,
            )
        except subprocess.TimeoutExpired:
            return {"verdict": "timeout", "seconds": SECONDS, "installs": {}, "errors": []}
        seconds = round(time.monotonic() - started, 1)
        installs: dict[str, str] = {}
        if done.returncode == 0 and report.is_file():
            for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
                installs[item["metadata"]["name"]] = item["metadata"]["version"]
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        return {
            "verdict": "installs" if done.returncode == 0 else "fails",
            "seconds": seconds,
            "installs": dict(sorted(installs.items())),
            "errors": errors[:6],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--interpreter", type=Path, required=True)
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    RECORDED.mkdir(exist_ok=True)
    for case in sorted(CASES.glob("*.txt")):
        target = RECORDED / f"{case.stem}.json"
        if case.stem not in arguments.cases if arguments.cases else target.exists():
            continue
        now = dt.datetime.now(dt.timezone.utc)
        stamp = {"recorded": now.isoformat(timespec="seconds"), "pip": "22.3.1"}
        answer = {**stamp, **ask_pip(arguments.interpreter, case)}
        target.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
