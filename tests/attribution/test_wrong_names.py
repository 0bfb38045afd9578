"""Names that odd evidence suggests and that are wrong: each test is a world in which another name lies close."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attribution.records import INTERNAL, Account, assume_role, call, switch_role
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, MALLORY = AWS.user("alice"), AWS.user("mallory")
DEPLOY, ADMIN = AWS.role("deploy"), AWS.role("admin")
ON_BEHALF_OF = {"userId": "aad7c7c0", "identityStoreArn": "arn:aws:identitystore::111111111111:identitystore/d-1"}
PROVIDER = {"invokedByDelegate": {"accountId": "444455556666"}}
RENAMED = {"arn": f"{ALICE.arn[:-5]}zed", "userName": "zed"}


CONTEXTS = {
    "roleArn": DEPLOY.arn, "roleSessionName": "app", "providedContexts": [{"contextAssertion": "HIDDEN"}]
}  # fmt: skip


class TestProvidedContexts:
    """An application that requested a session for a user is the actor; the user is a claim."""

    requested = assume_role(ALICE.signs(), DEPLOY, "app", 0, issues=AWS.key("APP"), requestParameters=CONTEXTS)
    enhanced = DEPLOY.session("app", 0, AWS.key("APP")) | {"onBehalfOf": ON_BEHALF_OF}
    further = ADMIN.session("next", 20, AWS.key("NEXT")) | {"onBehalfOf": ON_BEHALF_OF}

    def test_the_application_is_the_actor(self, tmp_path: Path) -> None:
        with case_of_records([self.requested, call(self.enhanced, 10)], tmp_path) as case:
            who = case.who(AWS.key("APP"))
        assert (who.actor.kind, who.actor.name, who.grade) == ("iam_user", "alice", "proven")
        assert who.claims.on_behalf_of.value == ON_BEHALF_OF["userId"]

    def test_also_after_a_further_session(self, tmp_path: Path) -> None:
        onward = assume_role(self.enhanced, ADMIN, "next", 20, issues=AWS.key("NEXT"))
        with case_of_records([self.requested, onward, call(self.further, 30)], tmp_path) as case:
            who = case.who(AWS.key("NEXT"))
        assert (who.actor.name, who.grade) == ("alice", "proven")

    def test_without_its_request_nobody_is_named(self, tmp_path: Path) -> None:
        with case_of_records([call(self.enhanced, 10)], tmp_path) as case:
            assert case.who(AWS.key("APP")).actor.kind == "unknown"

    def test_a_role_whose_name_looks_reserved_is_not(self, tmp_path: Path) -> None:
        role = AWS.role("AWSReservedSSO_Admin_0123")
        with case_of_records(
            [call(role.session("x", 0, AWS.key("K")) | {"onBehalfOf": ON_BEHALF_OF}, 5)], tmp_path
        ) as case:
            assert case.who(AWS.key("K")).actor.kind == "unknown"


class TestRenamedUser:
    """A user that was renamed during the day has the name that the proving record has."""

    early = call(ALICE.signs(), 0)
    request = assume_role(ALICE.signs() | RENAMED, DEPLOY, "s", 10, issues=AWS.key("K"))
    use = call(DEPLOY.session("s", 10, AWS.key("K")), 11)
    late = call(ALICE.signs() | {"arn": f"{ALICE.arn[:-5]}amy", "userName": "amy"}, 20)

    def test_a_session_names_its_requester_as_its_issuance_does(self, tmp_path: Path) -> None:
        with case_of_records([self.early, self.request, self.use, self.late], tmp_path) as case:
            actor = case.who(AWS.key("K")).actor
            key = case.who(ALICE.key)
        assert (actor.id, actor.name, actor.arn) == (ALICE.id, "zed", RENAMED["arn"])
        assert (key.actor.id, key.actor.name) == (ALICE.id, "amy")

    def test_each_event_names_the_caller_as_its_record_does(self, tmp_path: Path) -> None:
        with case_of_records([self.early, self.request, self.use, self.late], tmp_path) as case:
            named = case.sql("select actor_name from attributed_events order by event_time")["actor_name"].tolist()
            who = case.who(str(self.early["eventID"]))
        assert named == ["alice", "zed", "zed", "amy"]
        assert who.actor.name == "alice"

    def test_another_user_of_the_old_name_is_another(self, tmp_path: Path) -> None:
        other = AWS.user("alice", life="2")
        with case_of_records(
            [self.early, self.request, self.use, call(other.signs("AKIA0OTHER1111XXXXXX"), 30)], tmp_path
        ) as case:
            actor = case.who(AWS.key("K")).actor
            new = case.who("AKIA0OTHER1111XXXXXX").actor
        assert (actor.id, actor.name) == (ALICE.id, "zed")
        assert (new.id, new.name) == (other.id, "alice")


class TestDelegatedAccess:
    """A product provider acted with a customer's rights: the user or role of the record did not act."""

    @pytest.mark.parametrize(
        "identity",
        [
            ALICE.session(0, AWS.key("K")),
            DEPLOY.session("alice", 0, AWS.key("K")),
            AWS.root(accessKeyId=AWS.key("K")),
            AWS.role("AWSReservedSSO_A_0", path="/aws-reserved/sso.amazonaws.com/").session("alice", 0, AWS.key("K"))
            | {"onBehalfOf": ON_BEHALF_OF},
        ],
        ids=["user", "session", "root", "reserved"],
    )
    def test_the_provider_is_the_actor(self, identity: dict[str, object], tmp_path: Path) -> None:
        request = assume_role(ALICE.signs(), DEPLOY, "alice", 0, issues=AWS.key("K"))
        with case_of_records([request, call(identity | PROVIDER, 5)], tmp_path) as case:
            who = case.who(AWS.key("K"))
            (last,) = case.sql("select actor_kind from attributed_events where event_name = 'ListBuckets'").to_dict(
                "records"
            )
        assert (who.actor.kind, who.actor.name, who.actor.account_id) == ("delegate", None, "444455556666")
        assert who.stop_reason == "delegated_access"
        assert last["actor_kind"] == "delegate"

    def test_what_it_requested_leads_to_it(self, tmp_path: Path) -> None:
        onward = assume_role(ALICE.session(0, AWS.key("K")) | PROVIDER, DEPLOY, "s", 5, issues=AWS.key("L"))
        with case_of_records([onward, call(DEPLOY.session("s", 5, AWS.key("L")), 6)], tmp_path) as case:
            who = case.who(AWS.key("L"))
        assert (who.actor.kind, who.actor.account_id) == ("delegate", "444455556666")


MASKS = ["HIDDEN_DUE_TO_SECURITY_REASONS", "ASIA****************", "REDACTED", "***", "ASIAXXXXXXXXXXXXXXXX"]


class TestMaskedKey:
    """A placeholder is not a key: it does not link, does not rule out, and is not a credential."""

    @pytest.mark.parametrize("mask", MASKS)
    def test_it_does_not_rule_out_its_requester(self, mask: str, tmp_path: Path) -> None:
        request = assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=mask)
        with case_of_records([request, call(DEPLOY.session("s", 0, AWS.key("K")), 5)], tmp_path) as case:
            who = case.who(AWS.key("K"))
            session = case.who(DEPLOY.session_id("s"))
        assert (who.actor.name, who.grade) == ("alice", "strong")
        assert mask not in str(session)

    @pytest.mark.parametrize("mask", MASKS)
    def test_two_people_behind_one_mask_stay_two(self, mask: str, tmp_path: Path) -> None:
        requests = [
            assume_role(ALICE.signs(mask), DEPLOY, "a", 0, issues=mask),
            assume_role(MALLORY.signs(mask), DEPLOY, "m", 0, issues=mask),
        ]
        uses = [call(DEPLOY.session("a", 0, mask), 5), call(DEPLOY.session("m", 0, mask), 6)]
        with case_of_records([*requests, *uses], tmp_path) as case:
            named = case.sql(
                "select actor_name from attributed_events where event_name = 'ListBuckets' order by event_time"
            )
            keys = case.sql("select access_key_id from credentials where access_key_id is not null")
        assert named["actor_name"].tolist() == ["alice", "mallory"]
        assert keys.empty


class TestNamedByUserName:
    """Callers whose records have a name and neither principal ID nor key are one each."""

    @pytest.mark.parametrize(
        ("type_", "kind"), [("SAMLUser", "saml_user"), ("Directory", "named_user"), ("Unknown", "named_user")]
    )
    @pytest.mark.parametrize("account", ["111111111111", None])
    def test_each_is_one(self, type_: str, kind: str, account: str | None, tmp_path: Path) -> None:
        names = ["erin@example.com", "corp\\frank", "hans"]
        identities = [{"type": type_, "userName": name} | ({"accountId": account} if account else {}) for name in names]
        logged = [call(identity, second, account=AWS.id) for second, identity in enumerate(identities)]
        with case_of_records(logged, tmp_path) as case:
            found = case.sql("select actor_kind, actor_name, grade from attributed_events order by event_time")
        assert found.to_dict("list") == {"actor_kind": [kind] * 3, "actor_name": names, "grade": ["proven"] * 3}

    def test_a_masked_name_is_none(self, tmp_path: Path) -> None:
        identity = {"type": "Unknown", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS", "accountId": AWS.id}
        with case_of_records([call(identity, 0)], tmp_path) as case:
            found = case.sql("select actor_kind from attributed_events")
        assert found["actor_kind"].tolist() == ["unknown"]


class TestInternalCall:
    """`invokedBy: AWS Internal` alone is not a switch of roles."""

    request = assume_role(ALICE.signs() | {"invokedBy": INTERNAL}, DEPLOY, "alice", 0, issues=AWS.key("OTHER"))
    use = call(DEPLOY.session("alice", 0, AWS.key("K")), 5)

    def test_a_call_that_shows_another_key_is_a_candidate(self, tmp_path: Path) -> None:
        with case_of_records([self.request, self.use], tmp_path) as case:
            who = case.who(AWS.key("K"))
        assert who.actor.kind == "unknown"
        assert [candidate.grade for candidate in who.candidates] == ["medium"]

    def test_with_the_switch_it_names_the_user(self, tmp_path: Path) -> None:
        switch = switch_role(ALICE.arn, DEPLOY, "alice", 0)
        with case_of_records([self.request, switch, self.use], tmp_path) as case:
            assert case.who(AWS.key("K")).actor.name == "alice"
