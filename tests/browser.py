"""A page of a real browser, for tests of what a person sees."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
PATIENCE = 60_000  # milliseconds


@pytest.fixture
def page() -> Iterator[Page]:
    """An empty page of a headless browser; without one the test is skipped, in CI it fails."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - most tests need no browser

    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        give_up(f"none of {', '.join(PROGRAMS)} is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        shown = browser.new_page(viewport={"width": 1280, "height": 900})
        shown.set_default_timeout(PATIENCE)
        yield shown
        browser.close()
