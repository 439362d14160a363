# an airflow dag
import tempfile

with tempfile.NamedTemporaryFile() as stream:
    stream.write(b"x")
