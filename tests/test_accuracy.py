"""A smaller run of the accuracy report: its laws hold, and it is able to see them broken."""

from __future__ import annotations

from dataclasses import replace

from tests.accuracy import REMOVED, fallen, judge, measure, report
from tests.attribution.test_truth import Named
from tests.simulator import CredentialTruth, simulate, truth

SEEDS = range(2000, 2004)  # none of a run of 1,000


def test_no_law_is_broken_on_complete_logs_nor_with_files_removed() -> None:
    tallies = {share: measure(SEEDS, share) for share in (REMOVED[0], REMOVED[2])}
    assert not [problem for tally in tallies.values() for problem in tally.broken]
    complete = tallies[0.0].total()
    assert complete["decided"] == complete["decided and named"] > 0
    assert complete["origin decided"] == complete["origin decided and named"] > 0
    assert complete["right"] + complete["unresolved"] == complete["credentials"]
    assert report(tallies).count("issuer") == len(tallies)


def test_what_falls_is_told() -> None:
    tally = measure(SEEDS[:1], 0.0)
    issuer = max(tally.by_issuer, key=lambda name: tally.by_issuer[name]["right"])
    right = tally.by_issuer[issuer]["right"]
    assert not list(fallen({0.0: tally}, {"0.0": {issuer: {"right": right}}}))
    assert list(fallen({0.0: tally}, {"0.0": {issuer: {"right": right + 1}}}))


def test_each_law_can_be_broken() -> None:
    world = simulate(seed=1, events=400)
    expected = next(one for one in truth(world, world.files) if one.decided and one.origin_decided)
    true = Named(
        (expected.actor_kind, expected.actor_id),
        "strong",
        expected.stop_reason,
        expected.origin_access_key_id,
        "strong",
        "issued_key",
    )
    somebody = ("iam_user", "AIDASOMEBODYELSE")
    assert broken(expected, true) == []
    assert broken(expected, replace(true, actor=somebody)) == ["wrong"]
    assert broken(expected, replace(true, actor=("unknown", None), stop_reason="not_found")) == ["missed"]
    assert broken(expected, replace(true, stop_reason="aws_service")) == ["wrong stop reason"]
    assert broken(expected, replace(true, origin="AKIASOMEBODYELSE")) == ["origin wrong"]
    assert broken(expected, replace(true, origin=None)) == ["origin missed"]
    misled = replace(expected, removed_twin=True, removed_sibling=True)
    wrong = replace(true, actor=somebody, origin="AKIASOMEBODYELSE")
    assert broken(misled, wrong) == ["wrong", "origin wrong"]
    assert broken(misled, wrong, complete=False) == []
    proven = replace(wrong, grade="proven", origin_grade="proven")
    assert broken(misled, proven, complete=False) == ["wrong", "origin wrong"]


def broken(expected: CredentialTruth, named: Named, complete: bool = True) -> list[str]:
    return [what for what, breaks in judge(expected, named, complete) if breaks]
