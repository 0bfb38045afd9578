"""Folder check: verifies log files by the digests beside them, without a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from forensics.errors import NotChecked
from forensics.files.path_text import as_text
from forensics.sources.paths import find_files

if TYPE_CHECKING:
    from forensics.answers.verify_answer import Verification


def verify_logs(
    paths: Iterable[str | Path],
    *,
    keys: Iterable[str | Path] = (),
    bucket: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _files: None,
) -> Verification:
    """Return the verification of the log files in some folders by the digests there. No case is created.

    Args:
        paths: files and folders of logs and digests.
        keys: files of public keys.
        bucket: the bucket that the logs were copied from; files that AWS delivered elsewhere are reported as moved.
        progress: called with the number of files done, and with that of all files.

    Raises:
        NoSuchSource: a path does not exist.
        NotChecked: a worker process was killed.
    """
    from forensics.answers.ingest_answer import Unread
    from forensics.digests import record_places
    from forensics.digests.digest_tables import create_tables
    from forensics.digests.folder_digests import HashingFailed, load
    from forensics.digests.hasher import ToHash
    from forensics.investigate.case.verification import verification

    named = [Path(path) for path in paths]
    found = find_files([*named, *(Path(path) for path in keys)])
    skipped = tuple(Unread(file.name, "skipped", file.skipped) for file in found if file.skipped)
    files = [ToHash(file.path, file.name, file.size) for file in found if not file.skipped]
    done = Counter[str]()

    def add_progress(more: int) -> None:
        done["files"] += more
        progress(done["files"], len(files))

    with duckdb.connect(":memory:") as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            load(connection, files, add_progress)
        except HashingFailed as error:
            raise NotChecked(str(error)) from None
        record_places.create_table(connection)
        create_tables(connection, partial(record_places.read_places, connection))
        answer = verification(connection, ", ".join(map(as_text, named)), bucket)
        return replace(answer, skipped=skipped)
