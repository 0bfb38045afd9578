"""Markup: lines and values of answers as HTML, with event IDs linked to their records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from forensics.output.escape import for_terminal
from forensics.output.lines import Line, Span

_LONGEST = 1_000  # characters of a value; no ARN, key or name in AWS is nearly as long
_UUID = re.compile(r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")


def shown(value: object) -> object:
    """Return a value for a template: text without invisible characters, truncated if it is very long."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        text = for_terminal(value[: _LONGEST + 1])
        return text if len(value) <= _LONGEST else f"{text[:_LONGEST]}… ({len(value):,} characters)"
    return value


class EventLinks:
    """Links from event IDs to their records in the data of the page, every copy included."""

    def __init__(self, records: Mapping[str, Sequence[int]]) -> None:
        self._records = records

    def event(self, event_id: str | None) -> Markup:
        """Return an event ID, as a button that opens its record if the page has it."""
        if not event_id:
            return Markup('<span class="dim">event without ID</span>')
        whole = str(shown(event_id))
        text = Markup('<span class="whole">{}</span><span class="short">{}</span>').format(whole, whole[:8])
        if event_id not in self._records:
            return Markup('<code class="event" title="{}">{}</code>').format(whole, text)
        return Markup('<button type="button" class="event" data-events="{}" title="{}">{}</button>').format(
            event_id, whole, text
        )

    def events(self, event_ids: Iterable[str | None], most: int = 3) -> Markup:
        """Return the first event IDs, and the number of the others."""
        ids = list(event_ids)
        more = f"and {len(ids) - most:,} more" if len(ids) > most else ""
        return Markup("<br>").join([*(self.event(event_id) for event_id in ids[:most]), *([more] if more else [])])

    def lines(self, lines: Iterable[Line]) -> Markup:
        """Return lines as paragraphs with the same indentation."""
        return Markup("\n").join(
            Markup('<p class="line in{}">{}</p>').format(min(len(line.first), 16) // 2, self.spans(line.spans))
            for line in lines
            if line.spans
        )

    def spans(self, spans: Iterable[str | Span]) -> Markup:
        return Markup("").join(self._span(span) for span in spans)

    def _span(self, span: str | Span) -> Markup:
        text, style = (span, "") if isinstance(span, str) else span
        pieces = _UUID.split(str(shown(text)))
        content = Markup("").join(
            self.event(piece) if number % 2 else Markup("{}").format(piece) for number, piece in enumerate(pieces)
        )
        return Markup('<span class="{}">{}</span>').format(style, content) if style else content
