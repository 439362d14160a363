"""A producer updates a dataset; the consumer's run is created by that update, not by a clock."""

from __future__ import annotations

import boto3
import pendulum
from airflow.datasets import Dataset
from airflow.decorators import dag, task

BUCKET = "example-data"
KEY = "datasets/prices.csv"
PRICES = Dataset(f"s3://{BUCKET}/{KEY}")
START = pendulum.datetime(2024, 1, 1, tz="UTC")


@dag(schedule=None, start_date=START, tags=["example", "dataset"])
def dataset_producer():
    @task(outlets=[PRICES])
    def write_prices():
        boto3.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=b"apple,3\npear,4\n")

    write_prices()


@dag(schedule=[PRICES], start_date=START, tags=["example", "dataset"])
def dataset_consumer():
    @task
    def read_prices() -> int:
        body = boto3.client("s3").get_object(Bucket=BUCKET, Key=KEY)["Body"].read().decode()
        return sum(int(line.split(",")[1]) for line in body.splitlines())

    read_prices()


dataset_producer()
dataset_consumer()
