"""Origin: the case that a report or a bundle is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forensics.answers.report_answer import CaseState
    from forensics.answers.verify_answer import Custody


@dataclass(frozen=True, slots=True)
class Page:
    """A report's page, and the hashes of the files on addresses that its answer used."""

    content: bytes
    address_files: list[str]


@dataclass(frozen=True, slots=True)
class Origin:
    """The case that a report or bundle is compared with.

    `page` renders the report on a key under given circumstances; `answer` gives the bundle's answer.json. Both raise
    NotAnIdentifier.
    """

    now: CaseState
    manifest: Path
    log: Custody
    page: Callable[[str, CaseState], Page]
    answer: Callable[[str], bytes]
