# a dag of airflow 1.10
from airflow.sensors.s3_prefix_sensor import S3PrefixSensor
