"""Data: the events and records in a page, as JSON that no content of a log can break out of."""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from collections.abc import Mapping

from markupsafe import Markup

from forensics.answers.canonical import answer_sha256, timestamp
from forensics.answers.key_answer import CallFilter
from forensics.answers.report_answer import ListedEvent, ProvingRecord, Report
from forensics.answers.tree_answer import Node
from forensics.output.tree_text import called
from forensics.output.words import known_time

# these could end a script or begin a comment in it; JSON can escape any character
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def embedded(answer: Report) -> Markup:
    """Return the data for a script of type application/json, in ASCII."""
    data = {
        "events": [_event(event, answer.tree.nodes[event.node]) for event in answer.events],
        "records": [_record(record) for record in answer.records],
        "by_event_id": {event_id: list(numbers) for event_id, numbers in by_event_id(answer).items()},
    }
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.translate(_ESCAPED))


def provenance(answer: Report) -> Markup:
    """Return the input of `forensics verify REPORT.html`: the case, the query and the hash of the answer."""
    about = {
        "case_id": answer.case.case_id,
        "ingest_id": answer.case.ingest_id,
        "committed_at": timestamp(answer.case.committed_at) if answer.case.committed_at else None,
        "events": answer.case.events,
        "files": answer.case.files,
        "case_fingerprint": answer.case.fingerprint,
        "custody_head": answer.case.custody_head,
        "version": answer.case.version,
        "queries": [{"command": "report", "parameters": {"subject": answer.key.subject.id, **_criteria(answer)}}],
        "address_databases": answer.address_files,
        "answer_sha256": answer_sha256(answer),
    }
    return Markup(json.dumps(about, ensure_ascii=True, separators=(",", ":")).translate(_ESCAPED))


def _criteria(answer: Report) -> dict[str, object]:
    """Return the filter of the report as the options of its command."""
    counted = answer.key.counted
    times = {"since": counted.since, "until": counted.until, "leaked_at": counted.leaked_at}
    given: dict[str, object] = {name: time.isoformat() for name, time in times.items() if time}
    return {**given, **({"address": list(counted.addresses)} if counted.addresses else {})}


def command_options(counted: CallFilter) -> str:
    """Return the filter as options for a shell, with a space before each."""
    times = (("--leaked-at", counted.leaked_at), ("--since", counted.since), ("--until", counted.until))
    words = [word for option, time in times if time for word in (option, timestamp(time))]
    words += [word for address in counted.addresses for word in ("--address", address)]
    return f" {shlex.join(words)}" if words else ""


def by_event_id(answer: Report) -> Mapping[str, list[int]]:
    """Return the indexes of the records by event ID; an event delivered to several accounts has several records."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, record in enumerate(answer.records):
        if record.event_id:
            found[record.event_id].append(number)
    return found


def _event(event: ListedEvent, node: Node) -> list[str | int | None]:
    """Return the values in the order of the columns of the page's table, then the index of the record."""
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
