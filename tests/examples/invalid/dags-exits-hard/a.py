# an airflow dag
import os

os._exit(0)
