"""How a command writes its answer."""

from __future__ import annotations

from enum import Enum


class AnswerFormat(Enum):
    """For people, or for programs."""

    TEXT = "text"
    JSON = "json"

    @property
    def is_json(self) -> bool:
        return self is AnswerFormat.JSON
