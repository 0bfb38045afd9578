"""Printers: write answers to standard output in the requested format.

A registry names the renderers of each kind of answer. Renderers are imported lazily.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from forensics.answers.canonical import to_json
from forensics.answers.rows_answer import Rows
from forensics.output.lines import Line
from forensics.output.terminal import show, tell, width, write, write_bytes

if TYPE_CHECKING:
    from forensics.output.graph import Graph

# module:function of this folder for each form. `table` returns lines; `rows`, `graph` and `timeline` return the input
# of their formats; a form named like a format returns its text.
RENDERERS: Mapping[str, Mapping[str, str]] = {
    # by the class of the answer
    "Accounts": {
        "table": "keys_text:render_accounts",
        "rows": "keys_text:accounts_rows",
        "json": "keys_text:accounts_json",
    },
    "Bundle": {"table": "verify_text:render_bundle"},
    "Check": {"table": "verify_text:render_check"},
    "Coverage": {"table": "coverage_text:render_coverage", "rows": "coverage_text:coverage_rows"},
    "Custody": {"table": "verify_text:render_custody"},
    "Estimate": {"table": "estimate:render_estimate"},
    "Extract": {"table": "verify_text:render_extract", "raw": "verify_text:raw_records"},
    "Info": {"table": "info_text:render_info"},
    "Ingest": {"table": "info_text:render_ingest"},
    "Key": {"table": "key_text:render_key"},
    "Keys": {"table": "keys_text:render_keys", "rows": "keys_text:keys_rows"},
    "LookupEstimate": {"table": "estimate:render_estimate"},
    "Pivot": {"table": "pivot_text:render_pivot"},
    "Seal": {"table": "verify_text:render_seal"},
    "Snapshot": {"table": "info_text:render_snapshot"},
    "Story": {"table": "story_text:render_story"},
    "Tree": {"table": "tree_text:render_tree", "graph": "graph:tree_graph"},
    "Triage": {"table": "triage_text:render_triage"},
    "Verification": {"table": "verify_text:render_verification", "rows": "verify_text:verification_rows"},
    "Who": {"table": "who_text:render_who"},
    # by the content of an answer, of rows or of a sequence
    "events": {"table": "rows_text:render_events", "timeline": "timesketch:events_timeline"},
    "files": {"table": "info_text:render_files"},
    "queries": {
        "table": "queries_text:render_queries",
        "rows": "queries_text:queries_rows",
        "json": "queries_text:queries_json",
    },
    "requesters": {
        "table": "who_text:render_requesters",
        "rows": "who_text:requesters_rows",
        "graph": "graph:who_graph",
        "jsonl": "rows_text:to_jsonl",
    },
    "result": {"table": "rows_text:render_result"},
    "whole_key": {"table": "key_text:render_whole_key"},
    "whole_pivot": {"table": "pivot_text:render_whole_pivot"},
    "whole_story": {"table": "story_text:render_whole_story"},
    "whole_triage": {"table": "triage_text:render_whole_triage"},
    "schema": {"table": "schema_text:render_schema", "rows": "schema_text:schema_rows"},
}
_LAID_OUT = {"Coverage", "events", "result"}  # their tables depend on the width
_GRAPHS = ("mermaid", "dot")
_TIMELINE = "timesketch-"


def print_answer(answer: Any, format: str, kind: str = "") -> None:
    """Print an answer in a format. `kind`: the content of rows or of a sequence, which their class does not name."""
    kind = kind or type(answer).__name__
    own = RENDERERS.get(kind, {})
    if format == "table":
        show(lines_of(answer, width(), kind))
    elif format in own:
        write(imported(own[format])(answer))
    elif format in _GRAPHS:
        _print_graph(imported(own["graph"])(answer), format)
    elif format.startswith(_TIMELINE):
        print_rows(imported(own["timeline"])(answer), format)
    elif isinstance(answer, Rows):
        print_rows(answer, format)
    elif format == "json":
        write(to_json(answer) + "\n")
    else:
        print_rows(imported(own["rows"])(answer), format)


def lines_of(answer: Any, width: int | None, kind: str = "") -> Iterator[Line]:
    """Return the lines of an answer for a width."""
    kind = kind or type(answer).__name__
    render = imported(RENDERERS[kind]["table"])
    lines: Iterator[Line] = render(answer, width) if kind in _LAID_OUT else render(answer)
    return lines


def print_rows(rows: Rows, format: str) -> None:
    """Print rows as JSON, JSON lines, CSV, Parquet or XLSX; rows of a timeline in the formats of Timesketch."""
    from forensics.output import rows_text

    form = format.removeprefix(_TIMELINE)
    if form == "json":
        write(rows_text.to_json_objects(rows))
    elif form == "jsonl":
        write(rows_text.to_jsonl(rows_text.objects(rows)))
    elif form == "csv":
        write(rows_text.to_csv(rows))
    elif form == "parquet":
        from forensics.output.parquet import to_parquet

        write_bytes(to_parquet(rows))
    else:
        from forensics.output.xlsx import to_xlsx

        write_bytes(to_xlsx(rows))


def imported(place: str) -> Callable[..., Any]:
    """Import and return a function of this folder, named `module:function`."""
    module, _, name = place.partition(":")
    render: Callable[..., Any] = getattr(import_module(f"forensics.output.{module}"), name)
    return render


def _print_graph(graph: Graph, format: str) -> None:
    from forensics.output.graph import MERMAID_EDGES, to_dot, to_mermaid

    write(to_mermaid(graph) if format == "mermaid" else to_dot(graph))
    if format == "mermaid" and len(graph.edges) > MERMAID_EDGES:
        tell(f"{len(graph.edges):,} edges; Mermaid draws {MERMAID_EDGES} by default (raise maxEdges), DOT draws all")
