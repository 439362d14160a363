"""Operators of the example company; DAGs import them as `example_company.operators`."""

from __future__ import annotations

from airflow.models.baseoperator import BaseOperator


class GreetOperator(BaseOperator):
    """Greets `whom` (templated) in the log and returns the greeting."""

    template_fields = ("whom",)

    def __init__(self, *, whom, **kwargs):
        super().__init__(**kwargs)
        self.whom = whom

    def execute(self, context):
        greeting = f"Hello, {self.whom}!"
        self.log.info(greeting)
        return greeting
