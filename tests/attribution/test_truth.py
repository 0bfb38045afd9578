"""Attribution against the simulator's truth: never a wrong name, and every credential that the files decide.

The laws: on complete logs each named actor is the true one and each decided credential is named;
grouping, order and duplication of files change nothing; with files removed `proven` stays right, and `strong` is wrong
only where a removed issuance of the same principal and second explains it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.case import Case
from tests.cases import case_of, shared_case, tables
from tests.simulator import CredentialTruth, LogFile, World, shuffled, simulate, truth, without
from tests.simulator.identities import CredentialId

# the first few at every run, all fifty before an issue is closed
SEEDS = [pytest.param(seed, marks=[pytest.mark.full] if seed >= 8 else []) for seed in range(50)]
EVENTS = 2_000
ANSWERS = 25


@dataclass(frozen=True)
class Named:
    """What the case says of one credential."""

    actor: tuple[str, str | None]
    """Kind and ID; the ARN where that is all that is known of a user."""
    grade: str
    stop_reason: str
    origin: str | None
    origin_grade: str | None
    rule: str | None
    """Of the link to what requested it, or by which its user is known; None where its record says it all."""
    rule_grade: str | None = None
    name: str | None = None

    @property
    def is_unknown(self) -> bool:
        return self.actor[0] == "unknown"


@pytest.mark.parametrize("seed", SEEDS)
def test_every_name_is_true_and_every_decided_credential_is_named(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = simulate(seed=seed, events=EVENTS)
    with shared_case(world.files, f"everyday-{seed}", tmp_path_factory) as case:
        for expected, named in compared(Said(case), world, world.files):
            assert named.is_unknown or named.actor in expected.allowed, (expected, named)
            assert not (expected.decided and named.is_unknown), (expected, named)
            assert not expected.decided or named.stop_reason == expected.stop_reason, (expected, named)
            assert expected.undecided_reason in (None, named.stop_reason) or not named.is_unknown, (expected, named)
            assert named.origin in (None, expected.origin_access_key_id), (expected, named)
            assert not expected.origin_decided or named.origin, (expected, named)


@pytest.mark.parametrize("seed", SEEDS)
def test_removal_makes_no_wrong_name_and_says_what_to_load(seed: int, tmp_path: Path) -> None:
    world = simulate(seed=seed, events=EVENTS)
    files = without(world.files, 0.3, seed)
    with case_of(files, tmp_path) as case:
        unresolved = []
        for expected, named in compared(Said(case), world, files):
            if named.is_unknown:
                unresolved.append(expected)
                continue
            excused = named.grade == "strong" and expected.removed_twin
            assert named.actor in expected.allowed or excused, (expected, named)
            excused = named.origin_grade == "strong" and expected.removed_sibling
            assert named.origin in (None, expected.origin_access_key_id) or excused, (expected, named)
        for expected in [one for one in unresolved if one.access_key_id][:ANSWERS]:
            answer = case.who(str(expected.access_key_id))
            assert answer.missing, answer


@pytest.mark.parametrize("seed", SEEDS)
def test_how_events_are_grouped_into_files_changes_nothing(
    seed: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = simulate(seed=seed, events=EVENTS)
    with (
        shared_case(world.files, f"everyday-{seed}", tmp_path_factory) as one,
        case_of(shuffled(world.files, seed), tmp_path) as other,
    ):
        assert tables(one) == tables(other)
        for expected in truth(world, world.files)[:ANSWERS]:
            if expected.access_key_id:
                assert _without_files(one, expected.access_key_id) == _without_files(other, expected.access_key_id)


class Said:
    """What a case says of each of its credentials, read at once."""

    def __init__(self, case: Case) -> None:
        rows = case.sql_rows(
            """
            select
                account_id, access_key_id, principal_id, session_creation_date::timestamp,
                actor_kind, coalesce(actor_id, actor_arn), actors.grade, stop_reason,
                origin_access_key_id, origin_grade,
                case
                    when links.rule is not null then links.rule
                    when on_behalf_of.credential_id is not null then 'on_behalf_of'
                    when forward_access.credential_id is not null then 'forward_access'
                end,
                case when links.rule is not null then links.grade else 'strong' end,
                actor_name
            from credentials
            join actors using (credential_id)
            left join links on links.child_credential_id = credentials.credential_id and links.is_chosen
            left join on_behalf_of on on_behalf_of.credential_id = credentials.credential_id
            left join (select distinct credential_id from forward_access) as forward_access
              on forward_access.credential_id = credentials.credential_id
            """
        ).rows
        self._named = {_identity(*row[:4]): Named((row[4], row[5]), *row[6:]) for row in rows}
        self._by_key = {(row[0], row[1]): Named((row[4], row[5]), *row[6:]) for row in rows if row[1]}
        self._credentials_of_key = Counter(row[1] for row in rows)

    def of(self, expected: CredentialTruth) -> Named:
        """None may be absent."""
        found = self._named.get(expected.id)
        if found is None and not expected.event_ids:  # issued, never used: the record may not name the session
            found = self._by_key.get((expected.account_id, expected.access_key_id))
        assert found is not None, expected
        return found

    def of_others(self, known: Iterable[CredentialTruth]) -> Iterator[tuple[CredentialId, Named]]:
        """Of credentials that the truth does not tell apart: callers in another account's copies."""
        ids = {one.id for one in known}
        keys = {(one.account_id, one.access_key_id) for one in known if one.access_key_id}
        for id_, named in self._named.items():
            if id_ not in ids and id_[:2] not in keys:
                yield id_, named

    def subjects(self, expected: CredentialTruth) -> tuple[str, ...]:
        """What asks `who` about this credential and no other."""
        alone = expected.access_key_id and self._credentials_of_key[expected.access_key_id] == 1
        return (*expected.event_ids, *[str(expected.access_key_id)] * bool(alone))


def compared(said: Said, world: World, files: tuple[LogFile, ...]) -> Iterator[tuple[CredentialTruth, Named]]:
    """Each credential of the truth with what the case says of it."""
    return ((expected, said.of(expected)) for expected in truth(world, files))


def _identity(account: str | None, key: str | None, principal: str | None, created: datetime | None) -> CredentialId:
    return account, key, principal, created and created.replace(tzinfo=UTC)


def _without_files(case: Case, key: str) -> object:
    import dataclasses

    def strip(value: object) -> object:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [field.name for field in dataclasses.fields(value) if field.name != "source_files"]
            return {name: strip(getattr(value, name)) for name in fields}
        if isinstance(value, tuple):
            return [strip(item) for item in value]
        return value

    return strip(case.who(key))
