"""Makes the AWS calls named on the command line and says, as JSON, what came of each.

Runs with the interpreter under test. Everything that would leave the machine is denied by an audit hook and
listed under "outside", so that a hole in the redirection fails a test and reaches nobody.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

outside: list[str] = []


def deny(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        return
    target = arguments[1] if event in {"socket.connect", "socket.sendto"} else arguments[0]
    host = target[0] if isinstance(target, tuple) else target
    if isinstance(target, tuple | str | bytes) and str(host) not in {
        "127.0.0.1",
        "localhost",
        "::1",
        "b'127.0.0.1'",
    }:
        outside.append(f"{event} {host}")
        raise PermissionError(f"a test denies {event} {host}")


sys.addaudithook(deny)

import boto3  # noqa: E402 -- after the hook, like a task's own code
import botocore.session  # noqa: E402
import botocore.utils  # noqa: E402
from botocore.config import Config  # noqa: E402

ONCE = Config(retries={"max_attempts": 0}, connect_timeout=2, read_timeout=60)


def client(service: str, **options: Any) -> Any:
    return boto3.client(service, config=ONCE, **options)


def core_client(service: str) -> Any:
    return botocore.session.get_session().create_client(service)


def styled(**s3: Any) -> Any:
    return boto3.client("s3", config=ONCE.merge(Config(s3=cast("Any", s3))))


def fetch(url: str) -> Any:
    import urllib.request  # noqa: PLC0415

    return urllib.request.urlopen(url, timeout=2).status  # noqa: S310 -- URLs of this file


def hook_session(connection: str) -> Any:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook  # noqa: PLC0415

    hook = AwsBaseHook(connection, client_type="sts")
    return hook.get_conn().get_caller_identity()["Arn"]


def s3_hook(connection: str) -> Any:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook  # noqa: PLC0415

    return S3Hook(connection).check_for_bucket("probe-bucket")


def passed_through(service: str) -> Any:
    made = client(service, region_name="us-east-1")
    return made._request_signer._credentials.access_key


CALLS: dict[str, Callable[[], Any]] = {
    "s3": lambda: client("s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"],
    "s3-create": lambda: client("s3").create_bucket(Bucket="probe-bucket")["ResponseMetadata"][
        "HTTPStatusCode"
    ],
    "s3-virtual-hosted": lambda: styled(addressing_style="virtual").list_objects_v2(Bucket="probe-bucket")[
        "Name"
    ],
    "s3-accelerate": lambda: styled(use_accelerate_endpoint=True).list_objects_v2(Bucket="probe-bucket")[
        "Name"
    ],
    "s3-resource": lambda: len(list(boto3.resource("s3").Bucket("probe-bucket").objects.all())),
    "s3-presigned": lambda: client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": "probe-bucket", "Key": "a"}
    ),
    "s3-other-region": lambda: client("s3", region_name="eu-west-1").list_buckets()["ResponseMetadata"][
        "HTTPStatusCode"
    ],
    "session": lambda: core_client("s3").list_buckets()["ResponseMetadata"]["HTTPStatusCode"],
    "sts": lambda: client("sts").get_caller_identity()["Account"],
    "sqs": lambda: client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"],
    "sns": lambda: client("sns").list_topics()["Topics"],
    "ssm": lambda: client("ssm").describe_parameters()["Parameters"],
    "secretsmanager": lambda: client("secretsmanager").list_secrets()["SecretList"],
    "kms": lambda: client("kms").list_keys()["ResponseMetadata"]["HTTPStatusCode"],
    "iam": lambda: client("iam").list_roles()["ResponseMetadata"]["HTTPStatusCode"],
    "logs": lambda: client("logs").describe_log_groups()["logGroups"],
    "events": lambda: client("events").list_rules()["Rules"],
    "cloudwatch": lambda: client("cloudwatch").list_metrics()["ResponseMetadata"]["HTTPStatusCode"],
    "credentials": lambda: boto3.Session().get_credentials().access_key,  # type: ignore[union-attr]
    "profile": lambda: boto3.Session(profile_name="production").get_credentials(),
    "glue": lambda: client("glue").get_jobs(),
    "athena": lambda: client("athena").list_work_groups(),
    "emr": lambda: client("emr").list_clusters(),
    "redshift-data": lambda: client("redshift-data").list_statements(),
    "batch": lambda: client("batch").describe_job_queues(),
    "ecs": lambda: client("ecs").list_clusters(),
    "eks": lambda: client("eks").list_clusters(),
    "sagemaker": lambda: client("sagemaker").list_models(),
    "lambda": lambda: client("lambda").list_functions(),
    "dynamodb": lambda: client("dynamodb").list_tables(),
    "explicit-s3": lambda: client("s3", endpoint_url="https://s3.amazonaws.com").list_buckets(),
    "explicit-china": lambda: client(
        "s3", endpoint_url="https://s3.cn-north-1.amazonaws.com.cn"
    ).list_buckets(),
    "explicit-glue": lambda: client("glue", endpoint_url="https://glue.us-east-1.amazonaws.com").get_jobs(),
    "explicit-local": lambda: client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).list_buckets()[
        "ResponseMetadata"
    ]["HTTPStatusCode"],
    "metadata": lambda: botocore.utils.InstanceMetadataFetcher(
        timeout=1, num_attempts=1, env={}
    ).retrieve_iam_role_credentials(),
    "metadata-by-http": lambda: fetch("http://169.254.169.254/latest/meta-data/"),
    "virtual-host-by-http": lambda: fetch("https://probe-bucket.s3.amazonaws.com/key"),
    "hook": lambda: hook_session("aws_default"),
    "hook-with-role": lambda: hook_session("with_role"),
    "s3-hook": lambda: s3_hook("aws_default"),
    "glue-credentials": lambda: passed_through("glue"),
    "s3-credentials": lambda: passed_through("s3"),
}


def attempt(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"answer": call()}
    except Exception as error:  # noqa: BLE001 -- the test judges every outcome
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return {"error": type(error).__name__, "kinds": kinds, "message": str(error)}


results = {name: attempt(CALLS[name]) for name in sys.argv[1:]}
sys.stdout.write("#" + json.dumps({"results": results, "outside": outside}, default=str) + "\n")
