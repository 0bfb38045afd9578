"""Timeline: calls over time as SVG; one lane per credential, successful calls above its line and refused ones below.

Heights are square roots, so that a single call is visible beside a thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from markupsafe import Markup

from forensics.answers.report_answer import Bucket, Timeline
from forensics.answers.tree_answer import Node
from forensics.output.branches import Branches, group_of
from forensics.output.escape import for_terminal
from forensics.output.identity_text import short_name
from forensics.output.tree_text import called
from forensics.output.words import count, readable_time

_WIDTH = 1000
_LABELS = 270  # width of the names of the lanes
_LANE, _ABOVE, _BELOW = 46, 24, 14
_LANES = 14
_TICKS = 5
_LEAST = 60  # steps, so that the bar of a single call is narrow
_LETTERS = 34  # in the name of a lane


@dataclass(frozen=True, slots=True)
class _Lane:
    key: str
    name: str
    buckets: Sequence[Bucket]


def timeline(answer: Timeline, nodes: Sequence[Node]) -> Markup:
    """Return the drawing; an empty text if there is no call."""
    if answer.start is None or answer.end is None or not answer.buckets:
        return Markup("")
    lanes = _lanes(answer.buckets, nodes)
    step = timedelta(seconds=answer.step)
    first = min(bucket.start for bucket in answer.buckets)
    last = max(*(bucket.start + step for bucket in answer.buckets), first + _LEAST * step)
    scale = (_WIDTH - _LABELS) / ((last - first) / step)
    most = max(max(bucket.succeeded, bucket.refused) for lane in lanes for bucket in lane.buckets)
    height = len(lanes) * _LANE + 22
    parts = [
        Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="calls over time">').format(
            _WIDTH, height
        ),
        *_axis(first, last, len(lanes) * _LANE),
    ]
    for number, lane in enumerate(lanes):
        parts += _drawn(lane, number * _LANE, first, step, scale, most)
    return Markup("").join([*parts, Markup("</svg>")])


def _lanes(buckets: Sequence[Bucket], nodes: Sequence[Node]) -> list[_Lane]:
    """Return the lanes by first call: one for the key and for each notable node, one per group of other nodes."""
    branches = Branches(nodes, len(nodes))
    found: defaultdict[tuple[int, str], list[Bucket]] = defaultdict(list)
    for bucket in buckets:
        node = nodes[bucket.node]
        has_own_lane = node.parent is None or branches.is_notable(node)
        found[(node.id, "") if has_own_lane else (-1, group_of(node))].append(bucket)
    calls = {lane: sum(one.succeeded + one.refused for one in ones) for lane, ones in found.items()}
    busiest = sorted(found, key=lambda lane: (lane[0] != 0, -calls[lane], lane))
    shown = busiest if len(busiest) <= _LANES else busiest[: _LANES - 1]
    lanes = [_lane(lane, found[lane], nodes) for lane in sorted(shown, key=lambda lane: (_start(found[lane]), lane))]
    others = [bucket for lane in busiest[len(shown) :] for bucket in found[lane]]
    if others:
        name = count(len({bucket.node for bucket in others}), "other credential")
        lanes.append(_Lane(name, "with fewer calls", _merged(others)))
    return lanes


def _lane(lane: tuple[int, str], buckets: Sequence[Bucket], nodes: Sequence[Node]) -> _Lane:
    number, kind = lane
    if number >= 0:
        node = nodes[number]
        return _Lane(called(node), short_name(node.arn, node.principal_id), buckets)
    return _Lane(kind, count(len({bucket.node for bucket in buckets}), "credential"), _merged(buckets))


def _merged(buckets: Iterable[Bucket]) -> list[Bucket]:
    """Return the sums over several nodes, per step of time."""
    found: defaultdict[datetime, list[Bucket]] = defaultdict(list)
    for bucket in buckets:
        found[bucket.start].append(bucket)
    return [
        Bucket(-1, start, sum(one.succeeded for one in ones), sum(one.refused for one in ones))
        for start, ones in sorted(found.items())
    ]


def _start(buckets: Iterable[Bucket]) -> datetime:
    return min(bucket.start for bucket in buckets)


def _axis(first: datetime, last: datetime, bottom: int) -> Iterator[Markup]:
    for tick in range(_TICKS):
        x = _LABELS + (_WIDTH - _LABELS) * tick / (_TICKS - 1)
        moment = first + (last - first) * tick / (_TICKS - 1)
        anchor = "start" if tick == 0 else "end" if tick == _TICKS - 1 else "middle"
        yield Markup(
            '<path class="grid" d="M{:.1f} 0V{}"/><text class="tick" x="{:.1f}" y="{}" text-anchor="{}">{}</text>'
        ).format(x, bottom, x, bottom + 16, anchor, readable_time(moment)[:16])


def _drawn(lane: _Lane, top: int, first: datetime, step: timedelta, scale: float, most: int) -> Iterator[Markup]:
    line = top + _ABOVE + 4
    yield Markup(
        '<text class="key" x="0" y="{}">{}</text><text class="tick" x="0" y="{}">{}</text>'
        '<path class="base" d="M{} {}H{}"/>'
    ).format(line - 6, _cut(lane.key), line + 9, _cut(lane.name), _LABELS, line, _WIDTH)
    for bucket in lane.buckets:
        x = _LABELS + (bucket.start - first) / step * scale
        width = max(scale - 1, 1.5)
        up, down = _height(bucket.succeeded, most, _ABOVE), _height(bucket.refused, most, _BELOW)
        yield Markup(
            "<g><title>{}: {:,} succeeded, {:,} denied or failed</title>"
            '<rect class="ok" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
            '<rect class="refused" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/></g>'
        ).format(
            readable_time(bucket.start),
            bucket.succeeded,
            bucket.refused,
            x,
            line - up,
            width,
            up,
            x,
            line,
            width,
            down,
        )


def _height(calls: int, most: int, room: int) -> float:
    return max(room * sqrt(calls / most), 2.0) if calls else 0.0


def _cut(text: str) -> str:
    shown = for_terminal(text)
    return shown if len(shown) <= _LETTERS else f"{shown[: _LETTERS - 1]}…"
