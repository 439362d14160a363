"""The Airflow releases a project may name. What each one consists of is the worker environment's matrix."""

from __future__ import annotations

SUPPORTED_VERSIONS = ("2.5.1",)
