# an airflow dag
def broken(:
    pass
