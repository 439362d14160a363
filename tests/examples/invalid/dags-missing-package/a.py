# an airflow dag
import docker
