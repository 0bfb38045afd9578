"""Answer: one printed answer in the format that was asked for, on standard output."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from forensics.answers import Info, Ingest, Rows, Who, to_json


def print_who(answers: Sequence[Who], format: str, *, many: bool) -> None:
    """One object, or with `many` an array; as `jsonl` and `csv` one row an answer."""
    if format == "json":
        _write(to_json(answers if many else answers[0]) + "\n")
    elif format == "jsonl":
        from forensics.output.rows import to_jsonl

        _write(to_jsonl(answers))
    elif format == "csv":
        from forensics.output.rows import to_csv

        _write(to_csv(who_rows(answers)))
    else:
        from forensics.output.terminal import show
        from forensics.output.who import render_who

        for index, answer in enumerate(answers):
            show(*([""] if index else []), *render_who(answer))


def who_rows(answers: Sequence[Who]) -> Rows:
    """The answers as rows, one a subject."""
    columns = (
        "subject",
        "account_id",
        "actor_kind",
        "actor_id",
        "actor_name",
        "grade",
        "stop_reason",
        "origin_access_key_id",
    )
    rows = tuple(
        (
            answer.subject.id,
            answer.subject.account_id,
            str(answer.actor.kind),
            answer.actor.id,
            answer.actor.name,
            str(answer.grade),
            str(answer.stop_reason),
            answer.origin_access_key_id,
        )
        for answer in answers
    )
    return Rows(columns, rows, len(rows))


def print_ingest(answer: Ingest, format: str) -> None:
    if format == "json":
        _write(to_json(answer) + "\n")
        return
    from forensics.output.overview import render_ingest
    from forensics.output.terminal import show

    show(*render_ingest(answer))


def print_info(answer: Info, format: str) -> None:
    if format == "json":
        _write(to_json(answer) + "\n")
        return
    from forensics.output.overview import render_info
    from forensics.output.terminal import show

    show(*render_info(answer))


def print_rows(rows: Rows, format: str) -> None:
    """Rows; standard error says so where there are more, or none."""
    from forensics.output import rows as as_rows

    if format == "json":
        _write(to_json(as_rows.objects(rows)) + "\n")
    elif format == "jsonl":
        _write(as_rows.to_jsonl(as_rows.objects(rows)))
    elif format == "csv":
        _write(as_rows.to_csv(rows))
    else:
        from forensics.output.terminal import show

        show(*as_rows.render_rows(rows))
    shown = len(rows.rows)
    if shown < rows.total:
        sys.stderr.write(f"{shown:,} of {rows.total:,} rows; --limit 0 gives all\n")
    elif not shown:
        sys.stderr.write("no row matches\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
