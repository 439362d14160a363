"""An object comes in through S3, is counted, and the result goes out through S3.

Waiting is the sensor's work, reading the hook's, writing a plain boto3 client's: all three reach the
environment's own S3 without an endpoint in the code, exactly as they reach AWS on MWAA.
"""

from __future__ import annotations

import json

import boto3
import pendulum
from airflow.decorators import dag, task
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

BUCKET = "example-data"
INCOMING = "incoming/orders.csv"


@dag(
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz="UTC"),
    doc_md=__doc__,
    tags=["example", "s3"],
)
def s3_roundtrip():
    arrived = S3KeySensor(
        task_id="orders_arrived",
        bucket_name=BUCKET,
        bucket_key=INCOMING,
        poke_interval=2,
        timeout=60,
    )

    @task
    def count_orders() -> dict[str, int]:
        lines = S3Hook().read_key(INCOMING, bucket_name=BUCKET).splitlines()
        amounts = [int(line.split(",")[1]) for line in lines[1:]]
        return {"orders": len(amounts), "total": sum(amounts)}

    @task
    def publish(summary: dict[str, int], run_id: str | None = None) -> str:
        s3 = boto3.client("s3")
        body = json.dumps({**summary, "run_id": run_id}).encode()
        s3.put_object(Bucket=BUCKET, Key="outgoing/summary.json", Body=body)
        return f"s3://{BUCKET}/outgoing/summary.json"

    summary = count_orders()
    arrived >> summary
    publish(summary)


s3_roundtrip()
