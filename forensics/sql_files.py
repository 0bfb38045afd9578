"""SQL files: reads the queries and models, each in its own file beside the Python code that runs it."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def sql(name: str) -> str:
    """Return the text of a `.sql` file of this package, such as `lake/sql/copies` or `investigate/who/chain`."""
    return (resources.files("forensics") / f"{name}.sql").read_text(encoding="utf-8")
