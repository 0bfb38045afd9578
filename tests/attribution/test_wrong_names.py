"""Names that odd evidence suggests and that are wrong: each test is a world in which another name lies close."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attribution.records import INTERNAL, SIGN_IN, Account, User, assume_role, call, switch_role
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

    requested = assume_role(ALICE.signs(), DEPLOY, "app", 0, issues=AWS.key("APP")) | {"requestParameters": CONTEXTS}
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

    @pytest.mark.parametrize("key", ["ISSUED", "ANOTHER"])
    def test_a_role_whose_path_looks_reserved_is_not(self, key: str, tmp_path: Path) -> None:
        role = AWS.role("AWSReservedSSO_Admin_0123", path="/:role/aws-reserved/sso.amazonaws.com/")
        request = assume_role(ALICE.signs(), role, "app", 0, issues=AWS.key("ISSUED"))
        use = call(role.session("app", 0, AWS.key(key)) | {"onBehalfOf": ON_BEHALF_OF}, 5)
        with case_of_records([request, use], tmp_path) as case:
            who = case.who(AWS.key(key))
        assert (who.actor.kind, who.actor.name) == (("iam_user", "alice") if key == "ISSUED" else ("unknown", None))


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

    @pytest.mark.parametrize("mask", ["************", "REDACTED"])
    def test_a_masked_provider_is_nobody_and_neither_is_the_user(self, mask: str, tmp_path: Path) -> None:
        use = call(ALICE.session(0, AWS.key("K")) | {"invokedByDelegate": {"accountId": mask}}, 5)
        with case_of_records([use], tmp_path) as case:
            actor = case.who(AWS.key("K")).actor
        assert (actor.kind, actor.id, actor.name) == ("unknown", None, None)

    def test_letting_a_provider_in_is_a_sensitive_call(self, tmp_path: Path) -> None:
        names = ["AcceptDelegationRequest", "SendDelegationToken"]
        calls = [call(ALICE.signs(), 5, source="iam.amazonaws.com", name=name) for name in names]
        with case_of_records(calls, tmp_path) as case:
            assert sorted(case.query("sensitive_calls")["event_name"]) == names


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

    def test_beside_another_possible_caller_nobody_is_named(self, tmp_path: Path) -> None:
        other = assume_role(MALLORY.signs(), DEPLOY, "alice", 0, issues=None) | {"responseElements": None}
        with case_of_records([self.request, other, self.use], tmp_path) as case:
            who = case.who(AWS.key("K"))
        assert (who.actor.kind, len(who.candidates)) == ("unknown", 2)


def signs_in(name: str | None, second: float, user_id: str | None = None) -> dict[str, object]:
    """A sign-in as Identity Center logs it: the principal ID is the account."""
    identity = {"type": "Unknown", "principalId": AWS.id, "arn": "", "accountId": AWS.id, "accessKeyId": ""}
    if name:
        identity["userName"] = name
    person = {"onBehalfOf": ON_BEHALF_OF | {"userId": user_id}} if user_id else {}
    return call(
        identity | person,
        second,
        source=SIGN_IN,
        name="UserAuthentication",
        eventType="AwsServiceEvent",
        serviceEventDetails={"UserAuthentication": "Success"},
    )


class TestIdentityCenterSignIn:
    """People whose records have the account in the place of a principal ID are one each."""

    @pytest.mark.parametrize("ids", [("u-erin", "u-frank"), (None, None)])
    def test_two_people_are_two(self, ids: tuple[str | None, str | None], tmp_path: Path) -> None:
        sign_ins = [signs_in("erin", 0, ids[0]), signs_in("frank", 60, ids[1])]
        with case_of_records(sign_ins, tmp_path) as case:
            found = case.sql("select actor_id, actor_name from attributed_events order by event_time")
        assert found["actor_id"].tolist() == [ids[0] or "erin", ids[1] or "frank"]
        assert found["actor_name"].tolist() == ["erin", "frank"]

    @pytest.mark.parametrize("name", [None, "HIDDEN_DUE_TO_SECURITY_REASONS", "REDACTED", "***"])
    def test_without_a_name_nobody_is_named(self, name: str | None, tmp_path: Path) -> None:
        with case_of_records([signs_in(name, 0)], tmp_path) as case:
            assert case.sql("select actor_kind from attributed_events")["actor_kind"].tolist() == ["unknown"]

    @pytest.mark.parametrize(
        ("event_name", "result"),
        [("UserAuthentication", "Failure"), ("CredentialVerification", "Failure"), ("CredentialChallenge", "Success")],
    )
    @pytest.mark.parametrize("user_id", ["u-erin", None])
    def test_an_attempt_authenticates_nobody(
        self, event_name: str, result: str, user_id: str | None, tmp_path: Path
    ) -> None:
        attempt = signs_in("erin", 0, user_id) | {"eventName": event_name, "serviceEventDetails": {event_name: result}}
        with case_of_records([attempt], tmp_path) as case:
            found = case.sql("select event_id, actor_kind, actor_id, grade, stop_reason from attributed_events")
            answer = case.who(found["event_id"].tolist()[0])
        assert found["actor_kind"].tolist()[0] in ("anonymous", "unknown")
        assert found["actor_id"].isna().all()
        said = (answer.actor.kind, answer.grade, answer.stop_reason)
        assert said == tuple(found[["actor_kind", "grade", "stop_reason"]].iloc[0])


def without_key(identity: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in identity.items() if name != "accessKeyId"}


INSTANCE = {"inScopeOf": {"credentialsIssuedTo": "arn:aws:ec2:us-east-1:111111111111:instance/i-0abc"}}


class TestOneRecordOfMany:
    """What one record says about its own call says nothing about calls that only look alike."""

    @pytest.mark.parametrize("identity", [ALICE.signs(), without_key(ALICE.signs())], ids=["key", "none"])
    def test_a_delegate_did_not_make_the_users_own_calls(self, identity: dict[str, object], tmp_path: Path) -> None:
        calls = [call(identity, 0), call(identity | PROVIDER, 5), call(identity, 9)]
        with case_of_records(calls, tmp_path) as case:
            kinds = case.sql("select actor_kind from attributed_events order by event_time")["actor_kind"].tolist()
        assert kinds == ["iam_user", "delegate", "iam_user"]

    def test_two_delegates_are_two(self, tmp_path: Path) -> None:
        session = ALICE.session(0, AWS.key("K"))
        other = {"invokedByDelegate": {"accountId": "999999999999"}}
        with case_of_records([call(session | PROVIDER, 5), call(session | other, 6)], tmp_path) as case:
            found = case.sql("select actor_id from attributed_events order by event_time")["actor_id"].tolist()
        assert found == ["444455556666", "999999999999"]

    @pytest.mark.parametrize("delegate", [{}, {"accountId": None}, "444455556666", []])
    def test_a_delegate_without_account_is_not_the_user(self, delegate: object, tmp_path: Path) -> None:
        with case_of_records(
            [call(ALICE.session(0, AWS.key("K")) | {"invokedByDelegate": delegate}, 5)], tmp_path
        ) as case:
            assert case.sql("select actor_kind from attributed_events")["actor_kind"].tolist() == ["unknown"]

    def test_a_workload_of_the_same_session_name_is_another(self, tmp_path: Path) -> None:
        request = assume_role(ALICE.signs(), DEPLOY, "i-0abc", 0, issues="***")
        session = DEPLOY.session("i-0abc", 0, "***")
        with case_of_records([request, call(session, 5), call(session | INSTANCE, 6)], tmp_path) as case:
            found = case.sql("select actor_kind from attributed_events order by event_time")["actor_kind"].tolist()
        assert found == ["iam_user", "iam_user", "workload"]

    def test_the_user_who_received_the_key_comes_before_its_workload(self, tmp_path: Path) -> None:
        request = assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=AWS.key("K"))
        session = DEPLOY.session("s", 0, AWS.key("K"))
        with case_of_records([request, call(session, 5), call(session | INSTANCE, 6)], tmp_path) as case:
            assert case.who(AWS.key("K")).actor.name == "alice"

    @pytest.mark.parametrize(
        "value", ["", "REDACTED", "arn:aws:ec2:us-east-1:111111111111:instance/", "ecs.amazonaws.com"]
    )
    def test_a_workload_without_arn_is_none(self, value: str, tmp_path: Path) -> None:
        session = DEPLOY.session("s", 0, AWS.key("K")) | {"inScopeOf": {"credentialsIssuedTo": value}}
        with case_of_records([call(session, 5)], tmp_path) as case:
            assert case.who(AWS.key("K")).actor.kind == "unknown"


class TestMaskedPrincipal:
    """Two principals behind one mask are not one principal."""

    @pytest.mark.parametrize(
        "mask", ["HIDDEN_DUE_TO_SECURITY_REASONS", "REDACTED", "****", f"AROA{17 * 'X'}:s", "AROA***:s"]
    )
    def test_no_session_is_linked_by_it(self, mask: str, tmp_path: Path) -> None:
        request = assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=AWS.key("K"))
        request["responseElements"]["assumedRoleUser"] = {"assumedRoleId": mask, "arn": mask}
        request["requestParameters"] = {"roleArn": mask, "roleSessionName": mask}
        session = ADMIN.session("other", 0, AWS.key("L")) | {"principalId": mask, "arn": mask}
        session["sessionContext"]["sessionIssuer"] = {"type": "Role", "principalId": mask, "arn": mask}
        with case_of_records([request, call(session, 5)], tmp_path) as case:
            assert case.who(AWS.key("L")).actor.kind == "unknown"


def named(user: User, name: str) -> dict[str, object]:
    return user.signs() | {"arn": f"arn:aws:iam::111111111111:user/{name}", "userName": name}


class TestNameOfSeveralUsers:
    """A name that several users had on one day is the name of the one who had it at that time."""

    bob = AWS.user("bob")
    switch = switch_role("arn:aws:iam::111111111111:user/zed", DEPLOY, "zed", 10)
    use = call(DEPLOY.session("zed", 10, AWS.key("K")), 12)

    def test_a_name_held_in_the_middle_of_the_day_is_known(self, tmp_path: Path) -> None:
        alice = [call(named(ALICE, name), second) for name, second in (("alice", 0), ("zed", 8), ("amy", 20))]
        bob = [call(named(self.bob, name), second) for name, second in (("bob", 1), ("zed", 100))]
        with case_of_records([*alice, *bob, self.switch, self.use], tmp_path) as case:
            assert case.who(AWS.key("K")).actor.id != self.bob.id

    def test_a_user_called_by_another_name_does_not_have_it_yet(self, tmp_path: Path) -> None:
        """Alice is zed at the switch; no record of that day shows it but the switch itself."""
        bob = [call(named(self.bob, name), second) for name, second in (("bob", 30), ("zed", 100))]
        with case_of_records([*bob, self.switch, self.use], tmp_path) as case:
            assert case.who(AWS.key("K")).actor.id is None


def test_a_pathless_role_that_somebody_else_assumed_has_no_portal_user(tmp_path: Path) -> None:
    role = AWS.role("AWSReservedSSO_Admin_0123")
    portal = call(
        {"type": "IdentityCenterUser", "accountId": AWS.id, "onBehalfOf": ON_BEHALF_OF, "credentialId": "c"},
        0,
        source="sso.amazonaws.com",
        name="GetRoleCredentials",
        eventType="AwsServiceEvent",
        serviceEventDetails={"role_name": "Admin", "account_id": AWS.id},
    )
    request = assume_role(MALLORY.signs(), role, "app", 0, issues=AWS.key("K"))
    use = call(role.session("app", 0, AWS.key("K")) | {"onBehalfOf": ON_BEHALF_OF}, 5)
    other_set = portal | {"serviceEventDetails": {"role_name": "Other", "account_id": AWS.id}}
    with case_of_records([portal, request, use], tmp_path / "requested") as case:
        assert case.who(AWS.key("K")).actor.name == "mallory"
    with case_of_records([other_set, use], tmp_path / "other") as case:
        assert case.who(AWS.key("K")).actor.kind == "unknown"


class TestUserMadeAgain:
    """A user of the same name may have been deleted and created again in logs that are not loaded."""

    key = "AKIA0NEW1111XXXXXXXX"
    created = call(
        MALLORY.signs(),
        60,
        source="iam.amazonaws.com",
        name="CreateAccessKey",
        requestParameters={"userName": "alice"},
        responseElements={"accessKey": {"accessKeyId": key, "userName": "alice", "status": "Active"}},
    )

    def test_a_key_for_the_name_is_not_known_to_be_for_the_earlier_user(self, tmp_path: Path) -> None:
        with case_of_records([call(ALICE.signs(), 0), self.created], tmp_path) as case:
            actor = case.who(self.key).actor
        assert (actor.id, actor.name) == (None, "alice")

    def test_it_is_for_a_user_who_is_called_so_before_and_after(self, tmp_path: Path) -> None:
        with case_of_records([call(ALICE.signs(), 0), self.created, call(ALICE.signs(), 90)], tmp_path) as case:
            actor = case.who(self.key).actor
        assert (actor.id, actor.name) == (ALICE.id, "alice")


class TestUserOfADirectory:
    """A name is unique in its identity provider, and a user ID in its identity store."""

    def test_two_providers_have_two_users_of_one_name(self, tmp_path: Path) -> None:
        user = {"type": "SAMLUser", "userName": "jdoe", "accountId": AWS.id}
        calls = [call(user | {"identityProvider": name}, second) for second, name in enumerate(("idp-a", "idp-b"))]
        with case_of_records(calls, tmp_path) as case:
            issuers = [case.who(str(record["eventID"])).actor.issuer for record in calls]
        assert issuers == ["idp-a", "idp-b"]

    def test_two_stores_have_two_users_of_one_id(self, tmp_path: Path) -> None:
        stores = [f"arn:aws:identitystore::{account}:identitystore/d-1" for account in ("111111111111", "222222222222")]
        user = {"type": "IdentityCenterUser"}
        calls = [
            call(user | {"onBehalfOf": {"userId": "u-1", "identityStoreArn": store}}, second, account=AWS.id)
            for second, store in enumerate(stores)
        ]
        with case_of_records(calls, tmp_path) as case:
            found = [case.who(str(record["eventID"])).actor.identity_store_arn for record in calls]
        assert found == stores


def test_root_is_the_owner_of_the_key_that_it_creates_for_itself(tmp_path: Path) -> None:
    key = "AKIA0ROOT1111XXXXXXX"
    created = call(
        AWS.root(accessKeyId=AWS.key("R")),
        0,
        source="iam.amazonaws.com",
        name="CreateAccessKey",
        responseElements={"accessKey": {"accessKeyId": key, "userName": "acct-alias", "status": "Active"}},
    )
    with case_of_records([created], tmp_path) as case:
        owner = case.key(key).owner
        assert case.who(key).actor.kind != "iam_user"
        assert owner is None or owner.kind == "root"
