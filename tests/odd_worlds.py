"""Odd worlds: names, trees and plans on odd evidence, compared with what AWS would do.

    python -m tests.odd_worlds [--scenarios 1000] [--processes 2] [--first 0] [--questions 8]

Every world plays all of `tests/simulator/odd.py` and random other activities. Like in `tests.accuracy`, many worlds
share a case, built from complete logs and again with a share of the files removed. The exit code is 1 if a law is
violated.

Laws of names: those of `tests.accuracy`, and the name of a user is one that the user had when a credential of the chain
was used. Laws of trees and plans, about some keys at some times:

- `false branch`: a certain node derives from the subject, unless an issuance of the same second is missing.
- `missing branch`: on complete logs, every credential that derives from the subject and still works is a node.
- `reported as over`: nothing that works is reported as over, if the delivered files show that it works: by the changes
  that they hold, or by a success after the last end.
- `over without doubt`: where they do not show it, and hours since the end are not loaded, it is reported as possible.
- `no step`: whatever works is in a step of the plan.
- `refused step`: IAM accepts every step in its turn, except where a missing file hides why it does not.
- `works after the plan`: on complete logs, nothing works after the plan but what it says to wait for, or cannot end.
- `left to wait`: nothing that IAM can end is left to wait for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from forensics.answers.tree_answer import Node, NodeKind, Relation, Step, Tree
from forensics.case import Case
from tests.accuracy import Owners, contradicted, judge, made_up, owners_in
from tests.attribution.test_truth import Named, Said, compared
from tests.cases import case_of
from tests.simulator import CredentialTruth, LogFile, World, simulate, without
from tests.simulator.descent import Descent
from tests.simulator.identities import Credential
from tests.simulator.permissions import Change, Iam, Permissions

REMOVED = (0.0, 0.1, 0.3, 0.6)
EVENTS = 400
WORLDS_A_CASE = 40
QUESTIONS = 8
OUTSIDE_IAM = {"wait_until", "not_possible", "deny_identity_center_user", "deny_sign_in_session", "deny_by_scp"}
"""Steps that no change in IAM carries out."""


@dataclass
class Laws:
    """Counts by law, and the violations."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def add(self, other: Laws) -> None:
        self.counts += other.counts
        self.broken += other.broken

    def note(self, what: str, breaks: bool, about: str = "") -> None:
        self.counts[what] += 1
        if breaks:
            self.broken.append(f"{what}: {about}")


class Delivered:
    """A world with the files that are delivered of it."""

    def __init__(self, world: World, files: tuple[LogFile, ...]) -> None:
        self.world = world
        self.files = files
        self.complete = len(files) == len(world.files)
        self.present = {record["eventID"] for file in files for record in file.records}
        changes = [change for change in world.permissions.changes if not self._is_by_new_name_alone(change)]
        self.known = [one for one in changes if one.event_id in self.present or self._must_have_happened(one)]
        """The changes that are delivered; whatever exists was created at some time."""
        principals = world.permissions.principals()
        self.deleted_users = {
            id_ for one, id_ in principals if one.api == "DeleteUser" and one.event_id in self.present
        }
        self.descent = Descent(world)
        self.successes: defaultdict[object, list[datetime]] = defaultdict(list)
        self.permitted: defaultdict[object, list[datetime]] = defaultdict(list)
        for event in world.happened:
            if event.id in self.present and event.credential and not event.twin and "errorCode" not in event.record:
                self.successes[event.credential.id].append(event.time)
                if event.record["eventName"] != "GetCallerIdentity":  # no policy denies it
                    self.permitted[event.credential.id].append(event.time)
        self.used: defaultdict[object, set[datetime]] = defaultdict(set)
        for event in world.happened:
            if event.credential:
                self.used[event.credential.id].add(event.time)
        self.names = world.permissions.names()
        self.hours = {(one.account_id, _hour(one.time)) for one in world.events if one.id in self.present}
        self.twins = {one.issued.id[2:] for one in world.issuances if one.full not in self.present}
        """The principal and second of each issuance that is not delivered."""
        self.logged_keys = {
            (one.issued.account_id, one.issued.access_key_id)
            for one in world.issuances
            if one.logs_key and {one.full, one.redacted} & self.present
        }

    def _must_have_happened(self, change: Change) -> bool:
        """Return whether a missing change created something, other than with a name that a missing rename freed."""
        renames = (one for one in self.world.permissions.changes if one.api == "UpdateUser" and one.time < change.time)
        named = (change.account_id, change.name)
        is_freed = any((one.account_id, one.name) == named and one.event_id not in self.present for one in renames)
        return change.api.startswith("Create") and not is_freed

    def _is_by_new_name_alone(self, change: Change) -> bool:
        """Return whether a password was deleted under a new name that no record shows its user to have."""
        given = {(one.account_id, one.value) for one in self.world.permissions.changes if one.api == "UpdateUser"}
        name = change.account_id, change.name
        return change.api == "DeleteLoginProfile" and name in given and name not in self._names_in_use()

    def _names_in_use(self) -> set[tuple[str, str | None]]:
        delivered = (event for event in self.world.happened if event.id in self.present)
        return {(event.account_id, event.record["userIdentity"].get("userName")) for event in delivered}

    @property
    def end(self) -> datetime:
        return self.world.events[-1].time

    def asked(self, rng: Random, count: int) -> list[tuple[str, datetime]]:
        """Return some keys and times."""
        every = [*self.world.asked, *((key, self.end) for key in {key: None for key, _ in self.world.asked})]
        created = {one.id: one.time for one in self.world.permissions.changes if one.api.startswith("Create")}
        every = [(key, at) for key, at in every if created.get(key, at) <= at <= self.end]
        others = sorted({one.access_key_id or "" for one in self.descent.credentials.values()})
        every += [(key, self.end) for key in rng.sample([key for key in others if key.startswith("AKIA")], 3)]
        asked = rng.sample(every, min(count, len(every)))
        return [(key, at) for key, at in asked if not self.complete or self._is_named(key)]

    def _is_named(self, key: str) -> bool:
        """Return whether a delivered record names a key. Nothing joins another key to what it requested."""
        return any(key in str(record) for file in self.files for record in file.records)

    def in_hours_that_are_loaded(self, account_id: str | None, since: datetime, until: datetime) -> bool:
        """Return whether an event of the account is loaded in each hour of a time."""
        hours = [since + timedelta(hours=number) for number in range(int((until - since).total_seconds() // 3600) + 1)]
        return all((account_id or "", _hour(time)) in self.hours for time in (*hours, until))


def _hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0)


# Trees and plans


class TreeJudge:
    """Compares the tree and plan of one subject at one time with the truth."""

    def __init__(self, delivered: Delivered, tree: Tree, key: str, at: datetime, laws: Laws) -> None:
        self._delivered = delivered
        self._tree = tree
        self._key = key
        self._at = at
        self._laws = laws
        self._facts: Permissions = delivered.world.permissions
        self._iam = self._facts.at(at)
        self._seen = self._facts.at(at, delivered.known)
        self._planned = {id_ for step in tree.containment for id_ in step.ends}

    def judge(self) -> None:
        self._branches()
        for node in self._tree.nodes:
            self._node(node)
        self._plan()

    def _note(self, what: str, breaks: bool, about: object = "") -> None:
        logs = "complete" if self._delivered.complete else "files removed"
        asked = f"seed {self._delivered.world.seed}, {logs}, {self._key} at {self._at:%FT%TZ}"
        self._laws.note(what, breaks, f"{asked}: {about}" if breaks else "")

    def _branches(self) -> None:
        possible = self._delivered.descent.below(self._key, possibly=True)
        shown = set()
        for node in self._tree.nodes:
            credentials = self._credentials(node)
            ids = {one.id for one in credentials}
            shown |= ids
            self._note("nodes", False)
            if node.certain and ids and not ids & possible:
                is_misled = any(one.id[2:] in self._delivered.twins for one in credentials)
                self._note("misled branch" if is_misled else "false branch", not is_misled, node)
        if self._delivered.complete:
            for id_ in self._delivered.descent.shown_below(self._key, self._delivered.present) - shown:
                credential = self._delivered.descent.credentials[id_]
                if self._iam.works(credential, self._at) and self._is_known(credential):
                    self._note("missing branch", True, f"{credential.issuer} {credential.id}")
            self._missing_plantings()

    def _missing_plantings(self) -> None:
        by = self._delivered.descent.shown_below(self._key, self._delivered.present)
        shown = {name for node in self._tree.nodes for name in (*node.access_key_ids, *node.event_ids)}
        for change in self._delivered.known:
            event_id = change.event_id or ""
            if change.by.id not in by or event_id not in self._delivered.present or change.time > self._at:
                continue
            works = {
                "CreateAccessKey": self._iam.key_works(change.id),
                "CreateServiceSpecificCredential": self._iam.key_works(change.id),
                "CreateUser": self._iam.user_exists(change.id),
                "CreateLoginProfile": self._iam.password_works(event_id),
                "UpdateAssumeRolePolicy": self._iam.trust_holds(event_id),
            }
            if works.get(change.api) and not {change.id, event_id} & shown:
                self._note("missing branch", True, change)

    def _is_known(self, credential: Credential) -> bool:
        is_logged = (credential.account_id, credential.access_key_id) in self._delivered.logged_keys
        return is_logged or bool(self._delivered.successes[credential.id])

    def _credentials(self, node: Node) -> list[Credential]:
        descent = self._delivered.descent
        found = [one for key in node.access_key_ids for one in descent.by_key[node.account_id, key]]
        if found or node.access_key_ids or node.kind != NodeKind.SESSION or node.issued_at is None:
            return found
        began = node.issued_at.replace(tzinfo=UTC)
        wanted = (node.account_id, node.principal_id, began)
        every = descent.credentials.values()
        return [one for one in every if (one.account_id, one.principal_id, one.creation_date) == wanted]

    def _works(self, iam: Iam, node: Node) -> bool:
        """Return whether a credential of a node works, or what it stands for is in force."""
        credentials = self._credentials(node)
        if credentials:
            return any(iam.works(one, self._at) for one in credentials)
        match node.kind:
            case NodeKind.ACCESS_KEY:
                return any(iam.key_works(key) for key in node.access_key_ids)
            case NodeKind.USER:
                return iam.user_exists(node.principal_id or "")
            case NodeKind.LOGIN_PROFILE:
                return any(map(iam.password_works, node.event_ids))
            case NodeKind.ROLE:
                return any(map(iam.trust_holds, node.event_ids))
        return False

    def _node(self, node: Node) -> None:
        if node.relation == Relation.FORWARD_ACCESS or not self._works(self._iam, node):
            return
        self._note("works", False)
        if node.valid_at is False:
            self._over(node)
        if node.id not in self._planned:
            self._note("no step", self._is_shown(node) or not self._is_excused(node), node)

    def _over(self, node: Node) -> None:
        if self._is_shown(node):
            self._note("reported as over", True, node)
        elif self._is_excused(node):
            self._note("misled by a removed file", False)
        else:
            self._note("over without doubt", True, node)

    def _is_shown(self, node: Node) -> bool:
        """Return whether the delivered files show that it works."""
        if self._works(self._seen, node):
            return True
        ended = self._seen_end(node)
        is_key = node.kind == NodeKind.ACCESS_KEY
        times = self._delivered.successes if is_key else self._delivered.permitted
        successes = [time for one in self._credentials(node) for time in times[one.id]]
        return any(ended and ended < time <= self._at for time in successes)

    def _seen_end(self, node: Node) -> datetime | None:
        """Return when the delivered changes ended it for the last time."""
        iam, worked, ended = Iam(self._facts), True, None
        for change in sorted(self._delivered.known, key=lambda one: one.time):
            if change.time <= self._at:
                iam.apply(change)
                works = self._works(iam, node)
                if worked and not works:
                    ended = change.time
                worked = works
        return ended

    def _is_excused(self, node: Node) -> bool:
        """Return whether the account has loaded events in every hour since the end, so that no gap is seen."""
        ended = self._seen_end(node)
        return ended is not None and self._delivered.in_hours_that_are_loaded(node.account_id, ended, self._at)

    # plan

    def _plan(self) -> None:
        now = self._at + timedelta(seconds=1)
        working = self._working()
        for step in self._tree.containment:
            self._note("steps", False)
            target, seen_target = (_present(iam, step.target) for iam in (self._iam, self._seen))
            accepted = self._iam.accepts(step.action, step.account_id, target)
            if self._seen.accepts(step.action, step.account_id, seen_target):
                self._seen.contain(step.action, step.account_id, seen_target, now)
            elif not accepted and not self._is_look_up(step) and not self._is_of_root(step):
                self._note("refused step", True, f"{step.action} {step.target}: {step}")
            if accepted:
                self._iam.contain(step.action, step.account_id, target, now)
        if self._delivered.complete:
            self._after_the_plan(working, now)

    def _is_of_root(self, step: Step) -> bool:
        """Return whether a step is about a key of root, which IAM accepts from root itself."""
        credentials = self._delivered.descent.by_key[step.account_id, step.target]
        return any(one.principal_id == one.account_id for one in credentials)

    def _is_look_up(self, step: Step) -> bool:
        """Return whether a step first finds a user by ID, of which no delivered record shows that it was deleted."""
        return step.target.startswith("AIDA") and step.target not in self._delivered.deleted_users

    def _working(self) -> list[Credential]:
        descent = self._delivered.descent
        every = (descent.credentials[id_] for id_ in descent.shown_below(self._key, self._delivered.present))
        return [one for one in every if self._iam.works(one, self._at) and self._is_known(one)]

    def _after_the_plan(self, working: list[Credential], now: datetime) -> None:
        outside = {id_ for step in self._tree.containment if step.action in OUTSIDE_IAM for id_ in step.ends}
        waiting = {one.id for node in self._tree.nodes if node.id in outside for one in self._credentials(node)}
        untouched = self._facts.at(self._at)
        for credential in working:
            if not self._iam.works(credential, self._at) or not self._seen.works(credential, self._at):
                continue  # ended, or ended by all that the logs show
            if credential.id not in waiting:
                self._note("works after the plan", True, f"{credential.issuer} {credential.id}")
            elif untouched.can_end(credential):
                self._note("left to wait", True, f"{credential.issuer} {credential.id}")
        for node in self._tree.nodes:
            works = all(self._works(iam, node) for iam in (self._iam, self._seen))
            if works and node.id not in outside and not self._credentials(node):
                self._note("works after the plan", True, node)


def _present(iam: Iam, target: str) -> str:
    """Return the present name of a user that a step gives by ID, because another user had its name later."""
    return next((name for (_, name), user in iam.users.items() if user.id == target), target)


# Names


def names_had(delivered: Delivered, expected: CredentialTruth) -> set[str]:
    """Return the names of the actor, an IAM user, when a credential of the chain was used."""
    times = {time for id_ in (expected.id, *expected.chain) for time in delivered.used[id_]}
    had = delivered.names[str(expected.actor_id)]
    return {name for name, since, until in had if any(since <= time <= until for time in times)}


def judge_names(delivered: Delivered, said: Said, laws: Laws) -> list[tuple[CredentialTruth, Named]]:
    """Judge the actor of every credential; return the pairs."""
    pairs = list(compared(said, delivered.world, delivered.files))
    for expected, named in pairs:
        about = f"seed {delivered.world.seed} {expected} {named}"
        for what, breaks in judge(expected, named, delivered.complete):
            laws.note(what, breaks, about)
        if named.name and named.actor == ("iam_user", expected.actor_id):
            had = names_had(delivered, expected)
            laws.note("user names", False)
            if named.name not in had:
                laws.note("name of another time", True, f"{had} {about}")
    return pairs


# Worlds


def measure(seeds: range, shares: Iterable[float] = REMOVED, questions: int = QUESTIONS) -> dict[float, Laws]:
    """Judge a case of some worlds for each share of removed files."""
    worlds = [simulate(seed=seed, events=EVENTS, everything=True, odd=True) for seed in seeds]
    return {share: _measure(worlds, _owners(worlds), share, questions) for share in shares}


def _owners(worlds: list[World]) -> Owners:
    owners = owners_in(worlds)
    for world in worlds:
        names = world.permissions.names()
        for account_id, key, user_id in world.permissions.owned_keys():
            allowed = {("iam_user", name) for name, _, _ in names[user_id]}
            owners.setdefault((account_id, key, None, None), set()).update(allowed | {("iam_user", user_id)})
    return owners


def _measure(worlds: list[World], made: Owners, removed: float, questions: int) -> Laws:
    delivered = [Delivered(world, without(world.files, removed, world.seed)) for world in worlds]
    laws = Laws()
    with tempfile.TemporaryDirectory() as folder, case_of(_in_one(delivered), Path(folder)) as case:
        said = Said(case)
        pairs = [pair for one in delivered for pair in judge_names(one, said, laws)]
        laws.broken += made_up(said, [expected for expected, _ in pairs], made)
        laws.broken += contradicted(case, said, pairs, Random(worlds[0].seed))
        for one in delivered:
            judge_trees(case, one, laws, questions)
    return laws


def _in_one(delivered: list[Delivered]) -> Iterator[LogFile]:
    for one in delivered:
        yield LogFile(one.files[0].key, tuple(record for file in one.files for record in file.records))


def judge_trees(case: Case, delivered: Delivered, laws: Laws, questions: int = QUESTIONS) -> None:
    for key, at in delivered.asked(Random(f"asked {delivered.world.seed}"), questions):
        tree = case.tree(key, at)
        laws.note("trees", False)
        TreeJudge(delivered, tree, key, at, laws).judge()


def measure_all(first: int, scenarios: int, processes: int, questions: int) -> dict[float, Laws]:
    end = first + scenarios
    jobs = [range(start, min(start + WORLDS_A_CASE, end)) for start in range(first, end, WORLDS_A_CASE)]
    found = {share: Laws() for share in REMOVED}
    with ProcessPoolExecutor(processes) as pool:
        for job, measured in zip(jobs, pool.map(partial(measure, questions=questions), jobs), strict=True):
            for share, laws in measured.items():
                found[share].add(laws)
            broken = sum(len(laws.broken) for laws in found.values())
            print(f"{job.stop - first:,} of {scenarios:,} scenarios, {broken} laws broken", file=sys.stderr)
    return found


def report(found: dict[float, Laws]) -> str:
    """Return the counts, one line for each share of removed files and law."""
    lines = []
    for share, laws in found.items():
        lines.append(f"\n{share:.0%} of the files removed" if share else "Complete logs")
        lines += [f"  {what:32}{count:>10,}" for what, count in sorted(laws.counts.items())]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="how many trees of a world are compared")
    arguments = parser.parse_args()
    found = measure_all(arguments.first, arguments.scenarios, arguments.processes, arguments.questions)
    print(report(found))
    problems = [problem for laws in found.values() for problem in laws.broken]
    print(f"\n{arguments.scenarios} scenarios, {len(problems)} laws broken")
    for problem in problems[:40]:
        print(f"  {problem[:1200]}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
