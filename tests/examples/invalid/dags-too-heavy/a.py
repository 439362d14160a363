# an airflow dag
def load():
    return b"x" * (128 << 20)


SIZE = len(load())
