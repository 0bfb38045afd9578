"""Plots: they show the data, and content of logs stays text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes

from forensics.case import Case
from forensics.output import plots
from tests.simulator import sample


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def events(sample_case: Path) -> pd.DataFrame:
    with Case.open(sample_case) as case:
        return case.events(key=sample.LEAKED_KEY)


def lanes(axes: Axes) -> list[str]:
    axes.figure.canvas.draw()
    return [label.get_text() for label in axes.get_yticklabels()]


def test_activity_has_a_lane_for_each_value(events: pd.DataFrame) -> None:
    assert set(lanes(plots.activity(events, by="source_ip_address"))) == {"198.51.100.20", "192.0.2.44"}
    assert lanes(plots.activity(events, by="source_ip_address", most=1)) == ["192.0.2.44"]


def test_services_count_what_succeeded_and_what_was_refused(events: pd.DataFrame) -> None:
    axes = plots.services(events)
    drawn = sum(bar.get_width() for bars in axes.containers for bar in bars)
    assert drawn == len(events)
    assert "sts" in lanes(axes)


def test_coverage_has_every_account_and_region(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        answer = case.coverage()
    assert len(lanes(plots.coverage(answer))) == len({(span.account_id, span.aws_region) for span in answer.spans})


@pytest.mark.parametrize("attack", ["$\\frac{", "a$b", "\x1b[31m\u202e", "x" * 1000, "\\$"], ids=ascii)
def test_what_an_attacker_wrote_is_text(events: pd.DataFrame, attack: str) -> None:
    (label,) = lanes(plots.activity(events.assign(actor_name=attack)))
    assert len(label) < 200 and label.isprintable()


def test_of_no_event_nothing_is_drawn(events: pd.DataFrame) -> None:
    nothing = events.iloc[:0]
    assert lanes(plots.activity(nothing)) == lanes(plots.services(nothing)) == []
