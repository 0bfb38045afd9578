"""Accuracy: compare attribution with the truth in many simulated worlds.

    python -m tests.accuracy [--scenarios 1000] [--processes 2]

Many worlds share a case, like organizations of one customer; their accounts keep them apart. Each case is built from
complete logs, and again with a share of the files removed. The remaining events of a world are written to one file:
the grouping of events changes nothing (`test_truth`), and a case with ten thousand small files takes minutes. Results
are printed by issuer and by rule. The exit code is 1 if a law is violated, or if any count is below the one in
accuracy.json, which `--write` replaces.

Laws for complete logs: every name is true, every credential that the files decide is named, with its stop reason, and
the same holds for `origin_access_key_id`. Laws for removed files: `proven` is never wrong, and `strong` is wrong only
if a removed issuance of the same principal and second misleads. `who`, by key or event, returns the same as the tables.

`precision`: share of the given names that are true; a name that is wrong because of a removed issuance counts as wrong.
`recall`: share of the credentials decided by the delivered files that are named. Both are also given for the origin
key.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from forensics.answers.who_answer import Who
from forensics.case import Case
from tests.attribution.test_truth import Named, Said, compared
from tests.cases import case_of
from tests.simulator import CredentialTruth, LogFile, World, simulate, truth, without
from tests.simulator.identities import CredentialId

BASELINE = Path(__file__).parent / "accuracy.json"
REMOVED = (0.0, 0.1, 0.3, 0.6)
EVENTS = 400
WORLDS_A_CASE = 100
ASKED_A_CASE = 25


@dataclass
class Tally:
    """Counts by issuer and by rule for one share of removed files, and the violated laws."""

    by_issuer: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_rule: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    broken: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        for mine, theirs in ((self.by_issuer, other.by_issuer), (self.by_rule, other.by_rule)):
            for name, counts in theirs.items():
                mine[name] += counts
        self.broken += other.broken

    def total(self) -> Counter[str]:
        return sum(self.by_issuer.values(), Counter[str]())


def judge(expected: CredentialTruth, named: Named, complete: bool) -> Iterator[tuple[str, bool]]:
    """Return the counts for one credential, each with whether it violates a law."""
    yield "credentials", False
    yield from _judge_name(expected, named, complete)
    yield from _judge_origin(expected, named, complete)


def _judge_name(expected: CredentialTruth, named: Named, complete: bool) -> Iterator[tuple[str, bool]]:
    if expected.decided:
        yield "decided", False
        yield ("decided and named", False) if not named.is_unknown else ("missed", complete)
    if named.is_unknown:
        yield "unresolved", False
    elif named.actor in expected.allowed:
        yield "right", False
        is_theirs = named.actor == (expected.actor_kind, expected.actor_id)
        if complete and expected.decided and is_theirs and named.stop_reason != expected.stop_reason:
            yield "wrong stop reason", True
    elif not complete and named.grade == "strong" and expected.removed_twin:
        yield "misled by a removed twin", False
    else:
        yield "wrong", True


def _judge_origin(expected: CredentialTruth, named: Named, complete: bool) -> Iterator[tuple[str, bool]]:
    if expected.origin_decided:
        yield "origin decided", False
        yield ("origin decided and named", False) if named.origin else ("origin missed", complete)
    if named.origin is None:
        return
    if named.origin == expected.origin_access_key_id:
        yield "origin right", False
    elif not complete and named.origin_grade == "strong" and expected.removed_sibling:
        yield "origin misled by a removed twin", False
    else:
        yield "origin wrong", True


def measure(seeds: range, shares: Iterable[float] = REMOVED) -> dict[float, Tally]:
    """Measure a case of some worlds for each share of removed files."""
    worlds = [simulate(seed=seed, events=EVENTS, everything=True) for seed in seeds]
    owners = owners_in(worlds)
    return {share: _measure(worlds, owners, share) for share in shares}


def _measure(worlds: list[World], owners: Owners, removed: float) -> Tally:
    delivered = [without(world.files, removed, world.seed) for world in worlds]
    with tempfile.TemporaryDirectory() as folder, case_of(map(_in_one, delivered), Path(folder)) as case:
        said = Said(case)
        pairs = [pair for world, files in zip(worlds, delivered, strict=True) for pair in compared(said, world, files)]
        tally = _counted(pairs, complete=not removed)
        tally.broken += made_up(said, [expected for expected, _ in pairs], owners)
        tally.broken += contradicted(case, said, pairs, Random(worlds[0].seed))
        return tally


def _in_one(files: tuple[LogFile, ...]) -> LogFile:
    return LogFile(files[0].key, tuple(record for file in files for record in file.records))


def _counted(pairs: Iterable[tuple[CredentialTruth, Named]], *, complete: bool) -> Tally:
    tally = Tally()
    for expected, named in pairs:
        for what, breaks in judge(expected, named, complete):
            tally.by_issuer[expected.issuer][what] += 1
            tally.by_rule[named.rule or "(by the record)"][what] += 1
            if breaks:
                tally.broken.append(f"{what}: {expected} {named}")
    return tally


Owners = dict[CredentialId, set[tuple[str, str | None]]]
"""The true owners of a key, or of a session by its second and principal ID, with None for the other parts."""


def owners_in(worlds: list[World]) -> Owners:
    """Return the owners of all credentials in the complete logs, also of those that only a request or change shows."""
    owners = _owners_of_made_keys(record for world in worlds for file in world.files for record in file.records)
    for world in worlds:
        actors = {expected.id: set(expected.allowed) for expected in truth(world, world.files)}
        # a request can show neither the key nor the principal ID of its session
        requested = {one.issued.id: actors.get(one.caller.id, set()) for one in world.issuances if not one.logs_key}
        for (account_id, key, principal_id, created_at), allowed in [*actors.items(), *requested.items()]:
            ids: list[CredentialId] = [(account_id, None, principal, created_at) for principal in (principal_id, None)]
            for id_ in [*ids, (account_id, key, None, None)] if key else ids:
                owners.setdefault(id_, set()).update(allowed)
    return owners


def _owners_of_made_keys(records: Iterable[Mapping[str, Any]]) -> Owners:
    """Return the owners of keys that IAM calls create or change: user name, and user ID. Each name is used once."""
    users: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    keys: dict[tuple[str | None, str | None], tuple[str, str] | None] = {}
    for record in records:
        account_id, caller = record["recipientAccountId"], record["userIdentity"]
        asked, answer = record.get("requestParameters") or {}, record.get("responseElements") or {}
        if caller.get("type") == "IAMUser" and "principalId" in caller and caller["accountId"] == account_id:
            users[account_id, caller.get("userName", "")].add(caller["principalId"])
        if record["eventName"] == "CreateUser" and "user" in answer:
            users[account_id, answer["user"]["userName"]].add(answer["user"]["userId"])
        made = answer.get("accessKey") or answer.get("serviceSpecificCredential") or {}
        named = asked if record["eventSource"] == "iam.amazonaws.com" and "errorCode" not in record else {}
        key = made.get("accessKeyId") or made.get("serviceSpecificCredentialId") or named.get("accessKeyId")
        name = made.get("userName") or named.get("userName") or caller.get("userName")
        if key and (name or caller.get("type") == "Root"):
            keys.setdefault((account_id, key), (account_id, name) if name else None)
    return {
        (account_id, key, None, None): {("iam_user", owner[1]), *(("iam_user", id_) for id_ in users[owner])}
        if owner
        else {("root", account_id)}
        for (account_id, key), owner in keys.items()
    }


def made_up(said: Said, known: list[CredentialTruth], owners: Owners | None = None) -> Iterator[str]:
    """Return the names that the truth does not contain.

    Two kinds are allowed: a caller in another account's copy, by its ID, and the owner of a credential in `owners` that
    signed no remaining event.
    """
    for (account_id, key, principal_id, created_at), named in said.of_others(known):
        credential = (account_id, key, None, None) if key else (account_id, None, principal_id, created_at)
        allowed = {("external_principal", principal_id), *(owners or {}).get(credential, set())}
        kind, id_ = named.actor
        if not named.is_unknown and (kind, id_ or named.name) not in allowed:
            yield f"made up: {principal_id} {named}"


def contradicted(case: Case, said: Said, pairs: list[tuple[CredentialTruth, Named]], rng: Random) -> Iterator[str]:
    """Return the differences between `who` and the tables for some random credentials."""
    asked = [
        (rng.choice(subjects), named)
        for expected, named in rng.sample(pairs, min(len(pairs), ASKED_A_CASE))
        if (subjects := said.subjects(expected))
    ]
    for (subject, named), answer in zip(asked, case.who_all(subject for subject, _ in asked), strict=True):
        if not says_the_same(answer, named):
            yield f"who {subject} says otherwise: {named} {answer}"


def says_the_same(answer: Who, named: Named) -> bool:
    actor, grade = (answer.actor.kind, answer.actor.id or answer.actor.arn), answer.grade
    return (actor, grade, answer.stop_reason, answer.origin_access_key_id, answer.origin_grade) == (
        named.actor,
        named.grade,
        named.stop_reason,
        named.origin,
        named.origin_grade,
    )


def measure_all(scenarios: int, processes: int | None = None) -> dict[float, Tally]:
    jobs = [range(first, min(first + WORLDS_A_CASE, scenarios)) for first in range(0, scenarios, WORLDS_A_CASE)]
    tallies = {share: Tally() for share in REMOVED}
    with ProcessPoolExecutor(processes) as pool:
        for job, measured in zip(jobs, pool.map(measure, jobs), strict=True):
            print(f"{job.stop:,} of {scenarios:,} scenarios", file=sys.stderr)
            for share, tally in measured.items():
                tallies[share].add(tally)
    return tallies


_COUNTS = {
    "credentials": "credentials",
    "decided": "decided",
    "right": "right",
    "unresolved": "unresolved",
    "misled by a removed twin": "misled",
    "wrong": "wrong",
}
_ORIGIN_COUNTS = {
    "origin decided": "decided",
    "origin right": "right",
    "origin misled by a removed twin": "misled",
    "origin wrong": "wrong",
}


def report(tallies: dict[float, Tally]) -> str:
    """Return tables of names and origin keys by issuer and by rule, for each share of removed files."""
    lines = []
    for share, tally in tallies.items():
        lines.append(f"\n{share:.0%} of the files removed" if share else "Complete logs")
        lines.append(f"{'':36}{'names':72}keys at the origin")
        for title, counts in (("issuer", tally.by_issuer), ("rule", tally.by_rule)):
            heads = (*_COUNTS.values(), "precision", "recall", *_ORIGIN_COUNTS.values(), "precision", "recall")
            lines.append(f"{title:36}" + "".join(f"{head:>12}" for head in heads))
            rows = [*sorted(counts.items()), ("all", sum(counts.values(), Counter[str]()))]
            lines += [f"{name:36}" + "".join(f"{cell:>12}" for cell in _cells(row)) for name, row in rows]
    return "\n".join(lines)


def _cells(row: Counter[str]) -> Iterator[str]:
    for counts, kind in ((_COUNTS, ""), (_ORIGIN_COUNTS, "origin ")):
        yield from (f"{row[what]:,}" for what in counts)
        right = row[f"{kind}right"]
        yield _share(right, right + row[f"{kind}misled by a removed twin"] + row[f"{kind}wrong"])
        yield _share(row[f"{kind}decided and named"], row[f"{kind}decided"])


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "-"


def fallen(tallies: dict[float, Tally], baseline: dict[str, dict[str, dict[str, int]]]) -> Iterator[str]:
    """Return the counts that are lower than before."""
    for share, tally in tallies.items():
        for issuer, counts in baseline.get(str(share), {}).items():
            for what, before in counts.items():
                now = tally.by_issuer[issuer][what]
                if now < before:
                    yield f"{share:.0%} removed, {issuer}: {what} fell from {before} to {now}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--processes", type=int, help="as many as there are cores, unless told")
    parser.add_argument("--write", action="store_true", help="write accuracy.json anew")
    arguments = parser.parse_args()
    tallies = measure_all(arguments.scenarios, arguments.processes)
    print(report(tallies))
    key = str(arguments.scenarios)
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    problems = [problem for tally in tallies.values() for problem in tally.broken]
    problems += fallen(tallies, known.get(key, {}))
    if arguments.write:
        known[key] = {
            str(share): {
                issuer: {what: counts[what] for what in ("right", "origin right")}
                for issuer, counts in sorted(tally.by_issuer.items())
            }
            for share, tally in tallies.items()
        }
        BASELINE.write_text(json.dumps(known, indent=1) + "\n")
    print(f"\n{arguments.scenarios} scenarios, {len(problems)} laws broken")
    for problem in problems[:20]:
        print(f"  {problem[:600]}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
