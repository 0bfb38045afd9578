"""Page: the report as HTML, from a template, a style and a script."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from forensics.answers.canonical import answer_sha256
from forensics.answers.report_answer import Report
from forensics.output.branches import distinct, may_be_used
from forensics.output.chain_text import candidate_lines, rule
from forensics.output.coverage_text import render_coverage
from forensics.output.exports_text import TITLE as EXPORTS_TITLE
from forensics.output.exports_text import exported_lines
from forensics.output.identity_text import described
from forensics.output.key_history_text import life_lines, owners_access_lines, quarantine_lines
from forensics.output.key_text import counted_rows, note_lines
from forensics.output.key_use_text import by_gravity, programs
from forensics.output.lines import lay_out
from forensics.output.report.data import by_event_id, command_options, embedded, provenance
from forensics.output.report.finding import cited_events, finding
from forensics.output.report.lineage import STYLE as LINEAGE_STYLE
from forensics.output.report.lineage import lineage
from forensics.output.report.markup import EventLinks, shown
from forensics.output.report.timeline import timeline
from forensics.output.story_text import earlier_lines, story_rows
from forensics.output.tree_text import COMMANDS, already_lines, called, until
from forensics.output.who_text import claim_lines, missing_lines
from forensics.output.words import (
    ACTIONS,
    ADDRESS_CLASSES,
    CANDIDATES,
    CLAIMS,
    GRADE_STYLES,
    KEY_KINDS,
    MISSING,
    STATES,
    TACTICS,
    count,
    known_time,
)
from forensics.output.workload_text import WORKLOAD_TITLE, used_from_lines

_COVERAGE_WIDTH = 110
_TITLES = {
    "lineage": "Origin and derived credentials",
    "story": "Story: what was done, in order of time",
    "timeline": "Timeline",
    "done": "Activity",
    "touched": "Resources",
    "contain": "Containment steps, in this order",
    "unknown": "Limits and missing logs",
    "events": "Events",
    "about": "About this report",
}
_ROWS = 200  # steps of the containment


def report_page(answer: Report) -> str:
    """Return the report as HTML. Equal reports give equal files."""
    style, script = _file("page.css") + LINEAGE_STYLE, _file("page.js")
    return (
        _environment(EventLinks(by_event_id(answer)))
        .get_template("page.html")
        .render(
            report=answer,
            key=answer.key,
            tree=answer.tree,
            activity=answer.activity,
            who=answer.key.who,
            style=Markup(style),
            script=Markup(script),
            policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
            " base-uri 'none'; form-action 'none'",
            data=embedded(answer),
            options=command_options(answer.key.counted),
            story_options=command_options(replace(answer.key.counted, addresses=())),
            sentences=finding(answer),
            cited=cited_events(answer),
            lineage=lineage(answer.key.who, answer.tree),
            timeline=timeline(answer.timeline, answer.tree.nodes),
            sensitive=sorted(answer.activity.sensitive, key=by_gravity),
            programs=programs(answer.activity.user_agents),
            usable=distinct(node for node in answer.tree.nodes if may_be_used(node)),
            signed_by={(one.event_source, one.event_name): one.nodes for one in answer.signed_by},
            uncertain=sum(not node.certain for node in answer.tree.nodes),
            coverage=Markup.escape(lay_out(render_coverage(answer.coverage, _COVERAGE_WIDTH), _COVERAGE_WIDTH)),
            sha256=answer_sha256(answer),
            provenance=provenance(answer),
            most=_ROWS,
        )
    )


def _environment(links: EventLinks) -> Environment:
    environment = Environment(
        loader=PackageLoader("forensics.output.report", "."),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "time": known_time,
        "number": lambda number: f"{number:,}",
        "event": links.event,
        "events": links.events,
        "lines": links.lines,
        "spans": links.spans,
    }
    environment.globals |= {
        "titles": _TITLES,
        "ACTIONS": ACTIONS,
        "ADDRESS_CLASSES": ADDRESS_CLASSES,
        "CANDIDATES": CANDIDATES,
        "CLAIMS": CLAIMS,
        "COMMANDS": COMMANDS,
        "EXPORTS_TITLE": EXPORTS_TITLE,
        "GRADE_STYLES": GRADE_STYLES,
        "KEY_KINDS": KEY_KINDS,
        "MISSING": MISSING,
        "STATES": STATES,
        "TACTICS": TACTICS,
        "WORKLOAD_TITLE": WORKLOAD_TITLE,
        "already_lines": already_lines,
        "called": called,
        "candidate_lines": candidate_lines,
        "claim_lines": claim_lines,
        "count": count,
        "counted_rows": counted_rows,
        "described": described,
        "earlier_lines": earlier_lines,
        "exported_lines": exported_lines,
        "life_lines": life_lines,
        "missing_lines": missing_lines,
        "note_lines": note_lines,
        "owners_access_lines": owners_access_lines,
        "quarantine_lines": quarantine_lines,
        "rule": rule,
        "story_rows": story_rows,
        "until": until,
        "used_from_lines": used_from_lines,
    }
    return environment


def _file(name: str) -> str:
    return (resources.files("forensics.output.report") / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
