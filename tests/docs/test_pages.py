"""Pages lead to what exists: links, and files of the checkout."""

from __future__ import annotations

import re
from collections import Counter
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

_FILE = re.compile(r"`((?:\.ci|forensics|notebooks|queries|sample_logs|tests)/[\w./-]*)`")


def _name(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


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
