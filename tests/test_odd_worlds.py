"""Odd worlds, a smaller run: its laws hold, and each can be broken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from forensics.answers.tree_answer import Action, NodeKind, Tree
from tests.cases import shared_case
from tests.odd_worlds import Delivered, Laws, TreeJudge, measure, report
from tests.simulator import LogFile, World, simulate
from tests.simulator.permissions import Change

SEEDS = range(5000, 5003)  # not among the seeds of a run of 1,000


def test_no_law_is_broken_on_odd_evidence() -> None:
    found = measure(SEEDS, (0.0, 0.3))
    assert not [problem for laws in found.values() for problem in laws.broken]
    complete = found[0.0].counts
    assert complete["decided"] == complete["decided and named"] > 0
    for laws in found.values():
        assert all(laws.counts[what] > 10 for what in ("nodes", "steps", "trees", "user names", "works"))
    assert report(found).count("files removed") == 1


@dataclass(frozen=True)
class Asked:
    """The tree of an intruder's key at the end of the planting."""

    delivered: Delivered
    tree: Tree
    key: str
    at: datetime

    def broken(self, tree: Tree, delivered: Delivered | None = None, key: str | None = None) -> set[str]:
        laws = Laws()
        TreeJudge(delivered or self.delivered, tree, key or self.key, self.at, laws).judge()
        return {problem.partition(":")[0] for problem in laws.broken}

    def with_sessions_over(self) -> Tree:
        nodes = (replace(one, valid_at=False) if one.kind == NodeKind.SESSION else one for one in self.tree.nodes)
        return replace(self.tree, nodes=tuple(nodes))


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(SEEDS[0], 400, everything=True, odd=True)


@pytest.fixture(scope="module")
def planted(world: World) -> Change:
    """The first key that an intruder's key created."""
    names = {user.user_id: user.name for user in world.permissions.users}
    created = (change for change in world.permissions.changes if change.api == "CreateAccessKey")
    return next(change for change in created if names.get(change.by.principal_id or "", "").startswith("vic-"))


@pytest.fixture(scope="module")
def asked(world: World, planted: Change, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    key, at = str(planted.by.access_key_id), planted.time + timedelta(minutes=15)
    with shared_case(world.files, "odd", tmp_path_factory) as case:
        return Asked(Delivered(world, world.files), case.tree(key, at), key, at)


def test_a_tree_without_its_branches_or_with_another_ones_breaks_laws(asked: Asked) -> None:
    assert asked.broken(asked.tree) == set()
    assert "missing branch" in asked.broken(replace(asked.tree, nodes=asked.tree.nodes[:1]))
    stranger = next(key for key, _ in asked.delivered.world.asked if key != asked.key)
    assert "false branch" in asked.broken(asked.tree, key=stranger)


def test_what_works_must_not_be_over_and_must_have_a_step(asked: Asked) -> None:
    assert "reported as over" in asked.broken(asked.with_sessions_over())
    assert {"no step", "works after the plan"} <= asked.broken(replace(asked.tree, containment=()))


def test_a_plan_must_be_accepted_and_must_end_what_it_can(asked: Asked) -> None:
    steps = asked.tree.containment
    refused = replace(asked.tree, containment=tuple(replace(step, target="nobody") for step in steps))
    assert {"refused step", "works after the plan"} <= asked.broken(refused)
    waiting = tuple(replace(step, action=Action.WAIT_UNTIL) for step in steps)
    assert "left to wait" in asked.broken(replace(asked.tree, containment=waiting))


def test_an_end_without_later_logs_must_leave_a_doubt(asked: Asked, world: World) -> None:
    restored = next(
        change
        for change in world.permissions.changes
        if change.api == "UpdateAccessKey" and change.value == "Active" and change.event_id
    )
    kept = [record for file in world.files for record in file.records if not is_later(record, restored)]
    delivered = Delivered(world, (LogFile(world.files[0].key, tuple(kept)),))
    node = replace(asked.tree.nodes[0], access_key_ids=(restored.id,), account_id=restored.account_id, valid_at=False)
    later = replace(asked, key=restored.id, at=restored.time + timedelta(hours=2))
    over = replace(asked.tree, nodes=(node,), containment=())
    assert later.broken(over, delivered) == {"over without doubt", "no step"}
    assert later.broken(replace(over, nodes=(replace(node, valid_at=None),)), delivered) == {"no step"}


def is_later(record: dict[str, object], change: Change) -> bool:
    """Return whether a record is one of the account from the second of a change on."""
    return record["recipientAccountId"] == change.account_id and str(record["eventTime"]) >= f"{change.time:%FT%TZ}"
