# a DAG file of the 1.10 era
from airflow.operators import HttpSensor, S3KeySensor
