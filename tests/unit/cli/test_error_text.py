from __future__ import annotations

from pathlib import Path

from harness.cli.error_text import error_lines, known_secrets, mask_secrets
from harness.errors import CollectedError, HarnessError, Location, UsageError
from harness.project.layout import StateFolder


def test_an_error_shows_its_line_with_a_caret_its_evidence_and_its_hint(tmp_path: Path) -> None:
    path = tmp_path / "mwaa.toml"
    path.write_text("[local]\n\tworkers = 99\n", encoding="utf-8")
    error = HarnessError(
        "too many\nfar too many", hint="take fewer", location=Location(path, 2, 12), evidence=("one", "two")
    )

    assert error_lines(error, folder=tmp_path) == [
        "error: too many",
        "  far too many",
        "  --> mwaa.toml:2:12",
        " 2 |  workers = 99",
        "   |            ^",
        "  | one",
        "  | two",
        "hint: take fewer",
    ]


def test_a_place_outside_the_folder_keeps_its_whole_path(tmp_path: Path) -> None:
    error = UsageError("no", location=Location(tmp_path / "gone.toml", 3))

    assert error_lines(error, folder=tmp_path / "elsewhere") == ["error: no", f"  --> {tmp_path}/gone.toml:3"]


def test_long_evidence_is_cut_to_its_end() -> None:
    error = HarnessError("no", evidence=tuple(str(number) for number in range(40)))

    lines = error_lines(error, folder=Path("/"))

    assert lines[1] == "  | (28 lines before these)"
    assert lines[-1] == "  | 39"
    assert len(lines) == 14


def test_many_errors_are_listed_in_short(tmp_path: Path) -> None:
    errors = tuple(UsageError(f"number {number}", hint="fix it") for number in range(5))

    lines = error_lines(CollectedError(errors), folder=tmp_path)

    assert lines[0] == "error: 5 things are wrong"
    assert lines[1:3] == ["  number 0", "      hint: fix it"]


def test_the_value_of_a_secret_option_is_not_shown_beside_the_caret(tmp_path: Path) -> None:
    path = tmp_path / "mwaa.toml"
    path.write_text('"smtp.smtp_password" = "hunter2"\n', encoding="utf-8")

    lines = error_lines(UsageError("no", location=Location(path, 1, 24)), folder=tmp_path)

    assert ' 1 | "smtp.smtp_password" = ******' in lines


def test_the_secrets_of_a_project_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.secrets_file.write_text('{"a": "s3cret-key", "b": "s3cret-key-longer", "c": "x"}', encoding="utf-8")

    masked = mask_secrets("key=s3cret-key-longer, s3cret-key, x", known_secrets(state))

    assert masked == "key=******, ******, x"


def test_unreadable_secrets_are_no_further_error(tmp_path: Path) -> None:
    StateFolder(tmp_path).secrets_file.write_text("not json", encoding="utf-8")

    assert known_secrets(StateFolder(tmp_path)) == ()
    assert known_secrets(StateFolder(tmp_path / "nowhere")) == ()
