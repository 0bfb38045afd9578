"""docs/attribution.md names what the models and answers name."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs.pages import CHECKOUT, DOCS, headings, names

PAGE = DOCS / "attribution.md"
PACKAGE = CHECKOUT / "forensics"
ENUMS = ("ActorKind", "StopReason", "Grade", "Agreement", "State", "Action", "Relation")

_CASE = re.compile(r"\bcase\b((?:(?!\bcase\b).)*?)\bend as (\w+)", re.DOTALL)
_CONSTANT = re.compile(r"'(\w+)'(?: as (\w+))?")


def _enum(name: str) -> set[str]:
    """Return the values of an enum of the package, wherever its module is."""
    declared = re.compile(rf"^class {name}\(StrEnum\):$", re.MULTILINE)
    texts = (path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    (text,) = (text for text in texts if declared.search(text))
    body = next(node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == name).body
    values = [node.value for node in body if isinstance(node, ast.Assign)]
    return {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}


def _in_models(column: str) -> set[str]:
    """Return the constants that the models write into a column."""
    found: set[str] = set()
    for path in PACKAGE.rglob("attribution/sql/*.sql"):
        text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
        found |= {value for value, name in _CONSTANT.findall(text) if name == column}
        for body, name in _CASE.findall(text):
            if name == column:
                found |= set(re.findall(r"\b(?:then|else)\s+'(\w+)'", body))
    return found


def _rules_in_python() -> set[str]:
    """Return the rules that answers add to those of the models."""
    calls = re.compile(r"\b_link\(\s*\"(\w+)\"")
    return {rule for path in PACKAGE.rglob("*.py") for rule in calls.findall(path.read_text(encoding="utf-8"))}


def test_the_readers_of_the_models_find_something() -> None:
    assert {"issued_key", "user_and_time", "role_name_and_time"} <= _in_models("rule")
    assert {"workload", "cycle", "long_term_key"} <= _in_models("stop_reason")
    assert {"on_behalf_of", "forward_access"} <= _rules_in_python()


def test_every_rule_has_a_heading() -> None:
    assert _in_models("rule") | _rules_in_python() <= set(headings(PAGE))


@pytest.mark.parametrize("column", ["stop_reason", "actor_kind", "grade", "relation", "workload_type"])
def test_every_value_that_the_models_write_is_in_the_page(column: str) -> None:
    found = _in_models(column)
    assert found
    assert not found - set(re.findall(r"`([^`\n]+)`", PAGE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("enum", ENUMS)
def test_every_value_of_an_answer_is_in_a_table_of_the_page(enum: str) -> None:
    assert not _enum(enum) - names(PAGE)


def test_the_python_of_the_page_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, {})
