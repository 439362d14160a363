from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import HarnessError
from harness.project.layout import StateFolder
from harness.runtime.database import ClusterKey, Database
from harness.runtime.postgres import PostgresPrograms

if TYPE_CHECKING:
    from pathlib import Path

KEY = ClusterKey(postgres="16", airflow="2.5.1", secrets="0123456789abcdef", contents="fedcba9876543210")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(StateFolder(tmp_path), PostgresPrograms(tmp_path / "bin"))


def fill(database: Database, text: str = "rows") -> None:
    (database.cluster / "base").mkdir(parents=True)
    (database.cluster / "PG_VERSION").write_text("16", encoding="utf-8")
    (database.cluster / "base" / "1").write_text(text, encoding="utf-8")


def test_a_cluster_counts_once_it_was_declared_whole(database: Database) -> None:
    assert not database.is_migrated(KEY)
    fill(database)
    assert not database.is_migrated(KEY)
    database.declare_migrated(KEY)
    assert database.is_migrated(KEY)


def test_a_declaration_without_a_cluster_counts_for_nothing(database: Database) -> None:
    fill(database)
    database.declare_migrated(KEY)
    database.discard()

    assert not database.is_migrated(KEY)


@pytest.mark.parametrize("changed", [{"secrets": "other"}, {"airflow": "2.6.0"}, {"postgres": "17"}])
def test_data_of_another_environment_are_an_error_and_stay(
    database: Database, changed: dict[str, str]
) -> None:
    fill(database)
    database.declare_migrated(KEY)

    with pytest.raises(HarnessError, match="the database") as caught:
        database.is_migrated(replace(KEY, **changed))

    assert "down --volumes" in (caught.value.hint or "")
    assert (database.cluster / "base" / "1").exists()


def test_a_template_brings_the_data_back_as_they_were(database: Database) -> None:
    fill(database)
    database.keep_template(KEY)
    (database.cluster / "base" / "1").write_text("changed", encoding="utf-8")
    database.discard()

    assert database.restore_template(KEY)

    assert (database.cluster / "base" / "1").read_text(encoding="utf-8") == "rows"
    assert database.is_migrated(KEY)


def test_without_a_template_nothing_is_restored(database: Database) -> None:
    assert not database.restore_template(KEY)


def test_only_the_newest_template_is_kept(database: Database) -> None:
    fill(database)
    database.keep_template(KEY)
    database.keep_template(replace(KEY, contents="another"))

    assert not database.restore_template(KEY)
    assert len(list(database.state.cache.iterdir())) == 1


def test_discarding_leaves_the_template(database: Database) -> None:
    fill(database)
    database.keep_template(KEY)
    database.discard()

    assert not database.cluster.exists()
    assert database.template(KEY).exists()


def test_roles_are_known_once_remembered_and_forgotten_with_the_data(database: Database) -> None:
    fill(database)
    database.declare_migrated(KEY)
    assert database.known_roles() == ""
    database.remember_roles("digest")
    assert database.known_roles() == "digest"
    assert database.is_migrated(KEY)
    database.discard()
    assert database.known_roles() == ""
