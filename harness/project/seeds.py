"""Seeds as values, and `seeds.toml`, where a project lists them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.config.toml_section import open_section

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config.toml_section import Section


@dataclass(frozen=True)
class SeedConnection:
    """An Airflow connection in the metadata database."""

    conn_id: str
    conn_type: str
    host: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    port: int | None = None
    description: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SeedPool:
    """An Airflow pool."""

    name: str
    slots: int
    description: str = ""


@dataclass(frozen=True)
class SeedObject:
    """A bucket on the local S3 and, with a key, one object in it."""

    bucket: str
    key: str | None = None
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Seeds:
    """What the environment holds before the first run. Variables and secrets are already text."""

    connections: tuple[SeedConnection, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    pools: tuple[SeedPool, ...] = ()
    objects: tuple[SeedObject, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def load_seeds(path: Path) -> Seeds:
    """The seeds in the TOML file at `path`; none when there is no such file.

    Raises:
        UsageError: the file is not TOML.
        CollectedError: keys are unknown, missing or of the wrong type; all of them are listed.
    """
    top = open_section(path)
    seeds = Seeds(
        connections=tuple(_connection(name, section) for name, section in top.children("connections")),
        variables=_texts(top.child("variables")),
        pools=tuple(_pool(name, section) for name, section in top.children("pools")),
        objects=tuple(_object(section, path.parent) for section in top.entries("s3")),
        secrets=_texts(top.child("secrets")),
    )
    top.finish()
    top.document.raise_errors()
    return seeds


def _connection(name: str, section: Section) -> SeedConnection:
    connection = SeedConnection(
        conn_id=name,
        conn_type=section.required("conn_type"),
        host=section.read("host", str, "") or None,
        login=section.read("login", str, "") or None,
        password=section.read("password", str, "") or None,
        schema=section.read("schema", str, "") or None,
        port=section.read("port", int, 0) or None,
        description=section.read("description", str, "") or None,
        extra=section.read("extra", dict, {}),
    )
    section.finish()
    return connection


def _pool(name: str, section: Section) -> SeedPool:
    if "slots" not in section.table:
        section.document.complain(section.keys, f"{section.title} needs the key slots")
    pool = SeedPool(name, section.read("slots", int, 1), section.read("description", str, ""))
    section.finish()
    return pool


def _object(section: Section, folder: Path) -> SeedObject:
    bucket = section.required("bucket")
    key = section.read("key", str, "") or None
    content = section.read("content", str, "")
    file = section.read("file", str, "")
    section.finish()
    if content and file:
        section.complain("file", "an object has either content or file, not both")
    if (content or file) and key is None:
        section.document.complain(section.keys, "an object with content or file needs the key key")
    return SeedObject(bucket, key, _read_body(section, folder / file) if file else content.encode())


def _read_body(section: Section, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        section.complain(
            "file",
            f"{path} cannot be read: {error.strerror}",
            hint="The path is relative to this file's folder.",
        )
        return b""


def _texts(section: Section) -> Mapping[str, str]:
    """Strings as they are; everything else as JSON, which is how Airflow keeps structured values."""
    texts = {}
    for name in section.table:
        value = section.anything(name)
        try:
            texts[name] = value if isinstance(value, str) else json.dumps(value)
        except TypeError:
            section.complain(name, f"{name} must be a string, number, list or table: JSON has no {value!r}")
    return texts
