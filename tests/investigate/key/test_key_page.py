"""The page on a key: against the sample's story, the simulator's own objects, and worlds made by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.canonical import to_json
from forensics.answers.core import ActorKind, StopReason
from forensics.answers.key_answer import Key, KeyKind
from forensics.case import Case
from forensics.errors import NotAnIdentifier
from forensics.output.key_text import render_key
from forensics.output.lines import lay_out
from tests.attribution.records import START, Account, Json, User, assume_role, call, trust_policy, write
from tests.cases import case_of, case_of_records
from tests.simulator import World, sample, simulate
from tests.simulator.identities import Credential

Ask = Callable[[str], Key]
IAM, SECRETS = "iam.amazonaws.com", "secretsmanager.amazonaws.com"

# Fields may be added at the end of these lists, and never leave them.
CONTRACT = {
    "": "subject kind in_logs account_ids decoded_account_id owner issued_at expires_at lifecycle owners_access "
    "quarantine who children activity flags address_databases exports still_works counted earlier left_out unreliable "
    "source",
    "lifecycle": "status status_since created_at changes used_after_end service_name expires_at expired state valid_at",
    "lifecycle.changes": "change access_key_id succeeded error_code actor grade by_access_key_id by_arn event",
    "lifecycle.changes.event": (
        "event_id recipient_account_id aws_region event_time event_name source_files digest_status"
    ),
    "lifecycle.used_after_end": "change ended_at succeeded refused first_use last_use event_ids",
    "owners_access": "keys console_password password_changes sign_ins first_sign_in last_sign_in sign_in_event_ids",
    "owners_access.keys": (
        "access_key_id status created_at first_use last_use events event_id last_success expires_at expired"
    ),
    "owners_access.password_changes": "event_name policy succeeded error_code actor grade by_access_key_id event",
    "quarantine": "in_force changes",
    "children": "credentials direct unexpired possible account_ids at roles made_keys sensitive activity",
    "still_works": "kind id account_id state valid_at sessions owner_name certain expires_at",
    "children.roles": "arn account_id certain depth credentials direct unexpired first_issued last_issued last_expires "
    "events",
    "children.made_keys": "access_key_id account_id owner_name status created_at first_use last_use by_access_key_id "
    "event_id state valid_at certain",
    "activity": "events succeeded denied failed first_use last_use last_success addresses user_agents regions services "
    "resources sensitive discovery_bursts totals",
    "activity.addresses": "value succeeded denied failed first_use last_use class country city as_number as_name",
    "activity.user_agents": "value succeeded denied failed first_use last_use application",
    "activity.services": "value succeeded denied failed first_use last_use event_names objects",
    "activity.sensitive": "tactic technique technique_name event_source event_name succeeded denied failed first_use "
    "last_use mfa_authenticated resources resources_total event_ids callers score",
    "activity.discovery_bursts": "first_use last_use source_ip_address succeeded denied failed event_names regions "
    "first_event_id",
    "activity.totals": "addresses user_agents regions services resources discovery_bursts",
}


@pytest.fixture
def ask(sample_case: Path) -> Iterator[Ask]:
    with Case.open(sample_case) as case:
        yield case.key


def utc(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, second)  # noqa: DTZ001 - as the database hands it out


# the sample's story


def test_the_leaked_key(ask: Ask) -> None:
    page = ask(sample.LEAKED_KEY)
    assert page.owner and page.owner.name == "svc-deploy"
    assert page.kind == KeyKind.LONG_TERM
    assert page.account_ids == (page.decoded_account_id,)
    assert (page.lifecycle.status, page.lifecycle.status_since) == ("Inactive", utc(5, 9, 5, 37))
    (off,) = page.lifecycle.changes
    assert (off.change, off.actor.name, off.by_access_key_id) == ("deactivated", "elena.garcia", sample.RESPONDER_KEY)
    assert off.event.event_name == "UpdateAccessKey" and off.event.source_files
    assert page.lifecycle.used_after_end == ()
    assert (page.activity.denied, page.activity.first_use) == (71, utc(1, 8, 7, 29))
    stranger = {place.value: place for place in page.activity.addresses}["192.0.2.44"]
    assert (stranger.denied, stranger.first_use) == (71, utc(3, 21, 14, 7))
    assert "AWS CLI 2.9.19, Kali Linux" in [agent.application for agent in page.activity.user_agents]
    (burst,) = page.activity.discovery_bursts
    assert (burst.source_ip_address, len(burst.regions)) == ("192.0.2.44", 3)
    assert len(page.children.account_ids) == 3
    made = [made.access_key_id for made in page.children.made_keys]
    assert made == [sample.PERSISTENCE_KEY, sample.SECOND_PERSISTENCE_KEY]
    assert page.who.stop_reason == StopReason.LONG_TERM_KEY


def test_the_headline_counts_the_calls_of_everything_derived(ask: Ask) -> None:
    page = ask(sample.LEAKED_KEY)
    assert all(one.succeeded == 0 for one in page.activity.sensitive)
    found = {one.event_name: one for one in page.children.sensitive}
    assert (found["GetObject"].succeeded, found["CreateAccessKey"].succeeded) == (89, 2)
    succeeded = sum(one.succeeded for one in found.values())
    calls = succeeded + sum(one.denied + one.failed for one in found.values())
    shown = lay_out(render_key(page), 200)
    assert f"4 by the key, all refused; {calls} derived, {succeeded} succeeded" in shown
    derived = page.children.activity
    assert (derived.events, derived.sensitive) == (385, page.children.sensitive)
    assert f"102 calls by the key, 31 succeeded, 71 denied; 385 derived, {derived.succeeded} succeeded" in shown
    assert "2 known to be valid at the end of the logs" in shown


def test_the_report_counts_the_same_calls_as_the_page(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        report = case.report(sample.LEAKED_KEY)
    page = report.key
    whole = {one.event_name: one.succeeded for one in report.activity.sensitive}
    parts = Counter[str]()
    for one in (*page.activity.sensitive, *page.children.sensitive):
        parts[one.event_name] += one.succeeded
    assert whole == dict(parts)


def test_a_session_over_a_planted_trust_policy_derives_from_its_planter(tmp_path: Path) -> None:
    """A role that a key opened to another account, and whom else the role had let in before."""
    home = Account("111111111111")
    outside, known, dave = (
        home.elsewhere(digit).user(name) for digit, name in enumerate(("mallory", "carol", "dave"), 2)
    )
    thief, admin = home.user("thief"), home.role("admin")
    opened, restored = (
        {"roleName": "admin", "policyDocument": trust_policy(*(user.arn for user in users))}
        for users in ((known, outside), (known, dave))
    )
    home.log(
        assume_role(_redacted(known), admin, "before", 0, issues=home.key("BEFORE"), account=home.id),
        call(thief.signs(), 10, name="UpdateAssumeRolePolicy", source=IAM, requestParameters=opened),
        assume_role(_redacted(outside), admin, "after", 20, issues=home.key("AFTER"), account=home.id),
        call(admin.session("after", 20, home.key("AFTER")), 30, name="GetSecretValue", source=SECRETS),
        assume_role(_redacted(known), admin, "again", 40, issues=home.key("AGAIN"), account=home.id),
        call(admin.session("again", 40, home.key("AGAIN")), 50),
        call(home.user("owner").signs(), 60, name="UpdateAssumeRolePolicy", source=IAM, requestParameters=restored),
        assume_role(_redacted(dave), admin, "later", 70, issues=home.key("LATER"), account=home.id),
        call(admin.session("later", 70, home.key("LATER")), 80),
    )
    with case_of_records(home.records, tmp_path) as case:
        page, tree = case.key(thief.key), case.tree(thief.key)
    keys = {key for node in tree.nodes for key in node.access_key_ids}
    assert keys == {thief.key, home.key("AFTER")}
    assert [(one.event_name, one.succeeded) for one in page.children.sensitive] == [("GetSecretValue", 1)]


def _redacted(user: User) -> Json:
    return {"type": "AWSAccount", "principalId": user.id, "accountId": user.account_id}


def test_the_key_that_did_the_damage(ask: Ask) -> None:
    page = ask(sample.DEEP_KEY)
    assert (page.kind, page.owner) == (KeyKind.TEMPORARY, None)
    assert (page.issued_at, page.expires_at) == (utc(4, 2, 24, 19), utc(4, 3, 24, 19))
    assert page.who.origin_access_key_id == sample.LEAKED_KEY
    found = {one.event_name: one for one in page.activity.sensitive}
    assert {(one.tactic, one.technique) for one in found.values()} >= {
        ("credential_access", "T1555.006"),
        ("collection", "T1530"),
        ("defense_evasion", "T1562.008"),
        ("persistence", "T1136.003"),
        ("privilege_escalation", "T1098.003"),
    }
    assert (found["StopLogging"].succeeded, found["StopLogging"].denied) == (0, 2)
    assert found["StopLogging"].resources[0].endswith(":trail/org-trail")
    assert (found["GetObject"].succeeded, found["GetObject"].resources_total) == (64, 64)
    assert len(found["GetSecretValue"].resources) == len(found["GetSecretValue"].event_ids) == 2
    assert all(one.mfa_authenticated is False for one in found.values())
    exports = [one for one in page.activity.resources if one.objects == 64]
    assert [one.value.endswith("customer-exports-5622") for one in exports if one.value] == [True]


def test_the_key_that_was_planted(ask: Ask) -> None:
    page = ask(sample.PERSISTENCE_KEY)
    assert page.owner and page.owner.name == "svc-metrics"
    (made,) = page.lifecycle.changes
    assert (made.change, made.actor.name, made.by_access_key_id) == ("created", "svc-deploy", sample.DEEP_KEY)
    assert (page.lifecycle.status, page.lifecycle.created_at) == ("Active", utc(4, 2, 47, 9))
    assert page.owners_access.console_password is True
    assert [change.event_name for change in page.owners_access.password_changes] == ["CreateLoginProfile"]
    assert (page.owners_access.sign_ins, page.owners_access.first_sign_in) == (1, utc(4, 5, 2, 33))
    assert len(page.owners_access.sign_in_event_ids) == 1
    (successor,) = page.children.made_keys
    assert (successor.access_key_id, successor.owner_name) == (sample.SECOND_PERSISTENCE_KEY, "svc-backup")
    siblings = ask(sample.SECOND_PERSISTENCE_KEY).owners_access.keys
    assert len(siblings) == 1 and siblings[0].events > 0 and siblings[0].event_id


def test_the_stolen_workload(ask: Ask) -> None:
    page = ask(sample.STOLEN_WORKLOAD_KEY)
    assert page.who.actor.kind == ActorKind.WORKLOAD
    assert [place.value for place in page.activity.addresses] == ["10.0.12.7", "192.0.2.44"]
    assert page.activity.addresses[1].succeeded + page.activity.addresses[1].denied == 18


def test_a_key_that_is_in_no_log(ask: Ask) -> None:
    page = ask("AKIAQQQQQQQQQQQQQQQQ")
    assert not page.in_logs
    assert page.who.stop_reason == StopReason.NOT_FOUND and page.who.missing
    assert (page.activity.events, page.lifecycle.changes, page.account_ids) == (0, (), ())


def test_only_access_keys_have_a_page(ask: Ask) -> None:
    with pytest.raises(NotAnIdentifier, match="is not an access key ID"):
        ask("AIDA2ICYRBJSPV3OP7SHG")


@pytest.mark.parametrize("path", CONTRACT)
def test_the_json_has_every_key_under_its_name(pages: dict[str, Json], path: str) -> None:
    found: Any = None
    for page in pages.values():
        found = page
        for name in path.split(".") if path else []:
            found = found[name][0] if isinstance(found[name], list) and found[name] else found[name]
        if isinstance(found, dict):
            break
    assert list(found) == CONTRACT[path].split()


@pytest.fixture(scope="module")
def pages(sample_case_of_module: Path, life: dict[str, Key]) -> dict[str, Json]:
    """Pages that have something of everything between them."""
    with Case.open(sample_case_of_module) as case:
        told = [case.key(key) for key in (sample.LEAKED_KEY, sample.PERSISTENCE_KEY, sample.SECOND_PERSISTENCE_KEY)]
    return {page.subject.id: json.loads(to_json(page)) for page in (*told, *life.values())}


@pytest.fixture(scope="module")
def sample_case_of_module(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue("sample_case")
    return found


# the simulator's own objects


@dataclass(frozen=True)
class KeyTruth:
    owner: str | None
    creator: str | None
    status: str | None
    first_use: datetime | None
    last_use: datetime | None


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(21, 3_000, everything=True)


@pytest.fixture(scope="module")
def case_of_world(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with case_of(world.files, tmp_path_factory.mktemp("world")) as case:
        yield case


def long_term_keys(world: World) -> dict[str, KeyTruth]:
    """What the simulator knows of each long-term key that its events use, make or change."""
    uses: dict[str, list[tuple[datetime, Credential]]] = {}
    creators: dict[str, str | None] = {}
    statuses: dict[str, str] = {}
    for event in world.events:
        signed = event.credential
        if signed and signed.access_key_id and signed.access_key_id.startswith("AKIA") and not event.twin:
            uses.setdefault(signed.access_key_id, []).append((event.time, signed))
        name, parameters = event.record["eventName"], event.record["requestParameters"] or {}
        if event.record["eventSource"] != IAM or event.record.get("errorCode"):
            continue
        if name == "CreateAccessKey":
            key = event.record["responseElements"]["accessKey"]["accessKeyId"]
            creators[key] = signed.actor.id if signed else None
            statuses[key] = "Active"
        elif name in ("UpdateAccessKey", "DeleteAccessKey"):
            statuses[parameters["accessKeyId"]] = parameters.get("status", "Deleted")
    return {
        key: KeyTruth(
            uses[key][0][1].actor.id if key in uses else None,
            creators.get(key),
            statuses.get(key),
            min((time for time, _ in uses.get(key, [])), default=None),
            max((time for time, _ in uses.get(key, [])), default=None),
        )
        for key in {*uses, *statuses}
    }


def test_every_long_term_key_is_told_as_the_simulator_knows_it(world: World, case_of_world: Case) -> None:
    truths = long_term_keys(world)
    assert sum(truth.creator is not None for truth in truths.values()) >= 3
    assert {truth.status for truth in truths.values()} >= {None, "Inactive", "Deleted"}
    found = case_of_world.sql_rows(
        """
        select access_keys.access_key_id, owner_principal_id, actors.actor_id, status, first_use, last_use
        from access_keys
        left join actors on actors.credential_id = access_keys.created_by_credential_id
        """
    )
    told = {row[0]: KeyTruth(row[1], row[2], row[3], _utc(row[4]), _utc(row[5])) for row in found.rows}
    assert told.keys() == truths.keys()
    for key, truth in truths.items():
        owner = truth.owner or told[key].owner
        assert told[key] == KeyTruth(owner, truth.creator, truth.status, truth.first_use, truth.last_use), key


def test_the_page_says_the_same(world: World, case_of_world: Case) -> None:
    truths = long_term_keys(world)
    changed = sorted(key for key, truth in truths.items() if truth.status)
    for key in (*changed, min(key for key, truth in truths.items() if not truth.status)):
        page, truth = case_of_world.key(key), truths[key]
        owner = page.owner
        assert owner and (truth.owner is None or owner.id == truth.owner)
        assert page.lifecycle.status == truth.status
        created = [change.actor.id for change in page.lifecycle.changes if change.change == "created"]
        assert created == ([truth.creator] if truth.creator else [])
        assert (_utc(page.activity.first_use), _utc(page.activity.last_use)) == (truth.first_use, truth.last_use)


def test_use_after_the_end_counts_successes_and_refusals_apart(world: World, case_of_world: Case) -> None:
    """Of each life in the world, the second key is used twice after it was switched off, once in vain."""
    refused = {
        event.credential.access_key_id
        for event in world.events
        if event.record.get("errorCode") == "InvalidClientTokenId" and event.credential
    }
    assert refused
    for key in sorted(key for key in refused if key):
        (end,) = case_of_world.key(key).lifecycle.used_after_end
        assert (end.change, end.succeeded, end.refused, len(end.event_ids)) == ("deactivated", 1, 1, 2)


def _utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time else None


# made by hand


def iam(identity: Json, second: float, name: str, **top: Any) -> Json:
    return call(identity, second, source=IAM, name=name, **top)


def about(user: User, key: str | None = None, **more: object) -> Json:
    named = {"userName": user.name, "accessKeyId": key, **more}
    return {name: value for name, value in named.items() if value is not None}


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Key]:
    """Bob's key: made by alice, quarantined, disabled, used, enabled, deleted, used; another of his was never used."""
    aws = Account("111111111111")
    alice, bob = aws.user("alice"), aws.user("bob")
    first, second = bob.key, "AKIA0BOBSECONDXXXXXX"
    refused = (
        "User: arn:aws:iam::111111111111:user/alice is not authorized to perform: iam:DeleteAccessKey on resource: "
    )
    quarantine = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"

    def made(key: str) -> Json:
        return {"accessKey": {"accessKeyId": key, "userName": bob.name, "status": "Active"}}

    by = alice.signs()
    aws.log(
        iam(by, 0, "CreateUser", responseElements={"user": {"userName": "bob", "userId": bob.id}}),
        iam(by, 1, "CreateAccessKey", requestParameters=about(bob), responseElements=made(first)),
        iam(by, 2, "CreateAccessKey", requestParameters=about(bob), responseElements=made(second)),
        call(bob.signs(), 10),
        iam(by, 20, "AttachUserPolicy", requestParameters=about(bob, policyArn=quarantine)),
        iam(by, 25, "CreateLoginProfile", requestParameters=about(bob)),
        iam(by, 26, "DeleteLoginProfile", requestParameters=about(bob)),
        iam(
            by,
            28,
            "DeleteAccessKey",
            errorCode="AccessDenied",
            errorMessage=f"{refused}user bob because no policy allows",
        ),
        iam(by, 30, "UpdateAccessKey", requestParameters=about(bob, first, status="Inactive")),
        call(bob.signs(), 31),
        call(bob.signs(), 32, errorCode="InvalidClientTokenId", errorMessage="it is not valid"),
        iam(by, 40, "UpdateAccessKey", requestParameters=about(bob, first, status="Active")),
        call(bob.signs(), 41),
        iam(by, 50, "DeleteAccessKey", requestParameters=about(bob, first)),
        call(bob.signs(), 51, errorCode="InvalidClientTokenId", errorMessage="it is not valid"),
    )
    with case_of_records(aws.records, tmp_path_factory.mktemp("life")) as case:
        return {"first": case.key(first), "second": case.key(second)}


def test_every_change_is_told_with_who_made_it(life: dict[str, Key]) -> None:
    told = [(one.change, one.succeeded, one.actor.name) for one in life["first"].lifecycle.changes]
    assert told == [
        ("created", True, "alice"),
        ("deleted", False, "alice"),
        ("deactivated", True, "alice"),
        ("activated", True, "alice"),
        ("deleted", True, "alice"),
    ]
    refused = life["first"].lifecycle.changes[1]
    assert (refused.access_key_id, refused.error_code) == (None, "AccessDenied")
    assert life["first"].lifecycle.status == "Deleted"


def test_use_while_disabled_and_after_deletion(life: dict[str, Key]) -> None:
    told = [(one.change, one.succeeded, one.refused) for one in life["first"].lifecycle.used_after_end]
    assert told == [("deactivated", 1, 1), ("deleted", 0, 1)]
    assert "used_after_end" in life["first"].flags
    assert life["first"].activity.denied == 2


def test_a_key_that_was_made_and_never_used(life: dict[str, Key]) -> None:
    page = life["second"]
    assert page.in_logs and page.activity.events == 0
    assert page.owner and (page.owner.name, page.owner.id) == ("bob", life["first"].owner and life["first"].owner.id)
    assert page.lifecycle.status == "Active"
    assert [key.access_key_id for key in page.owners_access.keys] == [life["first"].subject.id]


def test_quarantine_and_password(life: dict[str, Key]) -> None:
    page = life["first"]
    assert page.quarantine.in_force is True
    assert page.quarantine.changes[0].policy == "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"
    assert page.owners_access.console_password is False


def test_an_issued_key_that_was_never_used_and_doubt_about_children(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice, bob, role = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    aws.log(
        assume_role(alice.signs(), role, "build", 0, issues=aws.key("UNUSED")),
        assume_role(alice.signs(), role, "same", 5, issues=None),
        assume_role(bob.signs(), role, "same", 5, issues=None),
        call(role.session("same", 5, aws.key("DOUBT")), 9),
    )
    with case_of_records(aws.records, tmp_path) as case:
        unused, above = case.key(aws.key("UNUSED")), case.key(alice.key)
    assert unused.in_logs and unused.activity.events == 0
    assert unused.who.actor.name == "alice" and unused.expires_at == START.replace(tzinfo=None) + timedelta(hours=1)
    assert (above.children.credentials, above.children.unexpired, above.children.possible) == (1, 1, 1)


def test_a_rewritten_account_is_told(tmp_path: Path) -> None:
    """The ID carries 609629065308; the record says otherwise."""
    user = Account("111111111111").user("alice")
    with case_of_records([call(user.signs("AKIAY34FZKBOKMUTVV7A"), 0)], tmp_path) as case:
        page = case.key("AKIAY34FZKBOKMUTVV7A")
    assert (page.account_ids, page.decoded_account_id) == (("111111111111",), "609629065308")
    assert "rewritten_or_anonymised_logs" in page.flags


def test_a_key_of_root(tmp_path: Path) -> None:
    aws = Account("111111111111")
    made = {"accessKey": {"accessKeyId": "AKIA0ROOTKEYXXXXXXXX"}}
    aws.log(iam(aws.root(accessKeyId="ASIA0ROOTXXXXXXXXXXX"), 0, "CreateAccessKey", responseElements=made))
    with case_of_records(aws.records, tmp_path) as case:
        page = case.key("AKIA0ROOTKEYXXXXXXXX")
    assert page.owner and (page.owner.kind, page.owner.id) == (ActorKind.ROOT, "111111111111")
    assert [change.actor.kind for change in page.lifecycle.changes] == [ActorKind.ROOT]


@pytest.mark.parametrize("in_order", [True, False])
def test_a_renamed_user_has_the_name_of_its_last_day(in_order: bool, tmp_path: Path) -> None:
    """Its ID never changes; the names sort otherwise than they follow each other."""
    home = Account("111111111111")
    bob, deploy, day = home.user("bob"), home.role("deploy"), 86_400
    names = ["bob", "carol", "alice", "dave", "bert"]
    days = [call(User(home.id, name, bob.id).signs(bob.key), number * day) for number, name in enumerate(names)]
    days.append(assume_role(User(home.id, "bert", bob.id).signs(bob.key), deploy, "s", 4 * day, issues=home.key("K")))
    with Case.create(tmp_path / "case") as case:
        for number, record in enumerate(days if in_order else reversed(days)):
            case.ingest([write([record], tmp_path / str(number))])
        answer = case.key(bob.key)
        assert answer.owner
        assert (answer.owner.id, answer.owner.name, answer.owner.arn) == (
            bob.id, "bert", f"arn:aws:iam::{home.id}:user/bert",
        )  # fmt: skip
        actor = case.who(home.key("K")).actor
        assert (actor.id, actor.name) == (bob.id, "bert")
        (principal,) = case.sql_rows(f"select name, arn from principals where principal_id = '{bob.id}'").rows
        assert principal == ("bert", f"arn:aws:iam::{home.id}:user/bert")


def test_on_the_day_of_its_renaming_a_user_has_the_name_that_stands_in_its_arn(tmp_path: Path) -> None:
    home = Account("111111111111")
    bob = home.user("bob")
    home.log(call(bob.signs(), 0), call(User(home.id, "alice", bob.id).signs(bob.key), 60))
    with case_of_records(home.records, tmp_path) as case:
        actor, owner = case.who(bob.key).actor, case.key(bob.key).owner
    assert owner
    for one in (actor, owner):
        assert (one.id, one.arn) == (bob.id, f"arn:aws:iam::{home.id}:user/{one.name}")


def test_a_renamed_user_is_one_actor_with_all_of_its_keys(tmp_path: Path) -> None:
    home = Account("111111111111")
    bob = home.user("bob")
    home.log(call(bob.signs(), 0), call(User(home.id, "alice", bob.id).signs(home.user("alice").key), 2 * 86_400))
    with case_of_records(home.records, tmp_path) as case:
        answer = case.who(bob.id)
    assert (answer.actor.id, answer.actor.name, len(answer.sessions)) == (bob.id, "alice", 2)


def test_use_after_a_key_was_switched_both_ways_in_one_second_is_undecided(tmp_path: Path) -> None:
    home = Account("111111111111")
    bob, admin = home.user("bob"), home.user("admin")

    def switched(second: float, status: str) -> Json:
        return iam(admin.signs(), second, "UpdateAccessKey", requestParameters=about(bob, bob.key, status=status))

    home.log(
        *(call(bob.signs(), second) for second in (0, 20, 40)),
        *(switched(second, status) for second in (10, 30) for status in ("Active", "Inactive")),
    )
    with case_of_records(home.records, tmp_path) as case:
        page = case.key(bob.key)
        assert [(use.change, use.succeeded) for use in page.lifecycle.used_after_end] == [("switched_both_ways", 1)] * 2
        assert (page.lifecycle.status, "used_after_end" in page.flags) == (None, False)
        shown = lay_out(render_key(page), 200)
        assert "used after it was deactivated and activated in one second (final status unknown) at" in shown
        (audited,) = [one for one in case.keys().keys if one.access_key_id == bob.key]
        assert {one.finding for one in audited.findings} == {"used_after_switched_both_ways"}


def test_planted_access_and_different_kinds_of_calls_come_first(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice = aws.user("alice")
    evasion = ["DeleteTrail", "StopLogging", "PutEventSelectors", "UpdateTrail"]
    made = [call(alice.signs(), n, source="cloudtrail.amazonaws.com", name=name) for n, name in enumerate(evasion)]
    made += [
        call(
            alice.signs(), 10, source="iam.amazonaws.com", name="CreateUser", requestParameters={"userName": "eve"},
            responseElements={"user": {"userName": "eve", "userId": "AIDAEVEEVEEVEEVEEVEEV"}},
        ),
        call(alice.signs(), 11, source="iam.amazonaws.com", name="AttachUserPolicy"),
    ]  # fmt: skip
    with case_of_records(made, tmp_path) as case:
        found = sorted(case.key(alice.key).activity.sensitive, key=lambda one: -one.score)
    names = [one.event_name for one in found]
    assert names[0] == "CreateUser"
    assert names.index("AttachUserPolicy") < 3
    assert {one.callers for one in found} == {1}
    assert len({one.score for one in found}) == len(found) - 1  # the first of two signals of one weight
