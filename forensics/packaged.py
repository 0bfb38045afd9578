"""Packaged: the folders of the checkout that ship with the package, wherever that is installed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def packaged_folder(name: str) -> Path:
    """`queries` or `sample_logs`, of the installed package, else of the checkout."""
    room = Path(str(resources.files("forensics")))
    installed = room / "_data" / name
    return installed if installed.is_dir() else room.parent / name
