"""Answer: one printed answer in the format that was asked for, on standard output.

What renders an answer is imported where it is printed: whoever waits for one waits for no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from forensics.answers.canonical import to_json
from forensics.answers.core import SECRET
from forensics.answers.coverage_answer import Coverage, Info
from forensics.answers.ingest_answer import Estimate, Ingest, LookupEstimate, Snapshot
from forensics.answers.rows_answer import FilterMatches, Rows, Table
from forensics.answers.tree_answer import Tree
from forensics.answers.who_answer import Who
from forensics.output.escape import for_terminal
from forensics.output.lines import BLANK
from forensics.output.terminal import show, tell, width, write, write_bytes
from forensics.output.who_text import render_who
from forensics.output.words import count, readable_time

if TYPE_CHECKING:
    from pathlib import Path

    from forensics.answers.key_answer import Accounts, Key, Keys
    from forensics.answers.report_answer import Report
    from forensics.answers.verify_answer import Bundle, Check, Custody, Extract, Seal, Verification
    from forensics.output.graph import Graph


_GRAPHS = ("mermaid", "dot")
_TIMELINES = {"timesketch-csv": "csv", "timesketch-jsonl": "jsonl"}


def print_who(answers: Sequence[Who], format: str, *, many: bool) -> None:
    """One object, or with `many` an array; in the formats of rows one row an answer."""
    if format == "json":
        write(to_json(answers if many else answers[0]) + "\n")
    elif format == "jsonl":
        from forensics.output.rows_text import to_jsonl

        write(to_jsonl(answers))
    elif format in _GRAPHS:
        from forensics.output.graph import who_graph

        _print_graph(who_graph(answers), format)
    elif format != "table":
        print_rows(who_rows(answers), format)
    else:
        show(
            part
            for index, answer in enumerate(answers)
            for part in [*([BLANK, BLANK] if index else []), *render_who(answer)]
        )
    if any(answer.subject.id == SECRET for answer in answers):
        tell(
            "a subject looks like a secret access key or a session token; it was not used, stored or logged:"
            " treat it as exposed"
        )


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
        "actor_arn",
        "actor_account_id",
        "hops",
        "event_ids",
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
            answer.actor.arn,
            answer.actor.account_id,
            sum(hop.link is not None for hop in answer.chain),
            " ".join(event_id for hop in answer.chain if hop.link for event_id in hop.link.event_ids),
        )
        for answer in answers
    )
    return Rows(columns, rows, len(rows))


def print_tree(answer: Tree, format: str) -> None:
    if format == "json":
        write(to_json(answer) + "\n")
    elif format in _GRAPHS:
        from forensics.output.graph import tree_graph

        _print_graph(tree_graph(answer), format)
    else:
        from forensics.output.tree_text import render_tree

        show(render_tree(answer))


def print_ingest(answer: Ingest, format: str) -> None:
    if format == "json":
        write(to_json(answer) + "\n")
    else:
        from forensics.output.info_text import render_ingest

        show(render_ingest(answer))


def print_estimate(answer: Estimate | LookupEstimate, format: str) -> None:
    if format == "json":
        write(to_json(answer) + "\n")
    else:
        from forensics.output.estimate import render_estimate

        show(render_estimate(answer))


def print_key(answer: Key, format: str, events: Callable[[], Rows]) -> None:
    """The page; as a timeline, with the key's events."""
    if format == "json":
        write(to_json(answer) + "\n")
    elif format in _TIMELINES:
        from forensics.output.timesketch import key_timeline

        print_rows(key_timeline(answer, events()), _TIMELINES[format])
    else:
        from forensics.output.key_text import render_key

        show(render_key(answer))


def print_report(answer: Report, format: str, file: Path | None) -> None:
    """The page, or the answer that it shows; standard error says what the file holds."""
    if format == "json":
        write(to_json(answer) + "\n")
        return
    from forensics.output.report import report_page

    page = report_page(answer)
    write(page)
    if file is not None:
        listed, total = len(answer.events), answer.events_total
        events = count(total, "event") if listed == total else f"{listed:,} of {count(total, 'event')}"
        head = answer.case.custody_head
        log = f"; head of the custody log {head}" if head else ""
        tell(f"{file}: {len(page) / 1e6:,.1f} MB with {events} and {count(len(answer.records), 'record')}{log}")


def print_snapshot(answer: Snapshot, format: str) -> None:
    if format == "json":
        write(to_json(answer) + "\n")
    else:
        from forensics.output.info_text import render_snapshot

        show(render_snapshot(answer))


def print_keys(answer: Keys, format: str) -> None:
    """The audit; in the formats of rows one row a key."""
    from forensics.output.keys_text import keys_rows, render_keys

    if format == "json":
        write(to_json(answer) + "\n")
    elif format == "table":
        show(render_keys(answer))
    else:
        print_rows(keys_rows(answer), format)


def print_accounts(answer: Accounts, format: str) -> None:
    """One row an account."""
    from forensics.output.keys_text import accounts_rows, render_accounts

    if format == "json":
        write(to_json(answer.accounts) + "\n")
    elif format == "table":
        show(render_accounts(answer))
    else:
        print_rows(accounts_rows(answer), format)


def print_info(answer: Info, format: str) -> None:
    if format == "json":
        write(to_json(answer) + "\n")
    else:
        from forensics.output.info_text import render_info

        show(render_info(answer))


def print_files(rows: Rows, format: str) -> None:
    """Every input file of a case, one a row."""
    if format == "table":
        from forensics.output.info_text import render_files

        show(render_files(rows))
    else:
        print_rows(rows, format)


def print_coverage(answer: Coverage, format: str) -> None:
    """The map; in the formats of rows its spans, one a row."""
    from forensics.output.coverage_text import coverage_rows, render_coverage

    if format == "json":
        write(to_json(answer) + "\n")
    elif format == "table":
        show(render_coverage(answer, width()))
    else:
        print_rows(coverage_rows(answer), format)


def print_schema(tables: Sequence[Table], format: str) -> None:
    """The tables; in the formats of rows their columns, one a row."""
    from forensics.output.schema_text import render_schema, schema_rows

    if format == "json":
        write(to_json(tables) + "\n")
    elif format == "table":
        show(render_schema(tables))
    else:
        print_rows(schema_rows(tables), format)


def print_statements(statements: Sequence[str]) -> None:
    """SQL to open a case with, and who takes it where."""
    write(
        "-- duckdb shell   forensics connect --case DIR -o open.sql && duckdb -init open.sql\n"
        "-- Python         duckdb.connect().execute(sql), all of this as sql; so its cursors\n"
        "-- BI tool        database :memory:, and this as the SQL that it runs on connecting\n"
        "-- It shows the case as it is now; after an ingest, connect again.\n"
    )
    write("".join(f"{for_terminal(statement)};\n" for statement in statements))


def print_verification(answer: Verification, format: str) -> None:
    """What is proven; in the formats of rows one row a file."""
    from forensics.output.verify_text import render_verification, verification_rows

    if format == "json":
        write(to_json(answer) + "\n")
    elif format == "table":
        show(render_verification(answer))
    else:
        print_rows(verification_rows(answer), format)


def print_check(answer: Check, format: str) -> None:
    from forensics.output.verify_text import render_check

    if format == "json":
        write(to_json(answer) + "\n")
    else:
        show(render_check(answer))


def print_extract(answer: Extract, format: str) -> None:
    """The records; `raw` is their text alone, one after the other."""
    from forensics.output.verify_text import render_extract

    if format == "json":
        write(to_json(answer) + "\n")
    elif format == "raw":
        write("".join(f"{one.record}\n" for one in answer.originals))
    else:
        show(render_extract(answer))


def print_bundle(answer: Bundle, format: str) -> None:
    from forensics.output.verify_text import render_bundle

    if format == "json":
        write(to_json(answer) + "\n")
    else:
        show(render_bundle(answer))


def print_custody(answer: Custody, format: str) -> None:
    if format == "json":
        write(to_json(answer) + "\n")
    else:
        from forensics.output.verify_text import render_custody

        show(render_custody(answer))


def print_seal(answer: Seal, format: str) -> None:
    if format == "json":
        write(to_json(answer) + "\n")
    else:
        from forensics.output.verify_text import render_seal

        show(render_seal(answer))


def print_events(rows: Rows, format: str) -> None:
    """Attributed events; standard error says so where there are more."""
    if format == "table":
        from forensics.output.rows_text import render_events

        show(render_events(rows, width()))
    elif format in _TIMELINES:
        from forensics.output.timesketch import events_timeline

        print_rows(events_timeline(rows), _TIMELINES[format])
    else:
        print_rows(rows, format)
    if len(rows.rows) < rows.total:
        tell(f"{len(rows.rows):,} of {rows.total:,} events; --limit 0 gives all")


def tell_no_event(filters: Sequence[FilterMatches], holds: Info) -> None:
    """Nothing matched: say which filter is to blame, and what could have matched."""
    alone = [_alone(part) for part in filters]
    why = f": {', '.join(alone)}" if alone else ""
    tell(f"no event matches{why}; {_what_there_is(holds)}")


def print_sql(rows: Rows, format: str) -> None:
    """The result of a query; standard error says so where it is empty."""
    _print_result(rows, format)
    if not rows.rows:
        tell("the query gives no row")


def print_query_result(rows: Rows, format: str, holds: Callable[[], Info]) -> None:
    """The result of a saved query; where it is empty, standard error says what it was looked for in."""
    _print_result(rows, format)
    if not rows.rows:
        tell(f"no row; {_what_there_is(holds())}")


def _print_result(rows: Rows, format: str) -> None:
    if format != "table":
        print_rows(rows, format)
    elif rows.rows:
        from forensics.output.rows_text import render_rows

        show(render_rows(rows, width()))


def _alone(part: FilterMatches) -> str:
    option = f"--{part.filter}{f' {part.value}' if part.value else ''}"
    if part.events:
        return f"{option} alone matches {count(part.events, 'event')}"
    return f"{option} alone matches none{f' (is it {part.nearest}?)' if part.nearest else ''}"


def _what_there_is(holds: Info) -> str:
    if not (holds.first_event_time and holds.last_event_time):
        return "there are none at all"
    first, last = readable_time(holds.first_event_time), readable_time(holds.last_event_time)
    return f"there are {count(holds.events, 'event')}, {first} to {last}"


def print_rows(rows: Rows, format: str) -> None:
    """Rows in one of the formats of rows; a table is laid out by whoever knows what they are."""
    from forensics.output import rows_text as as_rows

    if format == "json":
        write(to_json(as_rows.objects(rows)) + "\n")
    elif format == "jsonl":
        write(as_rows.to_jsonl(as_rows.objects(rows)))
    elif format == "csv":
        write(as_rows.to_csv(rows))
    elif format == "parquet":
        from forensics.output.parquet import to_parquet

        write_bytes(to_parquet(rows))
    else:
        from forensics.output.xlsx import to_xlsx

        write_bytes(to_xlsx(rows))


def _print_graph(graph: Graph, format: str) -> None:
    from forensics.output.graph import MERMAID_EDGES, to_dot, to_mermaid

    write(to_mermaid(graph) if format == "mermaid" else to_dot(graph))
    if format == "mermaid" and len(graph.edges) > MERMAID_EDGES:
        tell(f"{len(graph.edges):,} edges; Mermaid draws {MERMAID_EDGES} unless maxEdges is raised, DOT draws all")
