"""Every rule of every check. Adding a check is a module and a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.checks import configuration, plugins, startup_script
from harness.checks.dags import rules as dag_rules
from harness.checks.requirements import rules as requirements_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.checks.base import Rule

RULE_BOOK: Mapping[str, Rule] = {
    **dag_rules.RULES,
    **requirements_rules.RULES,
    **plugins.RULES,
    **startup_script.RULES,
    **configuration.RULES,
}
"""All rules by id; ids are unique across checks."""
