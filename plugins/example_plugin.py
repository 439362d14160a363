"""What Airflow loads at start: the macros and the listener of the example company."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin
from example_company import listener


def shout(text):
    """`{{ macros.example_company.shout(text) }}`."""
    return text.upper()


class ExampleCompanyPlugin(AirflowPlugin):
    name = "example_company"
    macros = [shout]
    listeners = [listener]
