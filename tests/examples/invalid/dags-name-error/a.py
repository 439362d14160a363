# an airflow dag
def outer():
    return missing


outer()
