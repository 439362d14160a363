# an airflow dag
import time

time.sleep(2.2)
