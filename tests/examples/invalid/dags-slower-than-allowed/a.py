# an airflow dag
import time

time.sleep(0.05)
time.sleep(1.5)
