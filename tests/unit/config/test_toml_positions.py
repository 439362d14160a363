from __future__ import annotations

import string

import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.config.toml_positions import Position, locate_entries


def test_keys_and_values_are_found_in_tables_and_inline_tables() -> None:
    entries = locate_entries('# first\n[a.b]\nc = 1\n\n  "d e" = { f = "x", g.h = 2 } # { not = "this" }\n')

    assert entries["a", "b"].key == Position(2, 1)
    assert entries["a", "b", "c"].value == Position(3, 5)
    assert entries["a", "b", "d e"].key == Position(5, 3)
    assert entries["a", "b", "d e", "f"].key == Position(5, 13)
    assert entries["a", "b", "d e", "g", "h"].value == Position(5, 28)
    assert ("a", "b", "not") not in entries


def test_brackets_quotes_and_comments_inside_values_mislead_nobody() -> None:
    text = (
        'a = """\n[no]\nkey = 1 ""\\""""\n'
        "b = [ # ]\n  [1, 2],\n  { c = ']' },\n]\n"
        "d = '''it's [[here]]'''\r\n"
        "e = 1979-05-27T07:32:00Z\n"
        "[[f]]\ng = 1\n[[f]]\ng = 2\n"
    )

    entries = locate_entries(text)

    assert tomli.loads(text)["d"] == "it's [[here]]"
    assert entries[("b",)].key == Position(4, 1)
    assert entries["b", 1, "c"].key == Position(6, 5)
    assert entries[("d",)].key == Position(8, 1)
    assert entries[("e",)].key == Position(9, 1)
    assert entries["f", 0, "g"].value == Position(11, 5)
    assert entries["f", 1, "g"].value == Position(13, 5)
    assert ("no",) not in entries


def test_tables_inside_an_array_of_tables_belong_to_its_latest_entry() -> None:
    entries = locate_entries("[[a.b]]\n[a.b.c]\nd = 1\n[[a.b]]\n[a.b.c]\nd = 2\n")

    assert entries["a", "b", 0, "c", "d"].key == Position(3, 1)
    assert entries["a", "b", 1].key == Position(4, 1)
    assert entries["a", "b", 1, "c", "d"].key == Position(6, 1)


KEYS = st.one_of(
    st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=5),
    st.text(string.printable, max_size=5).map(lambda text: text.replace("\x0b", "").replace("\x0c", "")),
)
LEAVES = st.one_of(st.integers(), st.booleans(), st.text(string.printable.replace("\r", ""), max_size=12))
DOCUMENTS = st.recursive(
    st.dictionaries(KEYS, LEAVES, max_size=4),
    lambda inner: st.dictionaries(KEYS, st.one_of(LEAVES, inner), max_size=4),
    max_leaves=8,
)


def quote(text: str) -> str:
    escaped = "".join(f"\\u{ord(char):04x}" if ord(char) < 32 or char in '"\\' else char for char in text)
    return f'"{escaped}"'


def write(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quote(key)} = {write(each)}" for key, each in value.items()) + "}"
    return (
        str(value).lower()
        if isinstance(value, bool)
        else str(value)
        if isinstance(value, int)
        else quote(str(value))
    )


def paths(document: dict[str, object], parents: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    found = {(*parents, key) for key in document}
    for key, value in document.items():
        if isinstance(value, dict):
            found |= paths(value, (*parents, key))
    return found


@given(DOCUMENTS)
@settings(deadline=None)
def test_every_key_of_any_document_has_a_place(document: dict[str, object]) -> None:
    text = "".join(f"{quote(key)} = {write(value)}\n" for key, value in document.items())
    assert tomli.loads(text) == document

    assert set(locate_entries(text)) == paths(document)
