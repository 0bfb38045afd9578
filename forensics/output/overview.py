"""Info and ingest, for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from forensics.answers import Info, Ingest, Unread, timestamp
from forensics.output.terminal import text

_UNREAD_SHOWN = 20


def render_ingest(answer: Ingest) -> Iterator[RenderableType]:
    """What an ingest did, and what it could not read."""
    yield text(f"{answer.case}: {answer.new_events:,} new events, {answer.events:,} in the case")
    files = ", ".join(f"{count:,} {status}" for status, count in answer.files.items())
    yield text(f"  files    {files} ({answer.bytes:,} bytes)")
    yield text(f"  records  {answer.records:,} read, {answer.rejected:,} rejected")
    yield text(
        f"  copies   {answer.copies - answer.events:,} further copies of events, {answer.conflicts:,} that differ"
    )
    yield from _unread(answer.unread)


def render_info(answer: Info) -> Iterator[RenderableType]:
    """What a case holds, and how far it is resolved."""
    yield text(f"{answer.case}  case {answer.case_id}", "bold")
    files = ", ".join(f"{count:,} {status}" for status, count in answer.files.items())
    yield text(f"  files    {files}")
    yield text(
        f"  events   {answer.events:,}, and {answer.copies - answer.events:,} further copies, {answer.conflicts:,} that differ"
    )
    if answer.rejected:
        yield text(f"  records  {answer.rejected:,} in the quarantine")
    if answer.first_event_time and answer.last_event_time:
        yield text(f"  time     {timestamp(answer.first_event_time)} to {timestamp(answer.last_event_time)}")
    yield Text("\nLoaded accounts and regions", style="bold")
    loaded = _grid("account", "region", "events", "first event", "last event")
    for account in answer.accounts:
        loaded.add_row(
            text(account.account_id or "unknown"),
            text(account.aws_region or "unknown"),
            f"{account.events:,}",
            timestamp(account.first_event_time),
            timestamp(account.last_event_time),
        )
    yield Padding(loaded, (0, 0, 0, 2))
    yield Text("\nWho is behind the credentials", style="bold")
    endings = _grid("actor", "stop reason", "credentials", "events")
    for ending in answer.endings:
        endings.add_row(ending.actor_kind, ending.stop_reason, f"{ending.credentials:,}", f"{ending.events:,}")
    yield Padding(endings, (0, 0, 0, 2))
    yield from _unread(answer.unread)


def _unread(files: Sequence[Unread]) -> Iterator[RenderableType]:
    if not files:
        return
    yield Text(f"\nNot read, or not wholly: {len(files):,} files", style="bold")
    table = _grid("status", "file", "reason")
    for file in files[:_UNREAD_SHOWN]:
        table.add_row(text(file.status), text(file.name), text(file.reason))
    if len(files) > _UNREAD_SHOWN:
        table.add_row("", f"and {len(files) - _UNREAD_SHOWN:,} more: --format json")
    yield Padding(table, (0, 0, 0, 2))


def _grid(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in ("events", "credentials") else "left")
    return table
