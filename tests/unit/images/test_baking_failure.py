from __future__ import annotations

from pathlib import Path

from harness.errors import CollectedError, HarnessError, Location
from harness.images.baking_failure import failure_line, read_failure

INSIDE = Path("/inside/project")
OUTSIDE = Path("/home/me/project")


def through_a_log(error: HarnessError) -> HarnessError | None:
    log = f"#12 0.1 noise\n#12 3.402 {failure_line(error, INSIDE)}#12 ERROR: exit code: 1\n"
    return read_failure(log, OUTSIDE)


def test_error_comes_out_of_the_build_as_it_went_in() -> None:
    place = Location(INSIDE / "requirements/requirements.txt", 4)
    found = through_a_log(
        HarnessError("cannot be installed", hint="try", location=place, evidence=("a", "b"))
    )
    assert found is not None
    assert (found.message, found.hint, found.evidence) == ("cannot be installed", "try", ("a", "b"))
    assert found.location == Location(OUTSIDE / "requirements/requirements.txt", 4)


def test_several_errors_stay_several() -> None:
    found = through_a_log(CollectedError((HarnessError("one"), HarnessError("two"))))
    assert isinstance(found, CollectedError)
    assert [error.message for error in found.errors] == ["one", "two"]


def test_log_without_such_a_line_tells_no_error() -> None:
    assert read_failure("#1 0.1 something else\n", OUTSIDE) is None
