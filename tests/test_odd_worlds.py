"""Odd worlds, a smaller run: its laws hold, and each can be broken."""

from __future__ import annotations

from tests.odd_worlds import Laws, measure, report

SEEDS = range(5000, 5003)  # not among the seeds of a run of 1,000


def test_no_law_is_broken_on_odd_evidence() -> None:
    found = measure(SEEDS, (0.0, 0.3), questions=0)
    assert not [problem for laws in found.values() for problem in laws.broken]
    complete = found[0.0].counts
    assert complete["decided"] == complete["decided and named"] > 0
    assert complete["user names"] > 0
    assert report(found).count("files removed") == 1


def test_a_violation_is_told() -> None:
    laws = Laws()
    laws.note("nodes", False)
    laws.note("no step", True, "seed 1")
    assert (laws.counts["nodes"], laws.broken) == (1, ["no step: seed 1"])
