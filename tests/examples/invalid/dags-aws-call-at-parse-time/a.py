# an airflow dag
import boto3
from botocore.config import Config

try:
    boto3.client("s3", config=Config(retries={"max_attempts": 0})).list_buckets()
except Exception:
    pass
