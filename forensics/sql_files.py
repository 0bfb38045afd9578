"""SQL files: queries and models, each in a file of its own beside the Python that runs it."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def sql(name: str) -> str:
    """Return the text of a `.sql` file of this package, such as `lake/sql/copies` or `investigate/who/chain`."""
    return (resources.files("forensics") / f"{name}.sql").read_text(encoding="utf-8")
