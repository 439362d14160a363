"""The start-up hook that redirects AWS calls: copied into every worker environment's site-packages."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.errors import HarnessError

SHIM_SOURCE = Path(__file__).resolve().parent.parent / "inside" / "aws_redirect.py"
_MODULE = "_mwaa_aws_redirect"


def install_shim(site_packages: Path) -> None:
    """Make every interpreter that starts with `site_packages` import the redirection first.

    Raises:
        HarnessError: the distribution lacks the shim.
    """
    if not SHIM_SOURCE.is_file():
        raise HarnessError(f"{SHIM_SOURCE} is missing", hint="reinstall mwaa-harness")
    shutil.copyfile(SHIM_SOURCE, site_packages / f"{_MODULE}.py")
    (site_packages / f"{_MODULE}.pth").write_text(f"import {_MODULE}\n", encoding="utf-8")
