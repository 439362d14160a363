"""`python -m harness` is `mwaa-harness`."""

from __future__ import annotations

import sys

from harness.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
