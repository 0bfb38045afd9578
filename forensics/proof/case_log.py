"""Case log: writes each command on a case to its custody log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from forensics.answers.canonical import answer_sha256
from forensics.lake.layout import Layout
from forensics.lake.pending import logged_database, logged_ingest
from forensics.proof import custody_log
from forensics.proof.custody_log import CaseHashes

T = TypeVar("T")


class CaseLog:
    """Writes to the custody log of a case.

    Args:
        layout: the case folder.
        version: the version of this package.
        is_kept: false for a temporary case, which has no log.
    """

    def __init__(self, layout: Layout, version: str, *, is_kept: bool) -> None:
        self._layout, self._version, self._is_kept = layout, version, is_kept
        self.note: str | None = None
        """Why a command was not logged, in one line; None if all were."""

    def add(
        self,
        command: str,
        parameters: Mapping[str, object],
        answer: T,
        *,
        sha256: str | None = None,
        hashes: CaseHashes | None = None,
    ) -> T:
        """Log a command and return its answer.

        Args:
            command: the name of the command.
            parameters: its parameters.
            answer: its answer.
            sha256: the hash of the answer; by default, that of its canonical JSON.
            hashes: the hashes of the case after a command that changed it.
        """
        if not self._is_kept:
            return answer
        if answer is not None and sha256 is None:
            sha256 = answer_sha256(answer)
        try:
            custody_log.append(
                self._layout.custody, command, parameters, version=self._version, answer_sha256=sha256, state=hashes
            )
        except OSError as error:
            self.note = f"{self._layout.root} cannot be written ({error.strerror}), so this command was not logged"
            return answer
        if command == "ingest":
            logged_ingest(self._layout)
        elif command == "build":
            logged_database(self._layout)
        return answer


def named_files(name: str, paths: Iterable[str | Path | None]) -> dict[str, object]:
    """Return files as a parameter for the custody log; no parameter if none was given."""
    given = [Path(path).absolute() for path in paths if path]
    return {name: given} if given else {}


def address_files(geo: Iterable[str | Path], ip_ranges: str | Path | None) -> dict[str, object]:
    """Return the files on addresses as parameters for the custody log."""
    return named_files("geo", geo) | named_files("ip_ranges", [ip_ranges])
