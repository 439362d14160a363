# an airflow dag
import os

os.chdir("/")
