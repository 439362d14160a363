from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import CollectedError
from harness.project.seeds import SeedObject, Seeds, load_seeds

if TYPE_CHECKING:
    from pathlib import Path


def _load(folder: Path, text: str) -> Seeds:
    (folder / "seeds.toml").write_text(text, encoding="utf-8")
    return load_seeds(folder / "seeds.toml")


def test_without_a_file_there_are_no_seeds(tmp_path: Path) -> None:
    assert load_seeds(tmp_path / "seeds.toml") == Seeds()


def test_every_kind_of_seed(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(b"a,b\r\n")
    seeds = _load(
        tmp_path,
        """
[connections.db]
conn_type = "postgres"
host = "h"
port = 5432
extra = { sslmode = "require" }

[variables]
plain = "text"
number = 3
list = ["a"]

[pools.small]
slots = 2

[[s3]]
bucket = "empty"
[[s3]]
bucket = "data"
key = "inline"
content = "x"
[[s3]]
bucket = "data"
key = "from-file"
file = "orders.csv"

[secrets]
"airflow/variables/a" = "1"
"airflow/connections/b" = { conn_type = "http" }
""",
    )
    (connection,) = seeds.connections
    assert (connection.conn_id, connection.port, connection.extra) == ("db", 5432, {"sslmode": "require"})
    assert seeds.variables == {"plain": "text", "number": "3", "list": '["a"]'}
    assert [(pool.name, pool.slots) for pool in seeds.pools] == [("small", 2)]
    assert seeds.objects == (
        SeedObject("empty"),
        SeedObject("data", "inline", b"x"),
        SeedObject("data", "from-file", b"a,b\r\n"),
    )
    assert seeds.secrets == {"airflow/variables/a": "1", "airflow/connections/b": '{"conn_type": "http"}'}


def test_a_seed_does_not_show_its_secrets(tmp_path: Path) -> None:
    text = "[connections.db]\nconn_type = 'x'\npassword = 'hunter2'\n[secrets]\na = 'hunter2'\n"
    assert "hunter2" not in repr(_load(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[connections.db]\nhost = 'h'\n", 1, "[connections.db] needs the key conn_type"),
        ("[connections.db]\nconn_type = 'x'\nuser = 'u'\n", 3, 'unknown key "user" in [connections.db]'),
        ("[pools.p]\ndescription = ''\n", 1, "[pools.p] needs the key slots"),
        ("[pools.p]\nslots = 'many'\n", 2, "slots must be an integer, not 'many'"),
        ("[[s3]]\nkey = 'k'\n", 1, "[s3] needs the key bucket"),
        ("[[s3]]\nbucket = 'b'\ncontent = 'x'\n", 1, "an object with content or file needs the key key"),
        (
            "[[s3]]\nbucket = 'b'\nkey = 'k'\ncontent = 'x'\nfile = 'f'\n",
            5,
            "an object has either content or file, not both",
        ),
        ("[variables]\nday = 2024-01-01\n", 2, "day must be a string, number, list or table: JSON has no"),
        ("[variabels]\n", 1, 'unknown key "variabels" in the file'),
        ("variables = 3\n", 1, "variables must be a table, not 3"),
    ],
)
def test_a_mistake_is_reported_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(CollectedError) as caught:
        _load(tmp_path, text)
    error = caught.value.errors[0]
    assert error.message.startswith(message)
    assert error.location is not None
    assert error.location.line == line


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CollectedError, match=r"absent\.csv cannot be read"):
        _load(tmp_path, "[[s3]]\nbucket = 'b'\nkey = 'k'\nfile = 'absent.csv'\n")
