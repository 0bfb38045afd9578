"""Accuracy report, a smaller run: its laws hold, and it detects violations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from tests.accuracy import ASKED_A_CASE, REMOVED, contradicted, fallen, judge, made_up, measure, report, says_the_same
from tests.attribution.test_truth import Named, Said, compared
from tests.cases import case_of
from tests.simulator import CredentialTruth, simulate, truth

SEEDS = range(2000, 2004)  # not among the seeds of a run of 1,000


def test_no_law_is_broken_on_complete_logs_nor_with_files_removed() -> None:
    tallies = measure(SEEDS, (REMOVED[0], REMOVED[2]))
    assert not [problem for tally in tallies.values() for problem in tally.broken]
    complete = tallies[0.0].total()
    assert complete["decided"] == complete["decided and named"] > 0
    assert complete["origin decided"] == complete["origin decided and named"] > 0
    assert complete["right"] + complete["unresolved"] == complete["credentials"]
    assert report(tallies).count("issuer") == len(tallies)


def test_what_is_made_up_is_told_and_so_is_a_who_that_contradicts_the_tables(tmp_path: Path) -> None:
    world = simulate(seed=SEEDS[0], events=200)
    with case_of(world.files, tmp_path) as case:
        said = Said(case)
        pairs = list(compared(said, world, world.files))
        known = [expected for expected, _ in pairs]
        assert not list(made_up(said, known))
        unknown, named = next(pair for pair in pairs if pair[1].actor[0] == "iam_user" and pair[1].origin)
        assert len(list(made_up(said, [one for one in known if one is not unknown]))) == 1
        answer = case.who(said.subjects(unknown)[0])
        assert says_the_same(answer, named)
        assert not says_the_same(answer, replace(named, actor=("root", "111122223333")))
        assert not says_the_same(answer, replace(named, grade="weak"))
        assert not says_the_same(answer, replace(named, stop_reason="cycle"))
        assert not says_the_same(answer, replace(named, origin="AKIASOMEBODYELSE"))
        assert not says_the_same(answer, replace(named, origin_grade="weak"))
        assert not list(contradicted(case, said, pairs, Random(1)))
        changed = [(expected, replace(named, grade="weak")) for expected, named in pairs]
        assert len(list(contradicted(case, said, changed, Random(1)))) > ASKED_A_CASE / 2


def test_what_falls_is_told() -> None:
    tally = measure(SEEDS[:1], [0.0])[0.0]
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
