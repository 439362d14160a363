# an airflow dag
def load():
    return [0] * 10


NUMBERS = b"x" * (64 << 20)
ROWS = load()
