"""How LocalStack is started: quiet, on loopback, keeping everything below one folder. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.runtime.ports import LOOPBACK

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = (
    "s3",
    "sqs",
    "sns",
    "sts",
    "iam",
    "kms",
    "logs",
    "cloudwatch",
    "events",
    "secretsmanager",
    "ssm",
)
"""What is emulated. A new name needs nothing else; Lambda stays off because it needs Docker."""

HEALTH_PATH = "/_localstack/health"


def localstack_command(python: Path, inside_folder: Path) -> tuple[str, ...]:
    """The command that runs LocalStack with the interpreter of its own environment."""
    return (str(python), str(inside_folder / "start_localstack.py"))


def localstack_variables(port: int, folder: Path) -> dict[str, str]:
    """LocalStack's whole configuration: it keeps its files in `folder` and never asks the internet."""
    return {
        "GATEWAY_LISTEN": f"{LOOPBACK}:{port}",
        "LOCALSTACK_HOST": f"{LOOPBACK}:{port}",
        "SERVICES": ",".join(SERVICES),
        "STRICT_SERVICE_LOADING": "1",
        "EAGER_SERVICE_LOADING": "0",
        "PERSISTENCE": "0",
        "SQS_ENDPOINT_STRATEGY": "path",
        "SQS_DISABLE_CLOUDWATCH_METRICS": "1",
        "DNS_ADDRESS": "0",
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "SKIP_INFRA_DOWNLOADS": "1",
        "ALLOW_NONSTANDARD_REGIONS": "1",
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(folder / "root"),
        "LOCALSTACK_VOLUME_DIR": str(folder / "volume"),
        "TMPDIR": str(folder / "tmp"),
        "HOME": str(folder),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LOCALSTACK_RESPONSE_HEADER_ENABLED": "0",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def localstack_folders(folder: Path) -> tuple[Path, ...]:
    """The folders that must exist before LocalStack starts."""
    return (folder / "root", folder / "volume", folder / "tmp")
