"""Columns: records as Arrow batches. The parser's second half, and like its first a pure function.

What repeats is decoded once: a few `userIdentity` blocks sign most of a trail's events, so each distinct block becomes
one row of a small table, and the batch takes its identity columns from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from forensics.formats.records import Records, Rejected
from forensics.lake import record as rec
from forensics.lake.change import NOTHING_CHANGED, Change, ChangingRecord, change, decode_changing
from forensics.lake.change import READ_FROM as CHANGES
from forensics.lake.issuance import NOTHING_ISSUED, Issuance, IssuingRecord, decode_issuing, issuance
from forensics.lake.issuance import READ_FROM as ISSUANCES
from forensics.lake.record import NotARecord, Record, UserIdentity, parse_bool, parse_time
from forensics.lake.resource import resource
from forensics.lake.schema import CHANGE_COLUMNS, IDENTITY_COLUMNS, ISSUANCE_COLUMNS, LAKE_SCHEMA, RECORD_COLUMNS
from forensics.lake.secrets import mask, may_hold_a_secret

# A key that AWS writes never spells a letter as an escape, which could hide that a key stands there twice.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
_COUNTED_KEYS = (
    (b'"eventID"', "event_id"),
    (b'"eventTime"', "event_time"),
    (b'"eventName"', "event_name"),
    (b'"eventSource"', "event_source"),
    (b'"recipientAccountId"', "recipient_account_id"),
    (b'"eventType"', "event_type"),
    (b'"errorCode"', "error_code"),
    (b'"errorMessage"', "error_message"),
    (b'"sharedEventID"', "shared_event_id"),
)
_USER_IDENTITY = b'"userIdentity"'
_TOKEN_CALLS = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
# as AWS's documents print them: enums are compared without case
_IDENTITY_TYPES = {
    name.lower(): name
    for name in (
        "AWSAccount",
        "AWSService",
        "AssumedRole",
        "Directory",
        "FederatedUser",
        "IAMUser",
        "IdentityCenterUser",
        "Role",
        "Root",
        "SAMLUser",
        "Unknown",
        "WebIdentityUser",
    )
}


class Identity(NamedTuple):
    """The columns of schema.IDENTITY_COLUMNS, in their order, and whether the block is sound."""

    identity_type: str | None
    principal_id: str | None
    arn: str | None
    account_id: str | None
    access_key_id: str | None
    user_name: str | None
    invoked_by: str | None
    identity_provider: str | None
    session_issuer_type: str | None
    session_issuer_arn: str | None
    session_issuer_principal_id: str | None
    role_session_name: str | None
    session_creation_date: datetime | None
    mfa_authenticated: bool | None
    source_identity: str | None
    federated_provider: str | None
    ec2_role_delivery: str | None
    credentials_issued_to: str | None
    assumed_root: bool | None
    sign_in_session_arn: str | None
    on_behalf_of_user_id: str | None
    identity_store_arn: str | None
    credential_id: str | None
    block: UserIdentity
    flag: str | None


class Row(NamedTuple):
    """One event, not yet in columns."""

    record: Record
    event_time: datetime | None
    identity: Identity
    issuance: Issuance
    change: Change
    resource: str | None
    flags: str | None
    unreliable: bool
    content_sha256: str | None
    record_text: str | None
    raw: bytes
    source_sha256: str
    position: int


class Batch(NamedTuple):
    """Some records of one source as rows of LAKE_SCHEMA, and what could not become a row."""

    events: pa.RecordBatch
    rejected: list[Rejected]


def to_arrow(records: Records, source_sha256: str) -> Batch:
    """The events of some consecutive records. Never raises for what a record holds."""
    rows, rejected = to_rows(records, source_sha256, {})
    return Batch(to_batch(rows), rejected)


def to_rows(records: Records, source_sha256: str, seen: dict[bytes, Identity]) -> tuple[list[Row], list[Rejected]]:
    """The same, not yet in columns: small files share a batch. `seen` spares decoding an identity again."""
    rows: list[Row] = []
    rejected: list[Rejected] = []
    for position, (raw, record) in enumerate(zip(records.raw, _decode_all(records.raw), strict=True), records.position):
        try:
            rows.append(_row(raw, record, records.resynchronised, source_sha256, position, seen))
        except NotARecord as error:
            rejected.append(Rejected(position, -1, raw, str(error)))
    return rows, rejected


def to_batch(rows: list[Row]) -> pa.RecordBatch:
    """Rows of any sources as a batch of LAKE_SCHEMA."""
    identities = {id(row.identity): row.identity for row in rows}
    number = {key: index for index, key in enumerate(identities)}
    taken = pa.array([number[id(row.identity)] for row in rows], pa.int32())
    columns: dict[str, pa.Array] = {}
    for field in RECORD_COLUMNS:
        columns[field.name] = _record_column(field, rows)
    for index, field in enumerate(IDENTITY_COLUMNS):
        columns[field.name] = pa.array([identity[index] for identity in identities.values()], field.type).take(taken)
    for index, field in enumerate(ISSUANCE_COLUMNS):
        columns[field.name] = _sparse([row.issuance[index] for row in rows], field.type)
    for index, field in enumerate(CHANGE_COLUMNS):
        columns[field.name] = _sparse([row.change[index] for row in rows], field.type)
    columns["resource"] = _sparse([row.resource for row in rows], pa.string())
    columns["flags"] = _sparse([row.flags for row in rows], pa.string())
    columns["content_sha256"] = _sparse([row.content_sha256 for row in rows], pa.string())
    columns["record"] = _sparse([row.record_text for row in rows], pa.string())
    columns["unreliable"] = pa.array([row.unreliable for row in rows], pa.bool_())
    columns["raw"] = pa.array([row.raw for row in rows], pa.binary())
    columns["source_sha256"] = pa.array([row.source_sha256 for row in rows], pa.string())
    columns["position"] = pa.array([row.position for row in rows], pa.int32())
    return pa.RecordBatch.from_arrays([columns[name] for name in LAKE_SCHEMA.names], schema=LAKE_SCHEMA)


def _decode_all(raws: list[bytes]) -> list[Record | None]:
    """Each record by the fast path, None for those that need care."""
    decoded: list[Record | None] = []
    for raw in raws:
        try:
            decoded.append(rec.decode(raw))
        except rec.NOT_DECODED:
            decoded.append(None)
    if _sound(b"\n".join(raws), decoded):
        return decoded
    return [record if record and _sound(raw, [record]) else None for raw, record in zip(raws, decoded, strict=True)]


def _sound(text: bytes, decoded: list[Record | None]) -> bool:
    """Whether the text is UTF-8 and no key that decides anything can stand twice in a record.

    A record that has a key names it at least once; so where the text names it as often as there are records that have
    it, each names it once.
    """
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    named = sum(record is not None and record.user_identity is not rec.NO_IDENTITY for record in decoded)
    if _ESCAPED_LETTER.search(text) or text.count(_USER_IDENTITY) != named:
        return False
    for key, attribute in _COUNTED_KEYS:
        if text.count(key) != sum(getattr(record, attribute, None) is not None for record in decoded):
            return False
    return True


def _row(
    raw: bytes,
    record: Record | None,
    resynchronised: bool,
    source_sha256: str,
    position: int,
    seen: dict[bytes, Identity],
) -> Row:
    flags: set[str] = set()
    unreliable = False
    text: str | None = None
    if record is None:
        careful = rec.decode_carefully(raw)
        record, unreliable, text = careful.record, careful.unreliable, careful.text
        flags |= careful.flags
    if not rec.is_cloudtrail(record):
        raise NotARecord("it is not a CloudTrail record")
    if resynchronised:
        flags.add("resynchronised")
        unreliable = True
    identity = _identity_of(record, raw, seen)
    if identity.flag:
        flags.add(identity.flag)
        unreliable = True
    issued, changed = NOTHING_ISSUED, NOTHING_CHANGED
    event = (record.event_source, record.event_name)
    if event in ISSUANCES or event in CHANGES:
        if text is None and rec.repeats_a_key(raw):
            flags.add("repeated_key")
            unreliable = True
            text = rec.decode_carefully(raw).text
        sound = raw if text is None else text.encode()
        wrong = False
        if event in ISSUANCES:
            issuing, wrong = _issuing(sound)
            issued = issuance(record, identity.block, issuing)
        else:
            changing, wrong = _changing(sound)
            changed = change(record, identity.block, changing)
        if wrong:
            flags.add("wrong_type")
            unreliable = True
    event_time = parse_time(record.event_time)
    if record.event_time is not None and event_time is None:
        flags.add("no_event_time")
    if may_hold_a_secret(raw if text is None else text.encode()):
        plain = text if text is not None else raw.decode("utf-8")
        masked = mask(plain)
        text = masked if masked != plain else text
    no_id = not record.event_id or not record.recipient_account_id
    return Row(
        record,
        event_time,
        identity,
        issued,
        changed,
        resource(record),
        ",".join(sorted(flags)) or None,
        unreliable,
        rec.canonical_sha256(raw) if no_id else None,
        text,
        raw,
        source_sha256,
        position,
    )


def _issuing(sound: bytes) -> tuple[IssuingRecord, bool]:
    try:
        return decode_issuing(sound), False
    except rec.NOT_DECODED:
        return rec.convert(rec.parse_loosely(sound), IssuingRecord)


def _changing(sound: bytes) -> tuple[ChangingRecord, bool]:
    try:
        return decode_changing(sound), False
    except rec.NOT_DECODED:
        return rec.convert(rec.parse_loosely(sound), ChangingRecord)


def _identity_of(record: Record, raw: bytes, seen: dict[bytes, Identity]) -> Identity:
    """The identity columns of a record; a block that was seen before is not decoded again."""
    block = bytes(record.user_identity)
    authenticated = not _is_refused_sign_in(record, raw)
    key = block if authenticated else b"-" + block
    identity = seen.get(key)
    if identity is None:
        identity = seen[key] = _identity(block, authenticated)
    return identity


def _is_refused_sign_in(record: Record, raw: bytes) -> bool:
    """Nothing signed it: it proves that somebody typed a name, or sent a token that was no good."""
    if (record.event_type or "").lower() == "awsconsolesignin":
        response = _issuing(raw)[0].response_elements
        failed = response is not None and "Failure" in (response.console_login, response.switch_role)
        return failed or record.error_message is not None
    refused = (record.error_code or "").lower()
    return record.event_name in _TOKEN_CALLS and ("token" in refused or "idp" in refused)


def _identity(block: bytes, authenticated: bool) -> Identity:
    flag = None
    try:
        user = rec.decode_identity(block)
    except rec.NOT_DECODED:
        user, flag = rec.convert(rec.parse_loosely(block), UserIdentity)[0], "wrong_type"
    if rec.repeats_a_key(block):
        flag = "repeated_key"
    user.type = _IDENTITY_TYPES.get((user.type or "").lower(), user.type)
    context = user.session_context
    session_issuer = context.session_issuer if context else None
    attributes = context.attributes if context else None
    principal_id = user.principal_id or _stands_for_principal(user)
    created = attributes.creation_date if attributes else None
    created_at = parse_time(created)
    on_behalf_of = user.on_behalf_of
    return Identity(
        identity_type=user.type,
        principal_id=principal_id,
        arn=user.arn,
        account_id=user.account_id,
        access_key_id=user.access_key_id or None,
        user_name=user.user_name,
        invoked_by=user.invoked_by,
        identity_provider=user.identity_provider,
        session_issuer_type=session_issuer.type if session_issuer else None,
        session_issuer_arn=session_issuer.arn if session_issuer else None,
        session_issuer_principal_id=session_issuer.principal_id if session_issuer else None,
        role_session_name=_session_name(user),
        session_creation_date=created_at,
        mfa_authenticated=parse_bool(attributes.mfa_authenticated) if attributes else None,
        source_identity=context.source_identity if context else None,
        federated_provider=_federated_provider(user),
        ec2_role_delivery=context.ec2_role_delivery if context else None,
        credentials_issued_to=user.in_scope_of.credentials_issued_to if user.in_scope_of else None,
        assumed_root=parse_bool(context.assumed_root) if context else None,
        sign_in_session_arn=context.sign_in_session_arn if context else None,
        on_behalf_of_user_id=on_behalf_of.user_id if on_behalf_of else None,
        identity_store_arn=on_behalf_of.identity_store_arn if on_behalf_of else None,
        credential_id=credential_id(user.account_id, user.access_key_id, principal_id, created_at)
        if authenticated
        else None,
        block=user,
        flag=flag,
    )


def credential_id(
    account_id: str | None, access_key_id: str | None, principal_id: str | None, created_at: datetime | None
) -> str | None:
    """What one event was signed with: its four parts, empty ones kept; None if all are."""
    parts = [
        account_id or "",
        access_key_id or "",
        principal_id or "",
        f"{created_at:%Y-%m-%dT%H:%M:%SZ}" if created_at else "",
    ]
    return "|".join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts) if any(parts) else None


def _stands_for_principal(user: UserIdentity) -> str | None:
    """A service has no principal ID, an Identity Center user none either: what AWS names them by stands in."""
    if user.type in (None, "AWSService"):
        return user.invoked_by
    if user.type == "IdentityCenterUser" and user.on_behalf_of:
        return user.on_behalf_of.user_id
    return None


def _session_name(user: UserIdentity) -> str | None:
    if user.type != "AssumedRole" or not user.principal_id:
        return None
    role_id, colon, name = user.principal_id.rpartition(":")
    return name if colon and role_id else None


def _federated_provider(user: UserIdentity) -> str | None:
    data = user.session_context.web_id_federation_data if user.session_context else None
    return data.federated_provider if data else None


def _record_column(field: pa.Field, rows: list[Row]) -> pa.Array:
    if field.name == "event_time":
        return pa.array([row.event_time for row in rows], field.type)
    values: list[Any] = [getattr(row.record, field.name) for row in rows]
    if field.type == pa.bool_():
        return pa.array([parse_bool(value) for value in values], field.type)
    return pa.array(values, field.type)


def _sparse(values: Iterable[Any], type_: pa.DataType) -> pa.Array:
    values = list(values)
    return pa.array(values, type_) if any(value is not None for value in values) else pa.nulls(len(values), type_)
