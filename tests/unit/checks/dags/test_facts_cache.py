from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from harness.checks.dag_parser.cache import FactsCache

if TYPE_CHECKING:
    from pathlib import Path

_CLOCK_STEP = 0.06


def facts(path: Path, **dependencies: object) -> dict[str, object]:
    known = {"repeatable": True, "files": [], "listed": [], "examined": [], "modules": [], **dependencies}
    return {"file": str(path), "dags": [], "dependencies": known}


def make_cache(folder: Path, key: str = "key") -> FactsCache:
    return FactsCache(str(folder / "cache" / "facts.sqlite"), key, (str(folder),))


def settle() -> None:
    time.sleep(_CLOCK_STEP)


def test_facts_are_recalled_while_nothing_changes(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    settle()
    make_cache(tmp_path).keep([facts(file)])
    assert list(make_cache(tmp_path).recall([str(file)])) == [str(file)]


def test_another_key_recalls_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    settle()
    make_cache(tmp_path).keep([facts(file)])
    assert make_cache(tmp_path, "other").recall([str(file)]) == {}


def test_a_file_written_while_it_was_parsed_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    cache = make_cache(tmp_path)
    file.write_text("1")
    cache.keep([facts(file)])
    assert make_cache(tmp_path).recall([str(file)]) == {}


def test_what_cannot_be_repeated_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    settle()
    make_cache(tmp_path).keep([facts(file, repeatable=False)])
    assert make_cache(tmp_path).recall([str(file)]) == {}


@pytest.mark.parametrize(
    ("dependency", "before", "after"),
    [
        ({"files": ["{}/data.txt"]}, "x", "y"),
        ({"files": ["{}/data.txt"]}, "x", None),
        ({"files": ["{}/data.txt"]}, None, "x"),
        ({"listed": ["{}"]}, None, "x"),
        ({"examined": ["{}/data.txt"]}, None, ""),
        ({"modules": ["data"]}, None, ""),
    ],
)
def test_a_changed_dependency_is_noticed(
    dependency: dict[str, list[str]], before: str | None, after: str | None, tmp_path: Path
) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    file, data = folder / "a.py", folder / "data.txt"
    file.write_text("1")
    if before is not None:
        data.write_text(before)
    settle()
    named = {kind: [name.format(folder) for name in names] for kind, names in dependency.items()}
    cache = FactsCache(str(tmp_path / "facts.sqlite"), "key", (str(folder),))
    cache.keep([facts(file, **named)])
    fresh = FactsCache(str(tmp_path / "facts.sqlite"), "key", (str(folder),))
    assert list(fresh.recall([str(file)])) == [str(file)]
    if after is None:
        data.unlink()
    else:
        data.write_text(after)
    changed = FactsCache(str(tmp_path / "facts.sqlite"), "key", (str(folder),))
    assert changed.recall([str(file)]) == {}


def test_a_damaged_cache_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "facts.sqlite").write_bytes(b"no database at all " * 100)
    settle()
    assert make_cache(tmp_path).recall([str(file)]) == {}
    make_cache(tmp_path).keep([facts(file)])
    assert list(make_cache(tmp_path).recall([str(file)])) == [str(file)]
