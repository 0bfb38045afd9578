"""Odd evidence: plays whose records are true and unusual, one activity each, all in every odd world.

Each play has its own users and roles, so nothing that it ends is used by another. It notes in `cloud.asked` which keys
to ask about, and when. Shapes that differ from those of `sts`, `signin` and `iam` cite their source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from . import iam, odd_sts, signin, sts
from .cloud import GLOBAL_REGION
from .identities import Credential, root_key, user_key
from .permissions import DENY_ALL, denying, revoking
from .principals import Json, Person, Place, Role, User
from .services import CALLS, call
from .stage import AGENTS, BROWSER, NAMES, Account, Activity, Stage, work

HALF_A_DAY = 43200
MASKS = ("HIDDEN_DUE_TO_SECURITY_REASONS", "ASIA****************", "REDACTED", "ASIAXXXXXXXXXXXXXXXX")


def renames(stage: Stage, at: datetime) -> None:
    """A user is renamed, and another one takes the name: an older one, or a new one."""
    cloud, account = stage.cloud, stage.account()
    zed, admin = _newcomer(stage, account, "zed"), _admin(stage, account)
    role = _role(stage, account, "nightly")
    _use(stage, _assume(stage, zed, role, _after(at, 0)), _after(at, 1))
    token = sts.get_session_token(cloud, _key(zed), zed, _after(at, 2), GLOBAL_REGION, mfa=False)
    _use(stage, token, _after(at, 3))
    if stage.rng.random() < 0.5:
        other = _newcomer(stage, account, "alice")
        before = iam.rename_user(cloud, admin, zed, zed.name + "-old", _after(at, 10))
        after = iam.rename_user(cloud, admin, other, zed.name, _after(at, 11))
        _use(stage, _assume(stage, other, role, _after(at, 5)), _after(at, 6))
    else:
        before = iam.rename_user(cloud, admin, zed, zed.name + "-old", _after(at, 10))
        after = iam.create_user(cloud, admin, account.id, zed.name, _after(at, 11), zed.place)
        after = iam.create_access_key(cloud, admin, after, _after(at, 12))
    if stage.rng.random() < 0.5:
        _use(stage, odd_sts.renamed_session(token, before), _after(at, 18))
    for user, minutes in ((before, 20), (after, 21), (before, 40)):
        _use(stage, _key(user), _after(at, minutes))
        _use(stage, _assume(stage, user, role, _after(at, minutes + 5)), _after(at, minutes + 6))
    for user in (before, after):
        _ask(stage, _key(user), _after(at, 15), _after(at, 60))


def undone_revocations(stage: Stage, at: datetime) -> None:
    """Sessions are revoked, and the revocation is undone, or not; some are used again."""
    for number, undo in enumerate(stage.rng.sample(_REVOCATIONS, 4)):
        account = stage.account()
        admin, user = _admin(stage, account), _newcomer(stage, account, "rene")
        when = _after(at, 2 * number)
        holder: User | Role
        if stage.rng.random() < 0.4:
            holder = user
            session = sts.get_session_token(stage.cloud, _key(user), user, when, GLOBAL_REGION, mfa=False)
        else:
            holder = _role(stage, account, "revoked")
            session = _assume(stage, user, holder, when)
        _use(stage, session, _after(when, 1))
        is_undone = undo(stage, admin, holder, _after(when, 10))
        _refused(stage, session, _after(when, 12))
        if isinstance(holder, Role) and undo is _kept:
            _use(stage, _assume(stage, user, holder, _after(when, 20)), _after(when, 21))
        if is_undone and stage.rng.random() < 0.5:
            _use(stage, session, _after(when, 40))
        _ask(stage, _key(user), _after(when, 15), _after(when, 45))


def _deleted(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> bool:
    _revoke(stage, admin, holder, at)
    iam.delete_policy(stage.cloud, admin, holder, "AWSRevokeOlderSessions", _after(at, 20))
    return True


def _replaced(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> bool:
    _revoke(stage, admin, holder, at)
    harmless = stage.rng.choice((iam.ALLOW_ALL, denying("s3:DeleteBucket"), revoking(at - timedelta(days=1))))
    iam.put_policy(stage.cloud, admin, holder, "AWSRevokeOlderSessions", harmless, _after(at, 20))
    return True


def _detached(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> bool:
    arn = DENY_ALL
    if stage.rng.random() < 0.7:
        name = f"revoke-{stage.cloud.ids.hexadecimal(6)}"
        arn = iam.create_policy(stage.cloud, admin, name, revoking(_after(at, 1)), at)
    iam.attach_policy(stage.cloud, admin, holder, arn, _after(at, 1))
    iam.detach_policy(stage.cloud, admin, holder, arn, _after(at, 20))
    return True


def _new_version(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> bool:
    name = f"revoke-{stage.cloud.ids.hexadecimal(6)}"
    arn = iam.create_policy(stage.cloud, admin, name, revoking(_after(at, 1)), at)
    iam.attach_policy(stage.cloud, admin, holder, arn, _after(at, 1))
    at_once = stage.rng.random() < 0.5
    iam.replace_policy(stage.cloud, admin, arn, denying("s3:DeleteBucket"), _after(at, 20), at_once=at_once)
    return True


def _denied_altogether(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> bool:
    """Deny everything, without a cut-off, and restore what was before."""
    iam.put_policy(stage.cloud, admin, holder, "contained", denying("*"), at)
    iam.delete_policy(stage.cloud, admin, holder, "contained", _after(at, 20))
    return True


def _undone_under_another_name(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> bool:
    """Undo the revocation after its user was renamed; policies stay with the user."""
    _revoke(stage, admin, holder, at)
    if isinstance(holder, User):
        holder = iam.rename_user(stage.cloud, admin, holder, holder.name + "-2", _after(at, 10))
    iam.delete_policy(stage.cloud, admin, holder, "AWSRevokeOlderSessions", _after(at, 20))
    return True


def _one_of_two(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> bool:
    """Two policies revoke the session, and one is deleted."""
    _revoke(stage, admin, holder, at)
    iam.put_policy(stage.cloud, admin, holder, "incident-7", revoking(at), _after(at, 1))
    gone = stage.rng.choice(("AWSRevokeOlderSessions", "incident-7"))
    iam.delete_policy(stage.cloud, admin, holder, gone, _after(at, 20))
    return False


def _kept(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> bool:
    _revoke(stage, admin, holder, at)
    return False


def _revoke(stage: Stage, admin: Credential, holder: User | Role, at: datetime) -> None:
    iam.put_policy(stage.cloud, admin, holder, "AWSRevokeOlderSessions", revoking(at), at)


_REVOCATIONS: tuple[Callable[[Stage, Credential, User | Role, datetime], bool], ...] = (
    _deleted,
    _replaced,
    _detached,
    _new_version,
    _denied_altogether,
    _undone_under_another_name,
    _one_of_two,
    _kept,
)


def narrow_revocations(stage: Stage, at: datetime) -> None:
    """Policies that look like revocations, and leave the session something."""
    cut_off: Json = {"aws:TokenIssueTime": _after(at, 30).strftime("%Y-%m-%dT%H:%M:%SZ")}
    earlier: Json = {"aws:TokenIssueTime": _after(at, -600).strftime("%Y-%m-%dT%H:%M:%SZ")}
    other_than: Json = {"Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*"}
    allowed: Json = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": cut_off}}
    documents: tuple[Json, ...] = (
        denying("s3:DeleteBucket", DateLessThan=cut_off),
        denying("s3:*", "iam:*", DateLessThan=cut_off),
        denying("*", resource="arn:aws:s3:::acme-backups/*", DateLessThan=cut_off),
        denying("*", DateLessThan=cut_off, IpAddress={"aws:SourceIp": "192.0.2.0/24"}),
        denying("*", DateLessThan=cut_off, StringEquals={"aws:RequestedRegion": "eu-west-1"}),
        denying("*", DateLessThan=earlier),
        denying("*", DateGreaterThan=cut_off),
        {"Version": "2012-10-17", "Statement": [other_than | {"Condition": {"DateLessThan": cut_off}}]},
        {"Version": "2012-10-17", "Statement": [allowed]},
    )
    for number, document in enumerate(stage.rng.sample(documents, 3)):
        account = stage.account()
        user, role, when = _newcomer(stage, account, "nora"), _role(stage, account, "narrow"), _after(at, number)
        session = _assume(stage, user, role, when)
        _use(stage, session, _after(when, 1))
        iam.put_policy(stage.cloud, _admin(stage, account), role, "limits", document, _after(when, 30))
        if stage.rng.random() < 0.5:
            _use(stage, session, _after(when, 60))
        _ask(stage, _key(user), _after(when, 35))


def keys_that_end(stage: Stage, at: datetime) -> None:
    """Keys whose end is refused, undone with or without a record, or real; their sessions survive it."""
    cloud, account = stage.cloud, stage.account()
    admin = _admin(stage, account)
    for number, kind in enumerate(stage.rng.sample(("refused", "unlogged", "restored", "ended", "deleted"), 3)):
        user, role, when = _newcomer(stage, account, "kim"), _role(stage, account, "keys"), _after(at, number)
        key_id = user.key_ids[0]
        session = _assume(stage, user, role, when)
        _use(stage, session, _after(when, 1))
        end = _after(when, 10)
        if kind == "refused":
            name = stage.rng.choice(("UpdateAccessKey", "DeleteAccessKey"))
            parameters = {"userName": user.name, "accessKeyId": key_id}
            parameters |= {"status": "Inactive"} if name == "UpdateAccessKey" else {}
            iam.refused_change(cloud, admin, name, parameters, end)
        elif kind == "deleted":
            iam.delete_access_key(cloud, admin, user, key_id, end)
        else:
            iam.update_access_key(cloud, admin, user, key_id, "Inactive", end)
        if kind == "restored":
            iam.update_access_key(cloud, admin, user, key_id, "Active", _after(when, 20))
        if kind == "unlogged":
            iam.unlogged(cloud, admin, user, key_id, "Active", _after(when, 20))
            _use(stage, _key(user), _after(when, 30))
        _use(stage, session, _after(when, 35))
        _ask(stage, _key(user), _after(when, 15), _after(when, 40))


def principals_again(stage: Stage, at: datetime) -> None:
    """A user and a role are deleted and made again under their names; sessions of the first ones are gone."""
    cloud, account = stage.cloud, stage.account()
    admin, user, role = _admin(stage, account), _newcomer(stage, account, "gina"), _role(stage, account, "again")
    session = _assume(stage, user, role, at)
    token = sts.get_session_token(cloud, _key(user), user, _after(at, 1), GLOBAL_REGION, mfa=False)
    for credential in (session, token):
        _use(stage, credential, _after(at, 2))
    iam.delete_access_key(cloud, admin, user, user.key_ids[0], _after(at, 9))
    iam.delete_user(cloud, admin, user, _after(at, 10))
    iam.delete_role(cloud, admin, role, _after(at, 11))
    new = iam.create_user(cloud, admin, account.id, user.name, _after(at, 15), user.place)
    new = iam.create_access_key(cloud, admin, new, _after(at, 16))
    again = iam.create_role(cloud, admin, account.id, role.name, _after(at, 17), demands_source_identity=False)
    _use(stage, _assume(stage, new, again, _after(at, 20)), _after(at, 21))
    for one in (user, new):
        _ask(stage, _key(one), _after(at, 12), _after(at, 30))


def saml_console(stage: Stage, at: datetime) -> None:
    """The console by SAML: ConsoleLogin with or without a session context, or none in the logs."""
    cloud, rng, account = stage.cloud, stage.rng, stage.account()
    person = f"{rng.choice(NAMES)}.{cloud.ids.hexadecimal(6)}@example.com"
    place = Place(f"203.0.113.{rng.randrange(200, 250)}", BROWSER)
    role = _role(stage, account, "ADFS-Admin")
    issued = sts.assume_role_with_saml(cloud, role, person, person, at, stage.sts_region(), place=place)
    shown = rng.choice(("context", "no context", "console flag"))
    region = stage.region()
    session = odd_sts.saml_console(cloud, issued, at + timedelta(seconds=2), region, place=place, shown=shown)
    for number, key in enumerate(signin.more_keys(cloud, session, rng.randint(2, 4))):
        _use(stage, key, _after(at, 1 + 20 * number))
    _ask(stage, session, _after(at, 80))


def saml_twins(stage: Stage, at: datetime) -> None:
    """Two people sign in to the console by SAML with one role, session name and second: nobody can tell them apart."""
    cloud, rng, account = stage.cloud, stage.rng, stage.account()
    role, region = _role(stage, account, "shared"), stage.region()
    for person in rng.sample(NAMES, 2):
        place = Place(f"203.0.113.{rng.randrange(200, 250)}", BROWSER)
        issued = sts.assume_role_with_saml(cloud, role, f"{person}@example.com", "console", at, region, place=place)
        session = odd_sts.saml_console(
            cloud,
            issued,
            at + timedelta(seconds=2),
            region,
            place=place,
            shown=rng.choice(("no context", "console flag")),
        )
        _use(stage, session, _after(at, 1))


def propagated_identity(stage: Stage, at: datetime) -> None:
    """An application assumes a role for an Identity Center user, and a further role with that session."""
    cloud, account = stage.cloud, stage.account()
    application = _newcomer(stage, account, "svc-app")
    role = _role(stage, account, stage.rng.choice(("QAppTip", "AWSReservedSSO_Admin_0123456789")))
    store = stage.once("identity store", lambda: "d-" + cloud.ids.hexadecimal(10))
    person = Person(stage.accounts[0].id, "pat@acme.example", cloud.ids.uuid(), store, application.place)
    caller = _key(application)
    if stage.rng.random() < 0.5:
        caller = _assume(stage, application, _role(stage, account, "app"), at)
        at = _after(at, 1)
    session = odd_sts.assume_role_for_person(cloud, caller, role, "app", person, at, stage.sts_region())
    _use(stage, session, _after(at, 1), 4)
    onward = sts.assume_role(cloud, session, _role(stage, account, "data"), "app", _after(at, 5), stage.sts_region())
    _use(stage, onward, _after(at, 6))
    _ask(stage, _key(application), _after(at, 10))


def delegated_access(stage: Stage, at: datetime) -> None:
    """A provider outside the organization acts with a role or a user of the customer, whose consent is logged.

    Documented only: `invokedByDelegate` (docs/attribution.md#temporary-delegation).
    """
    cloud, account = stage.cloud, stage.account()
    customer, role = _newcomer(stage, account, "carol"), _role(stage, account, "onboarding")
    provider = cloud.ids.account()
    for number, name in enumerate(("AcceptDelegationRequest", "SendDelegationToken")):
        request = {"delegationRequestId": cloud.ids.hexadecimal(32)}
        api = replace(CALLS["ListUsers"].api, name=name, read_only=False)
        cloud.log(_key(customer), api, at + timedelta(seconds=5 * number), GLOBAL_REGION, parameters=request)
    place = Place("198.51.100.200", AGENTS[2])
    session = odd_sts.delegate_of_role(cloud, role, customer.name, provider, _after(at, 1), place)
    _use(stage, session, _after(at, 2), 3)
    onward = sts.assume_role(cloud, session, _role(stage, account, "data"), "onward", _after(at, 5), GLOBAL_REGION)
    _use(stage, onward, _after(at, 6))
    _use(stage, odd_sts.delegate_of_user(cloud, customer, provider, _after(at, 3), place), _after(at, 4))


def clocks_apart(stage: Stage, at: datetime) -> None:
    """Hosts whose clocks differ: the first use is stamped a second before its issuance."""
    cloud, account = stage.cloud, stage.account()
    user, role = _newcomer(stage, account, "tess"), _role(stage, stage.account(), "skewed")
    session = _assume(stage, user, role, at)
    early = at - timedelta(seconds=1)
    call(cloud, session, CALLS["ListBuckets"], early, stage.region())
    token = sts.get_session_token(cloud, _key(user), user, _after(at, 2), GLOBAL_REGION, mfa=False)
    call(cloud, token, CALLS["ListBuckets"], _after(at, 2) - timedelta(seconds=1), stage.region())
    further = sts.assume_role(cloud, session, _role(stage, account, "further"), "t", _after(at, 1), GLOBAL_REGION)
    call(cloud, further, CALLS["ListTables"], _after(at, 1) - timedelta(seconds=1), stage.region())
    _use(stage, session, _after(at, 5))
    _use(stage, further, _after(at, 6))
    _ask(stage, _key(user), _after(at, 10))


def masked_keys(stage: Stage, at: datetime) -> None:
    """Exports that mask keys: of an issuance, of a use, or of two issuances to two callers in one second."""
    account = stage.account()
    one, other = _newcomer(stage, account, "mia"), _newcomer(stage, account, "noa")
    role, shared = _role(stage, account, "masked"), _role(stage, account, "shared")
    for number, mask in enumerate(stage.rng.sample(MASKS, 2)):
        when = _after(at, 5 * number)
        session = odd_sts.masked_issuance(stage.cloud, _key(one), role, f"m{number}", mask, when, GLOBAL_REGION)
        _use(stage, session, _after(when, 1))
        _use(stage, odd_sts.masked_use(session, mask), _after(when, 2))
        onward = sts.assume_role(
            stage.cloud, session, _role(stage, account, "onward"), "o", _after(when, 3), GLOBAL_REGION
        )
        _use(stage, onward, _after(when, 4))
    mask, when = stage.rng.choice(MASKS), _after(at, 20)
    for user in (one, other):
        session = odd_sts.masked_issuance(stage.cloud, _key(user), shared, "same", mask, when, GLOBAL_REGION)
        _use(stage, session, _after(when, 1))
    for user in (one, other):
        _ask(stage, _key(user), _after(at, 30))


def unloaded_account(stage: Stage, at: datetime) -> None:
    """A chain through an account without logs: seen is only the request for it, and what it requested elsewhere."""
    cloud, ids = stage.cloud, stage.cloud.ids
    account, target = stage.rng.sample(stage.accounts, 2)
    between = ids.account()
    cloud.unloaded.add(between)
    user = _newcomer(stage, account, "uma")
    middle = Role(between, "middle", ids.unique_id("AROA", between))
    cloud.roles.append(middle)
    session = _assume(stage, user, middle, at)
    _use(stage, session, _after(at, 1))
    onward = sts.assume_role(
        cloud, session, _role(stage, target, "top"), "t", _after(at, 5), GLOBAL_REGION, seconds=3600
    )
    _use(stage, onward, _after(at, 6))
    _ask(stage, _key(user), _after(at, 10))


def long_console(stage: Stage, at: datetime) -> None:
    """A console session from the federation endpoint outlives the role session that opened it."""
    cloud, account = stage.cloud, stage.account()
    user, role = _newcomer(stage, account, "lena"), _role(stage, account, "loop")
    session = sts.assume_role(cloud, _key(user), role, "con", at, stage.sts_region())
    place = Place(user.place.address, BROWSER)
    console = signin.federated_console(cloud, session, _after(at, 40), stage.region(), place=place)
    _use(stage, console, _after(at, 45))
    if stage.rng.random() < 0.6:
        _use(stage, console, _after(at, 100))
    for one in (_key(user), session):
        _ask(stage, one, _after(at, 90), _after(at, 120))


def omitted_response(stage: Stage, at: datetime) -> None:
    """An AssumeRole without its response, for twelve hours (docs/attribution.md#size-limits)."""
    account = stage.account()
    user, role = _newcomer(stage, account, "olaf"), _role(stage, account, "omitted")
    session = odd_sts.omitted_response(stage.cloud, _key(user), role, "o", at, stage.sts_region(), HALF_A_DAY)
    _use(stage, session, _after(at, 1))
    if stage.rng.random() < 0.5:
        _use(stage, session, _after(at, 90))
    _ask(stage, _key(user), _after(at, 95))


def lookalikes(stage: Stage, at: datetime) -> None:
    """Roles that only have the names of service-linked and reserved roles."""
    account = stage.account()
    user = _newcomer(stage, account, "lou")
    for number, name in enumerate(("AWSServiceRoleForBackup", "AWSReservedSSO_Admin")):
        role = _role(stage, account, name, "/ops/" if stage.rng.random() < 0.5 else "/")
        _use(stage, _assume(stage, user, role, _after(at, number)), _after(at, 3 + number))
    _ask(stage, _key(user), _after(at, 10))


def tokens_of_root(stage: Stage, at: datetime) -> None:
    """Tokens that root requested with a key: no policy of IAM ends them."""
    cloud, account = stage.cloud, stage.account()
    place = Place("203.0.113.6", AGENTS[0])
    session = signin.root_login(cloud, account.id, at, place=place)
    key = root_key(account.id, iam.create_root_key(cloud, session, _after(at, 1)), place)
    _use(stage, odd_sts.root_session_token(cloud, key, _after(at, 2), GLOBAL_REGION), _after(at, 3))
    _use(stage, odd_sts.root_federation_token(cloud, key, "kiosk", _after(at, 4), GLOBAL_REGION), _after(at, 5))
    _ask(stage, key, _after(at, 10))


def planted(stage: Stage, at: datetime) -> None:
    """An intruder plants keys, a user, a password and a trust policy; some are removed again."""
    cloud, account = stage.cloud, stage.account()
    stolen, victim = _newcomer(stage, account, "vic"), _newcomer(stage, account, "eve")
    role = _role(stage, account, "backdoor")
    by = _key(stolen)
    victim = iam.create_access_key(cloud, by, victim, at)
    planted_key = user_key(victim, victim.key_ids[-1])
    session = sts.assume_role(cloud, planted_key, role, "p", _after(at, 2), GLOBAL_REGION, seconds=HALF_A_DAY)
    _use(stage, session, _after(at, 3))
    name = f"helpdesk-{cloud.ids.hexadecimal(6)}"
    user = iam.create_user(cloud, session, account.id, name, _after(at, 5), stolen.place)
    user = iam.create_access_key(cloud, session, user, _after(at, 6))
    iam.create_login_profile(cloud, session, user, _after(at, 7))
    _use(stage, _assume(stage, user, role, _after(at, 8)), _after(at, 9))
    console = signin.console_login(cloud, user, _after(at, 10), GLOBAL_REGION, mfa=False, place=stolen.place)
    _use(stage, console, _after(at, 11))
    iam.update_assume_role_policy(cloud, by, role, "arn:aws:iam::999900001111:root", _after(at, 12))
    admin = _admin(stage, account)
    if stage.rng.random() < 0.3:
        user = iam.rename_user(cloud, admin, user, user.name + "-2", _after(at, 18))
    for number, end in enumerate(
        stage.rng.sample(("user", stage.rng.choice(("password", "new password")), "key", "trust"), 2)
    ):
        _end_planted(stage, end, (admin, user, victim, role), _after(at, 20 + 2 * number))
    _ask(stage, by, _after(at, 15), _after(at, 30))


def _end_planted(stage: Stage, what: str, cast: tuple[Credential, User, User, Role], at: datetime) -> None:
    cloud = stage.cloud
    admin, user, victim, role = cast
    if what == "key":
        iam.delete_access_key(cloud, admin, victim, victim.key_ids[-1], at)
    elif what == "trust":
        iam.change_trust(cloud, admin, role, at, demands_source_identity=False)
    elif what.endswith("password"):
        iam.delete_login_profile(cloud, admin, user, at)
        if what == "new password":
            iam.create_login_profile(cloud, admin, user, _after(at, 1))
    else:
        iam.update_access_key(cloud, admin, user, user.key_ids[0], "Inactive", at)


def service_credentials(stage: Stage, at: datetime) -> None:
    """An intruder creates a key of one service, such as Bedrock, for a user; it is used, and some are ended."""
    cloud, account = stage.cloud, stage.account()
    stolen, user = _newcomer(stage, account, "ian"), _newcomer(stage, account, "BedrockAPIKey")
    for number, end in enumerate(stage.rng.sample(("none", "Inactive", "restored", "deleted", "reset"), 2)):
        when = _after(at, number)
        key = odd_sts.create_service_credential(cloud, _key(stolen), user, when)
        odd_sts.use_service_credential(cloud, key, _after(when, 2), stage.region())
        _end_service_credential(stage, end, user, key, _after(when, 10))
        _ask(stage, key, _after(when, 15), _after(when, 30))
    _ask(stage, _key(stolen), _after(at, 30))


def _end_service_credential(stage: Stage, end: str, user: User, key: Credential, at: datetime) -> None:
    cloud, admin = stage.cloud, _admin(stage, stage.account_of(user.account_id))
    if end in ("Inactive", "restored"):
        odd_sts.change_service_credential(cloud, admin, "Update", user, key, at, "Inactive")
    if end == "restored":
        odd_sts.change_service_credential(cloud, admin, "Update", user, key, _after(at, 10), "Active")
    if end in ("deleted", "reset"):
        name = "Delete" if end == "deleted" else "Reset"
        odd_sts.change_service_credential(cloud, admin, name, user, key, at)


# Helpers


def _after(at: datetime, minutes: int) -> datetime:
    return at + timedelta(minutes=minutes)


def _newcomer(stage: Stage, account: Account, name: str) -> User:
    """Return a user with one key who has existed since before the logs, under a name of its own."""
    ids = stage.cloud.ids
    key, user_id = ids.unique_id("AKIA", account.id), ids.unique_id("AIDA", account.id)
    place = Place(f"203.0.113.{stage.rng.randrange(10, 250)}", stage.rng.choice(AGENTS))
    user = User(account.id, f"{name}-{ids.hexadecimal(6)}", user_id, (key,), place)
    stage.cloud.users.append(user)
    return user


def _role(stage: Stage, account: Account, name: str, path: str = "/") -> Role:
    """Return a role that has existed since before the logs, under a name of its own."""
    ids = stage.cloud.ids
    role = Role(account.id, f"{name}-{ids.hexadecimal(6)}", ids.unique_id("AROA", account.id), path)
    stage.cloud.roles.append(role)
    return role


def _admin(stage: Stage, account: Account) -> Credential:
    return stage.key_of(stage.rng.choice(account.users))


def _key(user: User) -> Credential:
    return user_key(user, user.key_ids[0])


def _assume(stage: Stage, user: User, role: Role, at: datetime) -> Credential:
    name = f"s-{stage.cloud.ids.hexadecimal(4)}"
    return sts.assume_role(stage.cloud, _key(user), role, name, at, stage.sts_region(), seconds=HALF_A_DAY)


def _use(stage: Stage, credential: Credential, at: datetime, count: int = 2) -> None:
    work(stage, credential, at, count, forwards=0, refused=0)


def _refused(stage: Stage, credential: Credential, at: datetime) -> None:
    """Log denied calls, and sometimes GetCallerIdentity, which no policy denies."""
    call(stage.cloud, credential, CALLS["ListBuckets"], at, stage.region(), denied=True)
    if stage.rng.random() < 0.3:
        call(stage.cloud, credential, CALLS["GetCallerIdentity"], at + timedelta(seconds=9), stage.region())


def _ask(stage: Stage, credential: Credential, *times: datetime) -> None:
    assert credential.access_key_id
    stage.cloud.asked += [(credential.access_key_id, time) for time in times]


ODD: tuple[tuple[Activity, int], ...] = (
    (renames, 1),
    (undone_revocations, 1),
    (narrow_revocations, 1),
    (keys_that_end, 1),
    (principals_again, 1),
    (saml_console, 1),
    (saml_twins, 1),
    (propagated_identity, 1),
    (delegated_access, 1),
    (clocks_apart, 1),
    (masked_keys, 1),
    (unloaded_account, 1),
    (long_console, 1),
    (omitted_response, 1),
    (lookalikes, 1),
    (tokens_of_root, 1),
    (planted, 1),
    (service_credentials, 1),
)
