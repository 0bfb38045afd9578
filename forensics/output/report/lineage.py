"""Lineage: the tree of credentials as SVG, from the actor behind the key down to everything derived from it.

Each credential is a row, indented by its depth, so that many hops and many children stay readable. The drawing is
split into pieces of a few rows, because a page break does not split a piece. A link is dashed if the logs do not
decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from forensics.answers.core import ActorKind
from forensics.answers.tree_answer import Node, State, Tree
from forensics.answers.who_answer import Hop, Who
from forensics.output.branches import Branches, Hidden
from forensics.output.chain_text import rule, stop
from forensics.output.escape import for_terminal
from forensics.output.identity_text import described, short_name
from forensics.output.tree_text import called, until
from forensics.output.words import RELATIONS, STATES, count, readable_time

_WIDTH = 1000
_SHOWN = 100  # nodes of the tree
_HEIGHT = 44  # per row
_STEP = 24  # indentation per level
_DEEPEST = 20  # levels with an indentation of their own
_LETTER = 7.6  # width of a letter
_SMALL_LETTER = 6.4
_PIECE = 16  # rows
_STATE_CLASSES = {"bad": "valid", "warn": "perhaps"}

STYLE = """
.lineage { font: 13px ui-monospace, Menlo, Consolas, monospace; display: block; width: 100%; min-width: 680px }
.lineage text { fill: var(--ink, #1b1f24) } .lineage .key { font-weight: 700 }
.lineage .detail { font: 11.5px system-ui, sans-serif; fill: var(--dim, #57606a) }
.lineage path { fill: none; stroke: var(--rule, #afb8c1); stroke-width: 1.5 } .lineage .doubt { stroke-dasharray: 4 4 }
.lineage circle { fill: var(--page, #fff); stroke: var(--dim, #57606a); stroke-width: 1.5 }
.lineage .valid circle { fill: var(--bad, #b3261e); stroke: var(--bad, #b3261e) }
.lineage .perhaps circle { fill: var(--warn, #9a6700); stroke: var(--warn, #9a6700) }
.lineage .actor circle { fill: var(--accent, #0b57d0); stroke: var(--accent, #0b57d0) }
.lineage .subject rect { fill: var(--mark, #e8f0fe) } .lineage rect { fill: none }
"""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row to draw. `above`: the row that it is derived from; `certain`: whether it is; `node`: its ID in the tree."""

    title: str
    name: str
    detail: str
    depth: int
    above: int | None
    certain: bool = True
    kind: str = ""
    node: int | None = None
    event_ids: tuple[str, ...] = ()


@dataclass(slots=True)
class _LineageRows:
    rows: list[_Row] = field(default_factory=list)

    def add(self, row: _Row) -> int:
        self.rows.append(row)
        return len(self.rows) - 1


def lineage(who: Who | None, tree: Tree, *, styled: bool = False) -> Markup:
    """Return the drawing. `styled`: include its style, for use outside of a report."""
    drawn = _LineageRows()
    above = _above(who, drawn) if who else None
    depth = drawn.rows[above].depth + 1 if above is not None else 0
    _below(Branches(tree.nodes, _SHOWN), None, above, depth, drawn)
    pieces = [_piece(drawn.rows, start) for start in range(0, len(drawn.rows), _PIECE)]
    if styled and pieces:
        pieces.insert(0, Markup("<style>") + Markup(STYLE) + Markup("</style>"))
    return Markup("").join(pieces)


# the rows


def _above(who: Who, drawn: _LineageRows) -> int | None:
    """Add the actor or the candidates, then each credential above the subject; return the index of the last row."""
    named = who.actor.kind != ActorKind.UNKNOWN
    if named:
        words = "".join(part if isinstance(part, str) else part[0] for part in described(who.actor))
        title, _, rest = words.partition(", ")
        above = drawn.add(_Row(title, rest, f"{who.grade}", 0, None, kind="actor"))
    else:
        for candidate in who.candidates[:8]:
            words = "".join(part if isinstance(part, str) else part[0] for part in described(candidate.actor))
            detail = f"possible requester: {rule(candidate.link)}"
            drawn.add(_Row(words, "", detail, 0, None, event_ids=candidate.link.event_ids))
        first = 0 if drawn.rows else None
        depth = 1 if drawn.rows else 0
        above = drawn.add(_Row("?", "", f"not resolved: {stop(who)}", depth, first, certain=False))
    for level, hop in enumerate(reversed(who.chain[1:]), drawn.rows[above].depth + 1):
        above = drawn.add(_of_hop(hop, level, above, named))
    return above


def _of_hop(hop: Hop, depth: int, above: int, certain: bool) -> _Row:
    name = f"{short_name(hop.arn, hop.principal_id)}  {hop.account_id or ''}"
    details = [f"{hop.link.grade}: {rule(hop.link)}"] if hop.link else []
    details += [f"issued {readable_time(hop.issued_at)}"] if hop.issued_at else []
    details += [f"expires {readable_time(hop.expires_at)}"] if hop.expires_at else []
    ids = hop.link.event_ids if hop.link else ()
    return _Row(
        ", ".join(hop.access_key_ids) or "no key in the record",
        name,
        ", ".join(details),
        depth,
        above,
        certain,
        event_ids=ids,
    )


def _below(branches: Branches, parent: int | None, above: int | None, depth: int, drawn: _LineageRows) -> None:
    shown, hidden = branches.below(parent)
    for node in shown:
        number = drawn.add(_of_node(node, depth, above, branches.forwarded[node.id]))
        _below(branches, node.id, number, depth + 1, drawn)
    for group in hidden:
        drawn.add(_of_hidden(group, depth, above))


def _of_node(node: Node, depth: int, above: int | None, forwarded: Sequence[Node]) -> _Row:
    name = short_name(node.arn, node.name, node.principal_id)
    state, style = STATES[node.state]
    details = [RELATIONS[node.relation]] if node.relation else []
    details += [readable_time(node.issued_at)] if node.issued_at else []
    details += [f"{state.lower()}{until(node)}"] if node.state != State.UNKNOWN or node.parent is not None else []
    details += [count(node.events, "event")] if node.events else []
    keys = sum(len(one.access_key_ids) for one in forwarded)
    details += [f"services used {count(keys, 'key')} on its behalf"] if keys else []
    details += ["role juggling"] if "role_juggling" in node.flags else []
    doubt = "" if node.certain else "possibly: "
    kind = _STATE_CLASSES.get(style, "")
    kind += " subject" if node.parent is None else ""
    return _Row(
        called(node),
        f"{name}  {node.account_id or ''}",
        f"[{node.id}] {doubt}{', '.join(details)}",
        depth,
        above,
        node.certain,
        kind.strip(),
        node.id,
        node.event_ids,
    )


def _of_hidden(group: Hidden, depth: int, above: int | None) -> _Row:
    more = f", with {group.below:,} more below" if group.below else ""
    state = f"{group.notable:,} of them valid or with persistence" if group.notable else "none of them valid"
    title = f"and {group.nodes:,} more: {group.group}"
    return _Row(title, "", f"{state}{more}; not drawn, `forensics tree` lists all", depth, above, kind="more")


# the drawing


def _piece(rows: Sequence[_Row], start: int) -> Markup:
    end = min(start + _PIECE, len(rows))
    top, bottom = start * _HEIGHT, end * _HEIGHT
    svg = Markup('<svg class="lineage" viewBox="0 {} {} {}" role="group" aria-label="lineage, rows {} to {}">').format(
        top, _WIDTH, bottom - top, start + 1, end
    )
    lines = (_line(rows, number, top, bottom) for number in range(len(rows)))
    return Markup("").join([svg, *lines, *(_drawn(rows[n], n) for n in range(start, end)), Markup("</svg>")])


def _line(rows: Sequence[_Row], number: int, top: int, bottom: int) -> Markup:
    """Return the part within this piece of the line from the row above."""
    row = rows[number]
    if row.above is None or _middle(row.above) >= bottom or _middle(number) < top:
        return Markup("")
    doubt = Markup(' class="doubt"') if not row.certain else Markup("")
    x, y = _left(rows[row.above].depth), _middle(row.above) + 6
    return Markup('<path{} d="M{} {}V{}H{}"/>').format(doubt, x, y, _middle(number), _left(row.depth) - 6)


def _drawn(row: _Row, number: int) -> Markup:
    x, y = _left(row.depth), _middle(number)
    room = _WIDTH - x - 24
    title = for_terminal(row.title)
    name = for_terminal(row.name).strip()
    shown = _cut(title, int(room / _LETTER))
    rest = _cut(name, int(room / _LETTER) - len(shown) - 2)
    events = (
        Markup(' data-events="{}" tabindex="0" role="button"').format("\n".join(row.event_ids)) if row.event_ids else ""
    )
    anchor = Markup(' id="node-{}"').format(row.node) if row.node is not None else ""
    return Markup(
        '<g class="{}"{}{}><title>{}  {}\n{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="5"/>'
        '<circle cx="{}" cy="{}" r="5.5"/>'
        '<text x="{}" y="{}"><tspan class="key">{}</tspan><tspan dx="10">{}</tspan></text>'
        '<text class="detail" x="{}" y="{}">{}</text></g>'
    ).format(
        row.kind,
        anchor,
        events,
        _cut(title, 300),
        _cut(name, 300),
        _cut(for_terminal(row.detail), 300),
        x - 12,
        y - 17,
        _WIDTH - x + 4,
        _HEIGHT - 4,
        x,
        y,
        x + 16,
        y,
        shown,
        rest,
        x + 16,
        y + 16,
        _cut(for_terminal(row.detail), int(room / _SMALL_LETTER)),
    )


def _left(depth: int) -> int:
    return 16 + min(depth, _DEEPEST) * _STEP


def _middle(number: int) -> int:
    return number * _HEIGHT + 18


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: max(letters - 1, 0)]}…"
