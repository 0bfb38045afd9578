"""Data: the events and records that a page carries, as JSON that no log content can break out of."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping

from markupsafe import Markup

from forensics.answers.canonical import answer_sha256, timestamp
from forensics.answers.report_answer import ListedEvent, ProvingRecord, Report
from forensics.answers.tree_answer import Node
from forensics.output.tree_text import called
from forensics.output.words import known_time

# in a script, these could end it or begin a comment; JSON may spell any character
_SPELLED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def embedded(answer: Report) -> Markup:
    """The data, for a script of type application/json. Non-ASCII is spelled out, line separators too."""
    data = {
        "events": [_event(event, answer.tree.nodes[event.node]) for event in answer.events],
        "records": [_record(record) for record in answer.records],
        "by_event_id": {event_id: list(numbers) for event_id, numbers in by_event_id(answer).items()},
    }
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.translate(_SPELLED))


def provenance(answer: Report) -> Markup:
    """What `forensics verify REPORT.html` compares with a case: its contents, the question, the answer's hash."""
    about = {
        "case_id": answer.case.case_id,
        "ingest_id": answer.case.ingest_id,
        "committed_at": timestamp(answer.case.committed_at) if answer.case.committed_at else None,
        "events": answer.case.events,
        "files": answer.case.files,
        "case_fingerprint": answer.case.fingerprint,
        "custody_head": answer.case.custody_head,
        "version": answer.case.version,
        "queries": [{"command": "report", "parameters": {"subject": answer.key.subject.id}}],
        "address_databases": answer.address_files,
        "answer_sha256": answer_sha256(answer),
    }
    return Markup(json.dumps(about, ensure_ascii=True, separators=(",", ":")).translate(_SPELLED))


def by_event_id(answer: Report) -> Mapping[str, list[int]]:
    """The places of each event's records; one that went to several accounts has several."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(answer.records):
        if record.event_id:
            found[record.event_id].append(number)
    return found


def _event(event: ListedEvent, node: Node) -> list[str | int | None]:
    """In the order of the columns of the page's table, then the place of its record."""
    return [
        known_time(event.event_time),
        event.event_name,
        (event.event_source or "").removesuffix(".amazonaws.com"),
        event.error_code or ("" if event.outcome == "succeeded" else event.outcome),
        f"{called(node)} [{node.id}]",
        event.source_ip_address,
        event.aws_region,
        event.resource,
        event.technique,
        event.user_agent,
        event.event_id,
        event.outcome,
        event.record,
    ]


def _record(record: ProvingRecord) -> dict[str, object]:
    return {
        "id": record.event_id,
        "name": record.event_name,
        "time": timestamp(record.event_time) if record.event_time else None,
        "account": record.recipient_account_id,
        "region": record.aws_region,
        "unreliable": record.unreliable,
        "files": list(record.source_files[:20]),
        "length": record.length,
        "text": record.text,
    }
