# dag
from airflow.contrib.operators.emr_create_job_flow_operator import EmrCreateJobFlowOperator
