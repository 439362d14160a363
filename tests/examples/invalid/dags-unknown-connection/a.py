from datetime import datetime

from airflow import DAG
from airflow.providers.postgres.operators.postgres import PostgresOperator

with DAG("example", start_date=datetime(2023, 1, 1), schedule="@daily") as dag:
    PostgresOperator(task_id="a", sql="select 1", postgres_conn_id="warehouse_of_nobody")
