"""docs/architecture.md names the rooms, imports and models that the code has."""

from __future__ import annotations

import re
import tomllib
from functools import cache

from tests.docs.pages import CHECKOUT, DOCS, prose

PAGE = DOCS / "architecture.md"
_WORD = re.compile(r"`(\w+)`")


@cache
def _contracts() -> list[dict[str, list[str]]]:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, list[str]]] = settings["tool"]["importlinter"]["contracts"]
    return contracts


def _layers() -> list[str]:
    """Return the rooms of the layers contract, the highest first."""
    return [room for layer in _contracts()[0]["layers"] for room in layer.split(" | ")]


def _importers() -> dict[str, set[str]]:
    """Return which rooms may import each protected room."""
    return {
        contract["protected_modules"][0].rpartition(".")[2]: {
            importer.rpartition(".")[2] for importer in contract["allowed_importers"]
        }
        for contract in _contracts()[1:]
    }


def _rooms() -> dict[str, set[str]]:
    """Return the rooms of the page's table, and what each may import."""
    section = prose(PAGE).partition("\n## Rooms\n")[2].partition("\n### ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    return {_WORD.findall(row[1])[0]: set(_WORD.findall(row[3])) for row in rows}


def test_the_rooms_are_those_of_the_import_contracts() -> None:
    assert _rooms().keys() == _importers().keys()
    shared = set(_layers()) - _rooms().keys()
    assert shared <= set(_WORD.findall(prose(PAGE).partition("Every room may import")[2].partition("\n\n")[0]))


def test_each_room_may_import_what_its_contracts_allow() -> None:
    importers = _importers()
    allowed = {room: {other for other in importers if room in importers[other]} for room in _rooms()}
    assert _rooms() == allowed


def test_every_model_is_in_the_page() -> None:
    models = {path.stem for path in (CHECKOUT / "forensics/attribution/sql").glob("*.sql")}
    assert models
    assert not models - set(_WORD.findall(PAGE.read_text(encoding="utf-8")))
