# a dag
from airflow.models import Variable

VALUE = Variable.get("whatever", default_var="x")
