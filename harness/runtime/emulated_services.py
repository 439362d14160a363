"""Which AWS services answer inside an environment, and the variables that tell the redirection so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.runtime.localstack import SERVICES

if TYPE_CHECKING:
    from harness.config.model import LocalSettings

EMULATED_SERVICES = frozenset(SERVICES)
"""Service names as botocore spells them; each was seen to answer in LocalStack 4.7 without Docker."""


def redirection_variables(local: LocalSettings, endpoint_url: str) -> dict[str, str]:
    """What `harness/inside/aws_redirect.py` reads: where AWS calls go and which are let through."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "MWAA_HARNESS_EMULATED_SERVICES": ",".join(sorted(EMULATED_SERVICES)),
        "MWAA_HARNESS_PASSTHROUGH": ",".join(local.passthrough),
    }
