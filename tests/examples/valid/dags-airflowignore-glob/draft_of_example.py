import nothing_at_all  # airflow dag
