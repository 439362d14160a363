"""The terminal that pytest reports on, written to past its capture."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

_QUIET = 0
_ERASE = "\r\x1b[2K"


class PytestTerminal:
    """Says nothing when pytest is quiet, and in the worker processes of pytest-xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._is_silent = hasattr(config, "workerinput") or config.get_verbosity() < _QUIET
        self.width = shutil.get_terminal_size().columns

    @property
    def is_live(self) -> bool:
        return bool(self._reporter is not None and self._reporter.isatty)

    @property
    def _reporter(self) -> Any:
        """Pytest's reporter, which is not there yet while pytest configures itself."""
        return None if self._is_silent else self._config.pluginmanager.getplugin("terminalreporter")

    def show(self, text: str) -> None:
        """Put `text` where pytest's unfinished line is, until `hide`."""
        self._write_raw(text)

    def hide(self) -> None:
        """Bring pytest's unfinished line back."""
        if self._reporter is not None:
            self._write_raw(self._reporter._tw._current_line)  # noqa: SLF001 - what it has written since the last line end

    def write_line(self, text: str) -> None:
        if self._reporter is not None:
            with self._without_capture():
                self._reporter.ensure_newline()
                writer = self._reporter._tw  # noqa: SLF001 - as above
                if writer.width_of_current_line:
                    writer.line()
                self._reporter.write_line(text, flush=True)

    def _write_raw(self, text: str) -> None:
        """Write past pytest's count of columns, which it needs for its own text."""
        if self._reporter is not None:
            with self._without_capture():
                file = self._reporter._tw._file  # noqa: SLF001 - as above
                file.write(_ERASE + text)
                file.flush()

    @contextmanager
    def _without_capture(self) -> Iterator[None]:
        capture: Any = self._config.pluginmanager.getplugin("capturemanager")
        if capture is None:
            yield
            return
        with capture.global_and_fixture_disabled():
            yield
