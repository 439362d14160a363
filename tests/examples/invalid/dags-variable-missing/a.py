# a dag
from airflow.models import Variable

VALUE = Variable.get("variable_of_nobody")
