"""Pages: their headings, links and tables, read without a Markdown library."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent.parent
DOCS = CHECKOUT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), *sorted(CHECKOUT.glob("*.md")), CHECKOUT / "sample_logs" / "README.md"]
_CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_REFERENCE = re.compile(r"(?<![\w\]`])\[([A-Za-z][\w-]*)\](?![(:\[`])")
_DEFINITION = re.compile(r"^\[([^\]]+)\]: (\S+)$", re.MULTILINE)


def prose(page: Path) -> str:
    """Return the text of a page without its code blocks."""
    return _CODE_BLOCK.sub("", page.read_text(encoding="utf-8"))


def headings(page: Path) -> list[str]:
    """Return the headings of a page, in order."""
    return _HEADING.findall(prose(page))


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading that no other heading of its page repeats."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page."""
    return {anchor(heading) for heading in headings(page)}


def links(page: Path) -> list[str]:
    """Return the targets of a page's links, of inline links and of definitions."""
    text = prose(page)
    return _LINK.findall(text) + [target for _, target in _DEFINITION.findall(text)]


def undefined_references(page: Path) -> set[str]:
    """Return the names in `[name]` links that the page does not define."""
    text = prose(page)
    return set(_REFERENCE.findall(_CODE.sub("", text))) - {name for name, _ in _DEFINITION.findall(text)}


def unused_definitions(page: Path) -> set[str]:
    """Return the names that the page defines and no `[name]` link uses."""
    text = prose(page)
    return {name for name, _ in _DEFINITION.findall(text)} - set(_REFERENCE.findall(text))


def names(page: Path) -> set[str]:
    """Return the words in backticks in a page's tables, and its headings."""
    rows = "\n".join(line for line in prose(page).splitlines() if line.startswith("|"))
    return set(re.findall(r"`([^`]+)`", rows)) | set(headings(page))
