"""Plots: activity, services and coverage, drawn with matplotlib (the extra `notebook`).

Each function draws a DataFrame of events, or an answer, and returns the axes for further changes. Dollar signs in the
text of logs are escaped, because matplotlib would render the text between them as mathematics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from forensics.answers.coverage_answer import Coverage
from forensics.output.escape import for_terminal

_SUCCEEDED, _REFUSED, _NONE = "#3572b0", "#cf222e", "#d0d7de"
_STATES = {"loaded": "#1a7f37", "stopped": "#cf222e", "narrowed": "#9a6700"}
_WIDTH, _LANE = 9.0, 0.34  # inches
_LONGEST = 60  # characters of a label


def activity(events: pd.DataFrame, by: str = "actor_name", step: str = "1h", most: int = 15) -> Axes:
    """Draw calls over time, one lane per value of a column; a larger dot means more calls.

    Args:
        events: rows of `Case.events`.
        by: the column of the lanes.
        step: the time that one dot covers, as a pandas frequency.
        most: the number of lanes; the busiest values are drawn.
    """
    lanes = _busiest(events[by], most)
    axes = _axes(len(lanes))
    named = events[by].fillna("none").astype(str)
    refused = events["outcome"] != "succeeded"
    for chosen, shift, color, label in ((~refused, 0.0, _SUCCEEDED, "succeeded"), (refused, 0.2, _REFUSED, "refused")):
        for place, lane in enumerate(lanes):
            starts = events.loc[chosen & (named == lane), "event_time"].dt.floor(step).value_counts()
            axes.scatter(
                starts.index,
                [place + shift] * len(starts),
                s=12 * starts.astype(float) ** 0.5,
                c=color,
                alpha=0.75,
                linewidths=0,
            )
        axes.scatter([], [], s=36, c=color, linewidths=0, label=label)
    _label(axes, lanes)
    _label_times(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return axes


def services(events: pd.DataFrame, most: int = 20) -> Axes:
    """Draw the successful and refused calls of the `most` busiest services, on a logarithmic scale."""
    names = events["event_source"].str.removesuffix(".amazonaws.com")
    lanes = _busiest(names, most)
    refused = events["outcome"] != "succeeded"
    axes = _axes(len(lanes))
    for chosen, shift, color, label in (
        (~refused, -0.2, _SUCCEEDED, "succeeded"),
        (refused, 0.2, _REFUSED, "refused"),
    ):
        counts = names[chosen].value_counts()
        heights = [place + shift for place in range(len(lanes))]
        axes.barh(heights, [counts.get(lane, 0) for lane in lanes], 0.38, color=color, label=label)
    axes.set_xscale("symlog")
    _label(axes, lanes)
    axes.legend(loc="lower right", frameon=False)
    return axes


def coverage(answer: Coverage) -> Axes:
    """Draw, per account and region, the hours with loaded events and those in which a trail was stopped or narrowed."""
    places = list(dict.fromkeys((span.account_id, span.aws_region) for span in answer.spans))
    axes = _axes(len(places))
    for span in answer.spans:
        place = places.index((span.account_id, span.aws_region))
        color = _STATES.get(span.state, _NONE)
        axes.barh(place, span.to - span.from_, 0.6, left=span.from_, color=color, linewidth=0)  # type: ignore[arg-type]
    _label_times(axes)
    _label(axes, [f"{account or 'unknown'} {region or ''}" for account, region in places])
    return axes


def _busiest(values: pd.Series[str], most: int) -> list[str]:
    return [str(value) for value in values.fillna("none").value_counts().head(most).index]


def _axes(lanes: int) -> Axes:
    _, axes = plt.subplots(figsize=(_WIDTH, 0.9 + _LANE * max(lanes, 1)), layout="constrained")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="x", color=_NONE, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def _label(axes: Axes, lanes: Sequence[str]) -> None:
    axes.set_yticks(range(len(lanes)), list(_texts(lanes)))
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()


def _label_times(axes: Axes) -> None:
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _texts(lanes: Iterable[str]) -> Iterable[str]:
    for lane in lanes:
        text = for_terminal(lane[:_LONGEST])
        yield text.replace("\\", "\\\\").replace("$", "\\$") if "$" in text else text
