"""The UI in a real browser: log in at the printed address, find the DAG, look at its grid."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from harness.runner.run_state import RunKey
from tests.browser import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]


def test_the_ui_shows_a_run_in_a_browser(
    page: Page, shared_environment: CommandProject, tmp_path: Path
) -> None:
    login = json.loads(shared_environment.succeed("open", "--json").stdout)
    shared_environment.await_dag("hello")
    with shared_environment.api() as api:
        api.unpause("hello")
        api.trigger(RunKey("hello", f"seen-{tmp_path.name}"), {}, None)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))

    page.goto(login["webserver_url"])
    page.locator("#username").fill(login["username"])
    page.locator("#password").fill(login["password"])
    page.get_by_role("button", name="Sign In").click()
    page.get_by_role("link", name="hello", exact=True).click()

    expect(page).to_have_title("hello - Grid - Airflow", timeout=PATIENCE)
    expect(page.get_by_text("greet").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("task-instance").first).to_be_visible()
    picture = page.screenshot(path=tmp_path / "grid.png", full_page=True)
    assert count_colours(picture) > 20, "the picture is blank"
    assert problems == []


def count_colours(png: bytes) -> int:
    """How many different pixel values the scan lines of a PNG hold; an empty page has one or two."""
    position, data, width, depth = 8, b"", 0, 3
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        chunk = png[position + 8 : position + 8 + length]
        if kind == b"IHDR":
            width, depth = struct.unpack(">I", chunk[:4])[0], 4 if chunk[9] == 6 else 3
        elif kind == b"IDAT":
            data += chunk
        position += 12 + length
    lines, pixels = zlib.decompress(data), set()
    for start in range(1, len(lines), 1 + width * depth):  # each line begins with the number of its filter
        pixels |= {lines[at : at + depth] for at in range(start, start + width * depth, depth)}
    return len(pixels)
