"""Logical lines into entries: a requirement, an option, or a mistake. pip's grammar, nothing executed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from harness.checks.requirements.source import LogicalLine

if TYPE_CHECKING:
    from collections.abc import Iterator


class Origin(Enum):
    """Where a requirement's distribution comes from."""

    INDEX = "index"
    URL = "url"
    VCS = "version control"
    LOCAL = "local path"


@dataclass(frozen=True)
class RequirementEntry:
    """One requirement. `requirement` is None when the line names none (a bare URL or path)."""

    line: LogicalLine
    text: str
    origin: Origin
    requirement: Requirement | None = None
    hashes: tuple[str, ...] = ()
    is_editable: bool = False

    @property
    def name(self) -> str:
        """Normalized name; empty when only building it would tell."""
        return canonicalize_name(self.requirement.name) if self.requirement else ""


@dataclass(frozen=True)
class OptionEntry:
    """One option of a line of its own, under its long name without dashes."""

    line: LogicalLine
    name: str
    value: str
    offset: int


@dataclass(frozen=True)
class Mistake:
    """A line that pip refuses. `offset` points at the first character that it cannot read."""

    line: LogicalLine
    message: str
    offset: int = 0
    length: int = 1
    is_option: bool = field(default=False)


Entry = RequirementEntry | OptionEntry | Mistake

# pip 22.3, `SUPPORTED_OPTIONS` of req_file.py; True: the option takes a value.
_OPTIONS = {
    "index-url": True, "extra-index-url": True, "no-index": False, "constraint": True, "requirement": True,
    "editable": True, "find-links": True, "no-binary": True, "only-binary": True, "prefer-binary": False,
    "require-hashes": False, "pre": False, "trusted-host": True, "use-feature": True, "pypi-url": True,
}  # fmt: skip
_SHORT = {"i": "index-url", "c": "constraint", "r": "requirement", "e": "editable", "f": "find-links"}
_PER_REQUIREMENT = ("hash", "install-option", "global-option", "config-settings")
_VCS = re.compile(r"^(git|hg|svn|bzr)(\+[a-z]+)?(://|@)", re.IGNORECASE)
_URL = re.compile(r"^(https?|ftp|file|git|hg|svn|bzr)(\+[a-z]+)?:", re.IGNORECASE)
_ARCHIVE = re.compile(r"\.(whl|zip|tar\.gz|tgz|tar\.bz2|tbz|tar\.xz|tar)(\[[^\]]*\])?$", re.IGNORECASE)
_NAMED_URL = re.compile(r"^\s*[A-Za-z0-9][\w.-]*\s*(\[[^\]]*\])?\s*@\s*(?P<url>\S+)")
_TAIL = re.compile(r"\s--?[A-Za-z]")
_HASH = re.compile(r"^(sha256|sha384|sha512):[0-9a-f]+$")


def parse_line(line: LogicalLine) -> Iterator[Entry]:
    """What one logical line says."""
    if line.text.startswith("-"):
        yield from _parse_options(line)
    else:
        yield _parse_requirement(line)


def _parse_options(line: LogicalLine) -> Iterator[Entry]:
    try:
        words = shlex.split(line.text)
    except ValueError as error:
        yield Mistake(line, f"the line cannot be split into words: {error}".lower(), 0, len(line.text))
        return
    position = 0
    while words:
        word = words.pop(0)
        offset = max(line.text.find(word, position), 0)
        position = offset + len(word)
        name, value = _split_option(word)
        if name is None:
            known = word if not word.startswith("-") else f"the option {word.split('=')[0]}"
            message = f"pip does not know {known} in a requirements file"
            yield Mistake(line, message, offset, len(word), is_option=True)
            return
        if _OPTIONS[name] and value is None:
            if not words:
                yield Mistake(line, f"--{name} needs a value", offset, len(word), is_option=True)
                return
            value = words.pop(0)
            offset = max(line.text.find(value, position), 0)
            position = offset + len(value)
        if name == "editable":
            yield _classify(line, value or "", (), is_editable=True)
        else:
            yield OptionEntry(line, name, value or "", offset)


def _split_option(word: str) -> tuple[str | None, str | None]:
    if word.startswith("--"):
        given, equals, value = word[2:].partition("=")
        matches = [given] if given in _OPTIONS else [name for name in _OPTIONS if name.startswith(given)]
        name = matches[0] if len(matches) == 1 and given else None
        return name, value if equals else None
    short = _SHORT.get(word[1:2]) if word.startswith("-") else None
    return short, word[2:].lstrip("=") or None


def _parse_requirement(line: LogicalLine) -> Entry:
    tail = _TAIL.search(line.text)
    text = line.text[: tail.start()].rstrip() if tail else line.text
    hashes: list[str] = []
    if tail:
        words = line.text[tail.start() :].split()
        expanded = [
            part for word in words for part in (word.split("=", 1) if word.startswith("--") else (word,))
        ]
        while expanded:
            word = expanded.pop(0)
            if word.lstrip("-") not in _PER_REQUIREMENT:
                offset = max(line.text.find(word, tail.start()), 0)
                message = f"pip does not know {word} behind a requirement"
                return Mistake(line, message, offset, len(word), is_option=True)
            value = expanded.pop(0) if expanded else ""
            if word == "--hash":
                if not _HASH.match(value):
                    offset = max(line.text.find(value, tail.start()), 0)
                    return Mistake(
                        line, "a hash is written sha256:<hexadecimal digits>", offset, max(len(value), 1)
                    )
                hashes.append(value)
    return _classify(line, text, tuple(hashes))


def _classify(line: LogicalLine, text: str, hashes: tuple[str, ...], *, is_editable: bool = False) -> Entry:
    named = _NAMED_URL.match(text)
    url = named.group("url") if named else text
    if _VCS.match(url):
        return RequirementEntry(line, text, Origin.VCS, _try_parse(text), hashes, is_editable)
    is_address = _URL.match(url) is not None and not url.lower().startswith("file:")
    if is_editable or (not is_address and (url.lower().startswith("file:") or _is_path(text))):
        requirement = _try_parse(text) if named else None
        return RequirementEntry(line, text, Origin.LOCAL, requirement, hashes, is_editable)
    if is_address:
        requirement = _try_parse(text) or _from_wheel_url(text)
        return RequirementEntry(line, text, Origin.URL, requirement, hashes)
    try:
        return RequirementEntry(line, text, Origin.INDEX, Requirement(text), hashes)
    except InvalidRequirement as error:
        return Mistake(line, *_explain_invalid(text, error))


def _explain_invalid(text: str, error: InvalidRequirement) -> tuple[str, int, int]:
    """One line of why, the offset and the length; packaging's error carries text, caret and reason."""
    reason, _, drawing = str(error).partition("\n")
    caret = drawing.splitlines()[-1] if drawing else ""
    start = caret.find("~") if "~" in caret else caret.find("^")
    start = max(start - 4, 0)  # packaging indents by four
    single = re.match(r"^([A-Za-z0-9._-]+)\s*=\s*([^=].*)$", text)
    if single:
        return (
            f"a version is compared with ==, not =: {single.group(1)}=={single.group(2)}",
            text.find("="),
            1,
        )
    return (
        f"not a requirement: {reason[:1].lower()}{reason[1:]}",
        min(start, len(text) - 1),
        max(caret.count("~"), 1),
    )


def _try_parse(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _from_wheel_url(text: str) -> Requirement | None:
    file = text.partition(";")[0].strip().partition("#")[0].rpartition("/")[2]
    return _try_parse(f"{file.partition('-')[0]} @ {text}") if file.lower().endswith(".whl") else None


def _is_path(text: str) -> bool:
    path = text.partition(";")[0].strip()
    return path.startswith((".", "/", "~", "\\")) or bool(_ARCHIVE.search(path) and not _URL.match(path))
