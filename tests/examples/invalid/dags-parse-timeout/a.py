# an airflow dag
import time


def fetch():
    time.sleep(60)


fetch()
