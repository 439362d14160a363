from datetime import datetime

from airflow import DAG
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

with DAG("example", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    S3KeySensor(task_id="a", bucket_key="s3://bucket-of-nobody/key")
