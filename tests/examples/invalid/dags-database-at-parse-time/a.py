# a dag
from airflow.models import DagRun
from airflow.settings import Session

Session().query(DagRun).count()
