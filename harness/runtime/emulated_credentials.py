"""The dummy AWS credentials everything inside an environment uses, and seeds and the control plane too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.config.model import LocalSettings

SECRET_ACCESS_KEY = "mwaa-harness-dummy"  # noqa: S105  # opens nothing: LocalStack checks no signature


def emulated_credentials(local: LocalSettings) -> dict[str, str]:
    """Variables with credentials that LocalStack files under the account of the settings.

    LocalStack takes an access key of twelve digits as the account's id; any other key means account
    000000000000, whose secrets and parameters a task could not see.
    """
    return {"AWS_ACCESS_KEY_ID": local.account_id, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}
