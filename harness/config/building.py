"""From values by path ("local.runtime") to the typed settings, and from the model to default values."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from harness.config import quotas
from harness.config.model import (
    EnvironmentSettings,
    LocalSettings,
    LoggingSettings,
    LogLevel,
    ModuleLogging,
    RuntimeChoice,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_MICRO_DEFAULTS = {
    "environment.schedulers": quotas.MICRO_SCHEDULERS.least,
    "environment.min_webservers": quotas.MICRO_WEBSERVERS.least,
    "environment.max_webservers": quotas.MICRO_WEBSERVERS.most,
}


def default_values(given: Mapping[str, Any]) -> dict[str, Any]:
    """Every option's default, by path. Some follow from what is given: mw1.micro has one scheduler."""
    values = dict(_walk(Settings(), ""))
    if given.get("environment.environment_class") == quotas.MICRO:
        values |= _MICRO_DEFAULTS
    return values


def build_settings(values: Mapping[str, Any]) -> Settings:
    """The settings that `values`, one for every option, stand for."""
    modules = {module.name: _module(values, module.name) for module in fields(LoggingSettings)}
    environment = _section(values, "environment") | {"logging": LoggingSettings(**modules)}
    local = _section(values, "local")
    local["runtime"] = RuntimeChoice(local["runtime"])
    return Settings(EnvironmentSettings(**environment), LocalSettings(**local))


def _module(values: Mapping[str, Any], name: str) -> ModuleLogging:
    section = _section(values, f"environment.logging.{name}")
    return ModuleLogging(enabled=section["enabled"], log_level=LogLevel(section["log_level"]))


def _section(values: Mapping[str, Any], section: str) -> dict[str, Any]:
    prefix = f"{section}."
    keys = {path: path.removeprefix(prefix) for path in values if path.startswith(prefix)}
    return {key: values[path] for path, key in keys.items() if "." not in key}


def _walk(part: Any, prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for item in fields(part):
        value = getattr(part, item.name)
        path = f"{prefix}{item.name}"
        if is_dataclass(value):
            found += _walk(value, f"{path}.")
        else:
            found.append((path, value.value if isinstance(value, Enum) else value))
    return found
