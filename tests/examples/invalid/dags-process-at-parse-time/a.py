# an airflow dag
import subprocess

subprocess.run(["true"], check=True)
