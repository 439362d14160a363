from datetime import datetime

from airflow import DAG

dag = DAG("x", start_date=datetime(2023, 1, 1), schedule="@daily")
