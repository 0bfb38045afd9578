"""The structure that a newcomer relies on: short files, unique names, and an API without logic."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "forensics"
MODULES = {file.relative_to(PACKAGE).as_posix(): ast.parse(file.read_text()) for file in PACKAGE.rglob("*.py")}
QUERIES = PACKAGE.parent / "queries"
LONGEST = 450
WIDEST = 120
STATEMENTS = 6
# a command of the CLI has the name of what it shows
COMMANDS = "cli/"


@pytest.mark.parametrize("file", sorted(MODULES))
def test_a_module_has_at_most_450_lines(file: str) -> None:
    assert len((PACKAGE / file).read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("file", sorted([*PACKAGE.rglob("*.sql"), *QUERIES.glob("*.sql")]), ids=lambda file: file.stem)
def test_a_line_of_sql_has_at_most_120_characters(file: Path) -> None:
    assert [line for line in file.read_text().splitlines() if len(line) > WIDEST] == []


def test_no_two_modules_have_one_name() -> None:
    files = [file for file in MODULES if not file.endswith("__init__.py") and not file.startswith(COMMANDS)]
    assert _repeated((Path(file).stem, file) for file in files) == {}


def test_no_two_classes_have_one_name() -> None:
    classes = (
        (node.name, file)
        for file, module in MODULES.items()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    )
    assert _repeated(classes) == {}


@pytest.mark.parametrize("file", ["case.py", "case_tables.py", "case_folder.py"])
def test_no_method_of_a_case_has_more_than_six_statements(file: str) -> None:
    """Imports and docstrings are not counted."""
    for method in ast.walk(MODULES[file]):
        if isinstance(method, ast.FunctionDef):
            body = [node for node in method.body if not isinstance(node, (ast.ImportFrom, ast.Import))]
            assert len(body) - bool(ast.get_docstring(method)) <= STATEMENTS, method.name


def _repeated(names: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    files = defaultdict(list)
    for name, file in names:
        files[name].append(file)
    return {name: found for name, found in files.items() if len(found) > 1}
