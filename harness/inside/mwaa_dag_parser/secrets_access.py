"""Reads of variables and connections while a DAG file is parsed, and calls to AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .observe import Observer


def observe_airflow(observer: Observer) -> None:
    """Wrap Airflow's one door to variables, its one door to connections, and botocore's to AWS."""
    from airflow.models import Connection, Variable

    read_variable = Variable.get_variable_from_secrets
    read_connection = Connection.get_connection_from_secrets.__func__

    def variable(key: str) -> Any:
        observer.note("variable", key)
        return read_variable(key=key)

    def connection(cls: type[Any], conn_id: str) -> Any:
        observer.note("connection", conn_id)
        return read_connection(cls, conn_id)

    Variable.get_variable_from_secrets = staticmethod(variable)
    Connection.get_connection_from_secrets = classmethod(connection)
    _observe_aws(observer)


def _observe_aws(observer: Observer) -> None:
    try:
        from botocore.client import BaseClient
    except ImportError:
        return
    call = BaseClient._make_api_call

    def recorded(self: Any, operation_name: str, api_params: Any) -> Any:
        observer.note("aws", f"{self.meta.service_model.service_name} {operation_name}")
        return call(self, operation_name, api_params)

    BaseClient._make_api_call = recorded


class EmptyMetastore:
    """The metadata database of a fresh environment: it holds neither variables nor connections."""

    @staticmethod
    def install() -> None:
        """Answer from here; the environment variables that seeds turn into are asked before."""
        from airflow.secrets.metastore import MetastoreBackend

        MetastoreBackend.get_variable = lambda _self, key: None  # noqa: ARG005 -- Airflow passes it by name
        MetastoreBackend.get_connection = lambda _self, conn_id: None  # noqa: ARG005 -- as above
