# an airflow dag
try:
    import tensorflow
except ImportError:
    tensorflow = None
