"""A hundred ways for a DAG file to hurt the process that parses it."""

from __future__ import annotations

_HEAD = "# an airflow dag\n"

_ENDINGS = {
    "exit": "import sys\nsys.exit({n})",
    "os-exit": "import os\nos._exit({n})",
    "system-exit": "raise SystemExit({n})",
    "keyboard-interrupt": "raise KeyboardInterrupt  # {n}",
    "generator-exit": "raise GeneratorExit  # {n}",
    "base-exception": "class Odd(BaseException):\n    pass\n\n\nraise Odd({n})",
    "abort": "import os\n{n}\nos.abort()",
    "segfault": "import ctypes\n{n}\nctypes.string_at(0)",
    "kill-self": "import os, signal\n{n}\nos.kill(os.getpid(), signal.SIGKILL)",
    "terminate-self": "import os, signal\n{n}\nos.kill(os.getpid(), signal.SIGTERM)",
    "exec": "import os\n{n}\nos.execv('/bin/true', ['true'])",
    "recursion": "def again():\n    return again()\n\n\nagain()  # {n}",
    "unprintable": "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\n\n\nraise Odd({n})",
    "kill-parent": "import os, signal\n{n}\nos.kill(os.getppid(), signal.SIGKILL)",
    "memory": "kept = bytearray({n} + (64 << 30))",
}
_HANGS = {
    "loop": "n = {n}\nwhile True:\n    n += 1",
    "sleep": "import time\n{n}\ntime.sleep(3600)",
    "swallow": "n = {n}\nwhile True:\n    try:\n        while True:\n            n += 1\n    except Exception:\n        pass",
    "no-alarm": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nn = {n}\nwhile True:\n    n += 1",
    "native": "import re\n{n}\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
    "stop": "import os, signal\n{n}\nos.kill(os.getpid(), signal.SIGSTOP)",
}
_TRICKS = {
    "fork": "import os\n{n}\nif os.fork() == 0:\n    os._exit(0)\nraise ValueError",
    "fork-goes-on": "import os\n{n}\nos.fork()\nraise ValueError",
    "daemon": "import os, time\n{n}\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\nraise ValueError",
    "close-all": "import os\n{n}\nos.closerange(0, 4096)\nraise ValueError",
    "change-directory": "import os\n{n}\nos.chdir('/')\nraise ValueError",
    "threads": "import threading, time\n{n}\nthreading.Thread(target=time.sleep, args=(600,)).start()\nraise ValueError",
    "handlers": "import signal\n{n}\nfor number in (2, 15, 17):\n    signal.signal(number, signal.SIG_IGN)\nraise ValueError",
    "wakeup": "import signal\n{n}\nsignal.set_wakeup_fd(-1)\nraise ValueError",
    "at-exit": "import atexit, time\n{n}\natexit.register(time.sleep, 600)\nraise ValueError",
    "leak": "kept = [bytes(1000) for _ in range(100_000)]\nraise ValueError  # {n}",
    "print": "print('x' * 1_000_000)\nraise ValueError  # {n}",
    "write-descriptors": "import os\nfor number in range(3, 260):\n    try:\n        os.write(number, b'{n}')\n    except OSError:\n        pass\nraise ValueError",
    "modules": "import sys\nfor name in list(sys.modules):\n    if name.startswith('airflow.models'):\n        del sys.modules[name]\nraise ValueError  # {n}",
    "patch-json": "import json\njson.dumps = None\nraise ValueError  # {n}",
    "recursion-limit": "import sys\nsys.setrecursionlimit(10**6)\nraise ValueError  # {n}",
}


def hostile_files() -> dict[str, str]:
    """Name and text of each file; the order does not matter."""
    files = {}
    for kinds, repeats in ((_ENDINGS, 3), (_HANGS, 3), (_TRICKS, 3)):
        for name, text in kinds.items():
            for n in range(repeats if kinds is not _HANGS else 2):
                files[f"{name}-{n}.py"] = _HEAD + text.replace("{n}", str(n + 1)) + "\n"
    return files
