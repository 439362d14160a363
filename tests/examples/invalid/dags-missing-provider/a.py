# dag
from airflow.providers.snowflake.operators.snowflake import SnowflakeOperator
