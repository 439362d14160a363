from airflow.models import Variable
from airflow.providers.amazon.aws.hooks.s3 import S3Hook


def load():
    region = Variable.get("region_of_example")
    optional = Variable.get("optional_of_example", default_var=None)
    hook = S3Hook(aws_conn_id="lake_of_example")
    return hook.read_key("orders", bucket_name="bucket-of-example"), region, optional
