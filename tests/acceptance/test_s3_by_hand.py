"""The AWS CLI against the printed endpoint: a DAG that was copied to the bucket runs, and writes to S3."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import uv

from harness.runner.run_state import RunKey
from harness.waiting import NotYet, Ready, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.environments import CommandProject

pytestmark = [pytest.mark.environment, pytest.mark.slow, pytest.mark.network]

AWS_CLI = "awscli==1.46.2"
NEW_DAG = """
from datetime import datetime

import boto3
from airflow.decorators import dag, task


@dag("put_by_hand", start_date=datetime(2023, 1, 1), schedule=None, is_paused_upon_creation=False)
def put_by_hand():
    @task
    def write():
        boto3.client("s3").put_object(Bucket="BUCKET", Key="out/report.txt", Body=b"written by a task")

    write()


put_by_hand()
"""


def test_a_dag_copied_to_the_bucket_runs_and_writes_to_s3(
    shared_environment: CommandProject, tmp_path: Path
) -> None:
    printed = json.loads(shared_environment.succeed("open", "--json").stdout)
    bucket, shell = printed["bucket"], shared_environment.environ

    def aws(*arguments: str) -> str:
        """Run the AWS CLI as the hint of `mwaa-harness open` says."""
        tool = (uv.find_uv_bin(), "tool", "run", "--quiet", "--python", sys.executable, "--from", AWS_CLI)
        done = subprocess.run(
            [*tool, "aws", "--endpoint-url", printed["aws_endpoint_url"], *arguments],
            env={
                **shell,
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_DEFAULT_REGION": printed["region"],
            },
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    new_dag = tmp_path / "put_by_hand.py"
    new_dag.write_text(NEW_DAG.replace("BUCKET", bucket), encoding="utf-8")

    aws("s3", "cp", str(new_dag), f"s3://{bucket}/dags/put_by_hand.py")

    shared_environment.await_dag("put_by_hand")
    key = RunKey("put_by_hand", tmp_path.name)
    with shared_environment.api() as api, shared_environment.metadata() as metadata:
        api.trigger(key, {}, None)

        def answer() -> Ready | NotYet:
            run = metadata.runs([key])[key]
            assert run.state != "failed"
            return Ready("success") if run.state == "success" else NotYet(str(run))

        wait_until(answer, subject="the run", seconds=180)
    assert aws("s3", "cp", f"s3://{bucket}/out/report.txt", "-") == "written by a task"

    aws("s3", "rm", f"s3://{bucket}/dags/put_by_hand.py")

    with shared_environment.metadata() as metadata:

        def is_gone() -> Ready | NotYet:
            return NotYet("still active") if metadata.known_dags(["put_by_hand"]) else Ready("gone")

        wait_until(is_gone, subject="the end of the removed DAG", seconds=180)
