# a dag
from airflow.hooks.base import BaseHook

try:
    BaseHook.get_connection("connection_of_nobody")
except Exception:
    pass
