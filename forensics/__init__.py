"""Answers who requested an AWS credential, and what was done with it, from CloudTrail logs alone.

Example:
    from forensics import Case
    Case.from_logs("sample_logs").who("ASIA...").actor
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Case", "__version__"]

if TYPE_CHECKING:
    from forensics.case import Case


def __getattr__(name: str) -> object:
    if name == "Case":  # imported on first use, because `forensics --help` needs no database
        from forensics.case import Case

        return Case
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
