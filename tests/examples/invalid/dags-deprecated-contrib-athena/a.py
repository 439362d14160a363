# dag
from airflow.contrib.operators.aws_athena_operator import AWSAthenaOperator
