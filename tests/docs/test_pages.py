"""Pages lead to what exists: links, files of the checkout, and citations of `docs/` in the code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import (
    CHECKOUT,
    DOCS,
    PAGES,
    anchors,
    headings,
    links,
    undefined_references,
    unused_definitions,
)

CITING = ("forensics", "tests", "queries")
_FILE = re.compile(r"`((?:\.ci|forensics|notebooks|queries|sample_logs|tests)/[\w./-]*)`")
_CITATION = re.compile(r"docs/([\w-]+\.md)(?:#([\w-]+))?")
_OLD_CITATION = re.compile(r"\b(?:reference|design)(?:'s|,)?\W+(?:sections?|fact)\s+\d", re.IGNORECASE)


def _name(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


def _citing() -> Iterator[Path]:
    for name in CITING:
        found = (CHECKOUT / name).rglob("*")
        yield from (file for file in found if file.suffix in (".py", ".sql") and file != Path(__file__))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_links_of_a_page_resolve(page: Path) -> None:
    for link in links(page):
        target, _, heading = link.partition("#")
        if target.startswith(("http:", "https:")):
            continue
        file = page.parent / target if target else page
        assert file.exists(), link
        assert not heading or heading in anchors(file), link
    assert not undefined_references(page)
    assert not unused_definitions(page)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_the_files_that_a_page_names_exist(page: Path) -> None:
    named = _FILE.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if not (CHECKOUT / path).exists()] == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=_name)
def test_no_two_headings_of_a_page_are_alike(page: Path) -> None:
    assert [heading for heading, times in Counter(headings(page)).items() if times > 1] == []


def test_every_citation_of_the_docs_leads_to_a_heading() -> None:
    cited = 0
    for path in _citing():
        for page, heading in _CITATION.findall(path.read_text(encoding="utf-8")):
            cited += 1
            assert (DOCS / page).exists(), f"{path}: docs/{page}"
            assert not heading or heading in anchors(DOCS / page), f"{path}: docs/{page}#{heading}"
    assert cited > 50


def test_nothing_cites_a_document_that_is_not_in_the_project() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}: {match.group()}"
        for path in _citing()
        for match in _OLD_CITATION.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not found
