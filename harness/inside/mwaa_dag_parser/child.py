"""What a forked child does: fences itself in, parses its files, writes their facts, ends."""

from __future__ import annotations

import collections
import contextlib
import faulthandler
import gc
import hashlib
import os
import resource
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from .heaviest import LineScale
from .parse import parse_file
from .source import read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .observe import Observer
    from .places import UserCode
    from .slots import Slot

_FAULT_DESCRIPTOR = 250
_WATCH_AFTER = 0.25
_WATCH_EVERY = 0.05
_MUCH_MEMORY = 32 << 20
_LONG = 0.5
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_exit = os._exit
_send_signal = os.kill


def run_child(
    slot: Slot,
    files: Sequence[str],
    options: dict[str, Any],
    code: UserCode,
    observer: Observer,
    descriptors: Sequence[int],
) -> None:
    """Never returns.

    Args:
        slot: where the facts go.
        files: one file, or a batch of which only those that are plain are parsed here.
        options: of the request.
        code: which files are the user's.
        observer: installed before the fork.
        descriptors: the parser's own, closed here.
    """
    me = os.getpid()
    status = 1
    try:
        _fence_in(slot, options, descriptors)
        _leave_traces(slot, observer)
        _load_plugins(options)
        if len(files) > 1:
            _parse_batch(slot, files, options, code, observer)
        else:
            _parse_alone(slot, files[0], options, code, observer, me)
        status = 0
    finally:
        if os.getpid() != me:
            _exit(0)
        _exit(status)


def _fence_in(slot: Slot, options: dict[str, Any], descriptors: Sequence[int]) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.dup2(slot.faults.fileno(), _FAULT_DESCRIPTOR)
    faulthandler.enable(_FAULT_DESCRIPTOR)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = options.get("memory")
    if limit:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    gc.set_threshold(50_000, 20, 20)
    gc.enable()
    os.chdir(options["cwd"])


def _leave_traces(slot: Slot, observer: Observer) -> None:
    """Tell the line behind a sudden end: `os._exit` raises no audit event, the others may not come back."""

    def leave(status: int) -> None:
        slot.write_place(observer.code.here())
        _exit(status)

    os._exit = leave  # type: ignore[assignment]
    observer.beacon = slot.write_place


def _load_plugins(options: dict[str, Any]) -> None:
    """Load the project's plugins before the first file, so that no file answers for what they do."""
    if options.get("has_plugins"):
        from airflow import plugins_manager

        plugins_manager.ensure_plugins_loaded()


def _watch(slot: Slot, code: UserCode) -> collections.Counter[tuple[str, int]]:
    """Write down again and again which line of the user's runs, once a file takes longer than most.

    Returns:
        how often each line was found running, as far as known.
    """
    main = threading.get_ident()
    seen: collections.Counter[tuple[str, int]] = collections.Counter()

    def watch() -> None:
        pause = _WATCH_AFTER
        while True:
            time.sleep(pause)
            pause = _WATCH_EVERY
            frame = sys._current_frames().get(main)
            place = None if frame is None else code.here(frame)
            if place is not None:
                slot.write_place(place)
                seen[place] += 1

    threading.Thread(target=watch, daemon=True).start()
    return seen


def _parse_batch(
    slot: Slot, files: Sequence[str], options: dict[str, Any], code: UserCode, observer: Observer
) -> None:
    """Parse the plain files; ask for a child of its own for every other, and for all after a surprise.

    Nobody watches here where a file hangs: it is parsed again alone.
    """
    threads = threading.active_count()
    alone = False
    from .shortcuts import take_shortcuts

    take_shortcuts()
    for index, path in enumerate(files):
        slot.begin(index)
        if alone or not _is_plain(path):
            slot.write({"file": path, "alone": True})
            continue
        record = _measure(path, options, code, observer)
        measured = record["measured"]
        took_much = measured["memory"] > _MUCH_MEMORY or measured["seconds"] > _LONG
        if record["behaviour"] or record["error"] or took_much or threading.active_count() != threads:
            alone = True
            slot.write({"file": path, "alone": True})
            continue
        slot.write(record)
        sys.modules.pop(_module_name(path), None)


def _module_name(path: str) -> str:
    """What DagBag calls the module of a DAG file; nothing refers to it once its facts are known."""
    stem = os.path.splitext(os.path.basename(path))[0]
    return f"unusual_prefix_{hashlib.sha1(path.encode()).hexdigest()}_{stem}"  # noqa: S324 -- as in Airflow


def _is_plain(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            source = read_source(stream.read())
    except OSError:
        return False
    return source is not None and source.is_plain()


def _parse_alone(
    slot: Slot, path: str, options: dict[str, Any], code: UserCode, observer: Observer, me: int
) -> None:
    faulthandler.dump_traceback_later(options["timeout"] + 0.5, exit=False, file=_FAULT_DESCRIPTOR)
    slot.begin(0)
    seen = _watch(slot, code)
    scale = LineScale(code) if options.get("weigh") else None
    if scale is not None:
        code.parse(path)
        scale.start()
    record = _measure(path, options, code, observer)
    if os.getpid() != me:
        _exit(0)
    record["measured"]["heaviest"] = scale.stop() if scale is not None else None
    record["measured"]["slowest"] = max(seen, key=lambda place: (seen[place], place), default=None)
    slot.write(record)
    _send_signal(os.getppid(), signal.SIGCHLD)  # the answer need not wait until this process is cleared away


def own_time() -> float:
    """A clock that stands still while other processes keep this one from running (where the system tells)."""
    now = time.monotonic()
    try:
        with open("/proc/thread-self/schedstat", encoding="ascii") as stream:
            return now - int(stream.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return now


def _measure(path: str, options: dict[str, Any], code: UserCode, observer: Observer) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = own_time()
    record = parse_file(path, code, observer, options)
    seconds = own_time() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    record["measured"] = {"seconds": round(seconds, 4), "memory": (after - before) * _RSS_UNIT}
    return record
