"""Origin: the case that a report or bundle is created from, and later compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from forensics.answers.report_answer import CaseState
from forensics.investigate.evidence import check_cited
from forensics.lake import manifest as manifests
from forensics.lake.integrity import fingerprint
from forensics.lake.layout import Layout, about

if TYPE_CHECKING:
    from forensics.answers.key_answer import Key
    from forensics.answers.report_answer import Report
    from forensics.answers.verify_answer import Custody
    from forensics.identifiers import Identifier
    from forensics.investigate.key.address_context import AddressContext
    from forensics.investigate.key.counted_calls import CallCriteria


@dataclass(frozen=True, slots=True)
class Origin:
    """A case, as reports and bundles use it.

    Args:
        layout: the case folder.
        state: the current state of the case.
        log: its custody log.
        connected: checks every lake file, and opens the database. Raises ChangedLake.
        context: the address databases and ip-ranges file that answers use.
        render: returns the HTML of a report.
    """

    layout: Layout
    state: CaseState
    log: Custody
    connected: Callable[[], duckdb.DuckDBPyConnection]
    context: AddressContext
    render: Callable[[Report], str]

    def key(self, identifier: Identifier) -> Key:
        """Return the page on an access key. Raises ChangedLake, ChangedRecord."""
        from forensics.investigate.key.key_page import key

        connection = self.connected()
        answer = key(connection, identifier, self.context)
        check_cited(connection, answer)
        return answer

    def report(
        self, identifier: Identifier, criteria: CallCriteria | None = None, state: CaseState | None = None
    ) -> Report:
        """Return the report on an access key, as of a state of the case. Raises ChangedLake, ChangedRecord.

        `criteria`: which calls count; by default all.
        """
        from forensics.investigate.report.key_report import report

        connection = self.connected()
        answer = report(connection, identifier, self.context, state or self.state, criteria or {})
        check_cited(connection, answer)
        return answer

    def page(self, report: Report) -> bytes:
        """Return the content of report.html."""
        return self.render(report).encode()


def case_state(connection: duckdb.DuckDBPyConnection, layout: Layout, log: Custody, version: str) -> CaseState:
    """Return the current state of a case, which identifies the case in a report."""
    manifest = manifests.read(layout.manifest)
    commit = manifest.commit
    return CaseState(
        case_id=about(layout).case_id,
        version=version,
        ingest_id=commit.ingest_id if commit else None,
        committed_at=commit.committed_at if commit else None,
        events=commit.events if commit else 0,
        files=len(manifest.source_files),
        fingerprint=fingerprint(connection, layout, manifest),
        custody_head=log.head,
    )
