"""Notebook: answers as a notebook displays them: as on a terminal, and what can be drawn drawn.

Styles stand in the elements: where a notebook is shown without them, the text is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from markupsafe import Markup, escape

from forensics.answers.core import Displayed
from forensics.answers.coverage_answer import Coverage, Info
from forensics.answers.ingest_answer import Ingest
from forensics.answers.key_answer import Accounts, Key, Keys
from forensics.answers.tree_answer import Tree
from forensics.answers.who_answer import Who
from forensics.output.coverage_text import render_coverage
from forensics.output.info_text import render_info, render_ingest
from forensics.output.key_text import render_key
from forensics.output.keys_text import render_accounts, render_keys
from forensics.output.lines import Line, Span, lay_out_styled
from forensics.output.report.lineage import lineage
from forensics.output.tree_text import render_tree
from forensics.output.who_text import render_who

_WIDTH = 110
_STYLES = {
    "bold": "font-weight:600",
    "dim": "color:#6e7781",
    "good": "color:#1a7f37",
    "warn": "color:#9a6700",
    "bad": "color:#cf222e;font-weight:600",
}


def as_html(answer: Displayed) -> str:
    """An answer, for a cell's output."""
    if isinstance(answer, Tree):
        return str(lineage(None, answer, styled=True) + _text(render_tree(answer, drawn=True)))
    return str(_text(_RENDERERS[type(answer)](answer)))


def _of_coverage(answer: Coverage) -> Iterator[Line]:
    return render_coverage(answer, _WIDTH)


# each takes answers of its own type
_RENDERERS: dict[type[Displayed], Callable[[Any], Iterator[Line]]] = {
    Who: render_who,
    Key: render_key,
    Coverage: _of_coverage,
    Info: render_info,
    Ingest: render_ingest,
    Keys: render_keys,
    Accounts: render_accounts,
}


def _text(lines: Iterator[Line]) -> Markup:
    text = lay_out_styled(lines, _WIDTH, _span)
    return Markup('<pre style="line-height:1.35;white-space:pre;overflow-x:auto">{}</pre>').format(Markup(text))


def _span(span: Span) -> str:
    text, style = span
    return f'<span style="{_STYLES[style]}">{escape(text)}</span>' if style else str(escape(text))
