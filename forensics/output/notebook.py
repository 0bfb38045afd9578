"""Notebook: answers as the output of a cell. The text is that of a terminal, and trees are drawn.

Styles are attributes of the elements, so a viewer that drops them still shows the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

from forensics.answers.core import Displayed
from forensics.answers.tree_answer import Tree
from forensics.output.lines import Line, Span, lay_out_styled
from forensics.output.printers import lines_of

_WIDTH = 110
_STYLES = {
    "bold": "font-weight:600",
    "dim": "color:#6e7781",
    "good": "color:#1a7f37",
    "warn": "color:#9a6700",
    "bad": "color:#cf222e;font-weight:600",
}


def show_answers_as_html(shell: Any) -> None:
    """Register `as_html` with IPython. `shell`: the result of `get_ipython()`, None outside of IPython."""
    if shell is not None:
        shell.display_formatter.formatters["text/html"].for_type(Displayed, as_html)


def as_html(answer: Displayed) -> str:
    """Return an answer as HTML."""
    if not isinstance(answer, Tree):
        return str(_text(lines_of(answer, _WIDTH)))
    from forensics.output.report.lineage import lineage
    from forensics.output.tree_text import render_tree

    return str(lineage(None, answer, styled=True) + _text(render_tree(answer, drawn=True)))


def _text(lines: Iterator[Line]) -> Markup:
    text = lay_out_styled(lines, _WIDTH, _span)
    return Markup('<pre style="line-height:1.35;white-space:pre;overflow-x:auto">{}</pre>').format(Markup(text))


def _span(span: Span) -> str:
    text, style = span
    return f'<span style="{_STYLES[style]}">{escape(text)}</span>' if style else str(escape(text))
