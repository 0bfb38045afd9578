"""Columns: converts records to Arrow batches.

Values are processed by column, because work on single values in Python takes most of the time. Few `userIdentity`
blocks occur in most events of a trail, so each distinct block is decoded once, and a batch takes its identity columns
from these decoded blocks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.addresses import canonical_addresses
from forensics.formats.event_times import parse_event_time
from forensics.formats.record_stream import Delivery, Records, Rejected
from forensics.formats.unread_forms import KEY_PREFIX, KEYS_IN_TEXT
from forensics.formats.unwrap import is_decorated
from forensics.identifiers import CHECKED, MAY_BE_MASKED, UNMASKED, Unmasking, unmasked_key
from forensics.records import record as rec
from forensics.records.addendum import original_event_id
from forensics.records.arrow_schema import (
    CHANGE_COLUMNS,
    CONTEXT_COLUMNS,
    IDENTITY_COLUMNS,
    ISSUANCE_COLUMNS,
    LAKE_SCHEMA,
    RECORD_COLUMNS,
    TEXT,
    TIMESTAMP,
)
from forensics.records.change import READ_FROM as CHANGES
from forensics.records.change import change
from forensics.records.changing_record import Change, ChangingRecord, decode_changing
from forensics.records.decode import Decoded, Fields, Numbers, binary, decode
from forensics.records.identity import Identity, identity_of, is_named_alone
from forensics.records.issuance import READ_FROM as ISSUANCES
from forensics.records.issuance import Issuance, IssuingRecord, decode_issuing, identity_center_result, issuance
from forensics.records.masked_columns import masked_columns, masked_records
from forensics.records.omitted import omitted_fields
from forensics.records.record import Record, parse_bool
from forensics.records.request_context import RequestContext, request_context
from forensics.records.scattered import scattered, scattered_columns
from forensics.records.target_resource import resource

_TOKEN_CALLS = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
_SIGN_IN = "awsconsolesignin"
# Identity Center also logs the user of a challenge and of a failed attempt, where anybody can type a name
_PERSON_SIGN_INS = ("CredentialChallenge", "CredentialVerification", "UserAuthentication")
# requested in the form for a forgotten password, which asks for the e-mail address only
_PASSWORD_RECOVERY = "PasswordRecoveryRequested"
_API_CALL = "AwsApiCall"
IDENTITY_UNREAD = "identity_unread"
_NO_BLOCK = b"{}"
_WITHOUT_IDENTITY = ("AwsServiceEvent", "AwsVpceEvent")
_AS_AWS_WRITES_TIME = r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$"
# some products write an empty string for a missing value
_OF_A_REFUSAL = ("error_code", "error_message")
_WITH_EFFECTS = ISSUANCES | CHANGES
# the responses of other changes have text of their callers, such as the description of a role
_WITH_A_NEW_KEY = ISSUANCES | {
    ("iam.amazonaws.com", "CreateAccessKey"),
    ("iam.amazonaws.com", "CreateServiceSpecificCredential"),
}


class SourceRecords(NamedTuple):
    """Records of one source file; a batch of rows can have records of several files."""

    records: Records
    source_sha256: str


class Batch(NamedTuple):
    """Rows of LAKE_SCHEMA in the order of their records.

    Args:
        events: the rows.
        rejected: records that are not events, one list per source.
        unknown_fields: number of rows by the name of an unknown field, one counter per source.
    """

    events: pa.RecordBatch
    rejected: list[list[Rejected]]
    unknown_fields: list[Counter[str]]


def to_batch(sources: Sequence[SourceRecords], seen: dict[bytes, Identity]) -> Batch:
    """Convert records to rows. Never raises for the content of a record.

    Args:
        sources: records by source.
        seen: cache of decoded identities, which grows.
    """
    decoded = decode([raw for one in sources for raw in one.records.raw])
    places = _Places.of(sources)
    kept = _Places(places.source[decoded.place], places.position[decoded.place])
    flags = _Flags()
    columns = {
        **_record_columns(decoded.fields),
        **_event_columns(decoded, seen, flags),
        "delivery": _delivery(sources, kept.source, decoded),
        "source_sha256": pa.array([one.source_sha256 for one in sources], TEXT).take(pa.array(kept.source)),
        "position": pa.array(kept.position, pa.int32()),
    }
    columns |= masked_columns(columns)
    _flag_rows(flags, sources, kept.source, decoded, columns["event_time"])
    columns["flags"], columns["unreliable"] = flags.columns(len(decoded.raw))
    events = pa.RecordBatch.from_arrays([columns[name] for name in LAKE_SCHEMA.names], schema=LAKE_SCHEMA)
    unknown_fields = [Counter[str]() for _ in sources]
    for row, names in flags.unknown_fields:
        unknown_fields[kept.source[row]].update(names)
    return Batch(events, _rejected(sources, places, decoded), unknown_fields)


class _Places(NamedTuple):
    """The index of the source of each record, and the position of the record in it."""

    source: Numbers
    position: Numbers

    @classmethod
    def of(cls, sources: Sequence[SourceRecords]) -> _Places:
        counts = [len(one.records.raw) for one in sources]
        starts = [one.records.position for one in sources]
        positions = [np.arange(start, start + count) for start, count in zip(starts, counts, strict=True)]
        return cls(np.repeat(np.arange(len(sources)), counts), np.concatenate(positions or [np.arange(0)]))


def _rejected(sources: Sequence[SourceRecords], places: _Places, decoded: Decoded) -> list[list[Rejected]]:
    """Return the records that are not events, in their order, by source."""
    rejected: list[list[Rejected]] = [[] for _ in sources]
    for place, reason in decoded.refused.items():
        records = sources[places.source[place]].records
        at = int(places.position[place])
        rejected[places.source[place]].append(Rejected(at, -1, records.raw[at - records.position], reason))
    for found in rejected:
        found.sort(key=lambda one: one.position)
    return rejected


def _flag_rows(
    flags: _Flags, sources: Sequence[SourceRecords], source: Numbers, decoded: Decoded, times: pa.TimestampArray
) -> None:
    """Flag the rows whose source was damaged or rebuilt, and those without a readable time or identity."""
    resynchronised = np.array([one.records.resynchronised for one in sources], bool)[source]
    for row in np.flatnonzero(resynchronised).tolist():
        flags.add(row, "resynchronised", unreliable=True)
    rebuilt = np.array([one.records.delivery == Delivery.REBUILT for one in sources], bool)[source]
    for row in np.flatnonzero(rebuilt).tolist():
        flags.add(row, "rebuilt", unreliable=False)
    for row in np.flatnonzero(times.is_null().to_numpy(zero_copy_only=False)).tolist():
        flags.add(row, "no_event_time", unreliable=False)
    for row in _unread_identities(decoded):
        flags.add(row, IDENTITY_UNREAD, unreliable=False)


def _delivery(sources: Sequence[SourceRecords], source: Numbers, decoded: Decoded) -> pa.Array:
    """Return the delivery of each row. A record to which a product added members is wrapped, not native."""
    deliveries = [one.records.delivery for one in sources]
    decorated = {row for row, names in decoded.unknown_fields.items() if is_decorated(names)}
    decorated.update(row for row, kept in enumerate(decoded.fields.values("at_timestamp")) if kept)
    number = source.copy()
    number[[row for row in decorated if deliveries[source[row]] == Delivery.NATIVE]] = len(sources)
    return pa.array([*deliveries, Delivery.WRAPPED], TEXT).take(pa.array(number))


class _Flags:
    """Anomalies and unknown fields, by row."""

    def __init__(self) -> None:
        self._flags: dict[int, set[str]] = defaultdict(set)
        self._unreliable: set[int] = set()
        self.unknown_fields: list[tuple[int, list[str]]] = []

    def add(self, row: int, *flags: str, unreliable: bool) -> None:
        self._flags[row].update(flags)
        if unreliable:
            self._unreliable.add(row)

    def columns(self, rows: int) -> tuple[pa.Array, pa.Array]:
        flags = scattered({row: ",".join(sorted(found)) for row, found in self._flags.items() if found}, TEXT, rows)
        unreliable = np.zeros(rows, bool)
        unreliable[list(self._unreliable)] = True
        return flags, pa.array(unreliable)


def _record_columns(fields: Fields) -> dict[str, pa.Array]:
    columns: dict[str, pa.Array] = {}
    for field in RECORD_COLUMNS:
        if field.name == "event_time":
            columns[field.name] = _times(_time_texts(fields))
        elif field.name == "source_addresses":
            columns[field.name] = _of_distinct(fields.text("source_ip_address"), canonical_addresses, TEXT)
        elif field.type == TIMESTAMP:
            columns[field.name] = _times(fields.text(field.name))
        elif field.type == pa.bool_():
            columns[field.name] = pa.array(map(parse_bool, fields.values(field.name)), pa.bool_())
        elif field.name in _OF_A_REFUSAL:
            text = fields.text(field.name)
            columns[field.name] = pc.if_else(pc.equal(text, ""), pa.scalar(None, TEXT), text)
        else:
            columns[field.name] = fields.text(field.name)
    return columns


def _time_texts(fields: Fields) -> pa.StringArray:
    """Return the times of the records: `eventTime`, otherwise what Logstash or Elastic kept of it."""
    texts = fields.text("event_time")
    if not texts.null_count or not any(fields.values("at_timestamp")):
        return texts
    kept = [bytes(value).strip(b'"').decode("utf-8", "replace") or None for value in fields.values("at_timestamp")]
    return pc.coalesce(texts, pa.array(kept, TEXT))


def _times(texts: pa.StringArray) -> pa.TimestampArray:
    """Parse times: in one cast if all are in AWS's usual form, otherwise each distinct time by itself."""
    if pc.all(pc.match_substring_regex(texts, _AS_AWS_WRITES_TIME)).as_py():
        try:
            return pc.cast(texts, TIMESTAMP)
        except pa.ArrowInvalid:  # for example, February 30
            pass
    return _of_distinct(texts, parse_event_time, TIMESTAMP)


def _of_distinct(texts: pa.Array, convert: Callable[[Any], object], type_: pa.DataType) -> pa.Array:
    """Convert each distinct value by itself; null stays null."""
    distinct = texts.dictionary_encode()
    return pa.array(map(convert, distinct.dictionary.to_pylist()), type_).take(distinct.indices)


def _event_columns(decoded: Decoded, seen: dict[bytes, Identity], flags: _Flags) -> dict[str, pa.Array]:
    """Return the columns that are derived from a record instead of copied from one of its fields."""
    rows = len(decoded.raw)
    texts: dict[int, str] = {}
    for row, careful in decoded.careful.items():
        texts[row] = careful.text
        flags.add(row, *careful.flags, unreliable=careful.unreliable)
    flags.unknown_fields += decoded.unknown_fields.items()
    identities, number = _identities(decoded, seen)
    for index, identity in enumerate(identities):
        if not (identity.flag or identity.unknown_fields or identity.is_unread):
            continue
        for row in np.flatnonzero(number == index).tolist():
            flags.unknown_fields.append((row, identity.unknown_fields))
            if identity.flag:
                flags.add(row, identity.flag, unreliable=True)
            if identity.is_unread:
                flags.add(row, IDENTITY_UNREAD, unreliable=False)
    issued, changed = _effects(decoded, [identities[index] for index in number.tolist()], texts, flags)
    raw = binary(decoded.raw)
    signers = [identities[index].access_key_id for index in number.tolist()]
    return {
        **_identity_columns(identities, number),
        **scattered_columns(CONTEXT_COLUMNS, _contexts(decoded), rows),
        **scattered_columns(ISSUANCE_COLUMNS, issued, rows),
        **scattered_columns(CHANGE_COLUMNS, changed, rows),
        "resource": _resources(decoded),
        "omitted_fields": scattered(omitted_fields(decoded.fields), TEXT, rows),
        "named_access_key_ids": scattered(_named_keys(raw, signers, issued, changed), TEXT, rows),
        "amends": scattered(_amends(decoded), TEXT, rows),
        "content_sha256": scattered(_content_hashes(decoded), TEXT, rows),
        "record": scattered(masked_records(decoded.raw, raw, texts), TEXT, rows),
        "raw": raw,
    }


def _identities(decoded: Decoded, seen: dict[bytes, Identity]) -> tuple[list[Identity], Numbers]:
    """Return the distinct identities, and the index of each row's identity."""
    blocks = decoded.fields.block("user_identity").dictionary_encode()
    distinct = [block or _NO_BLOCK for block in blocks.dictionary.to_pylist()]
    may_be_masked = pc.match_substring_regex(blocks.dictionary, MAY_BE_MASKED).to_pylist()
    checks = [CHECKED if found else UNMASKED for found in may_be_masked]
    identities = [_identity(block, seen, unmask) for block, unmask in zip(distinct, checks, strict=True)]
    number = blocks.indices.to_numpy().astype(np.int64)
    attempts = _attempts_by_name(decoded, [identities[index] for index in number.tolist()])
    for row in dict.fromkeys([*_refused_sign_ins(decoded), *attempts]):
        identities.append(_identity(distinct[blocks.indices[row].as_py()], seen, CHECKED, authenticated=False))
        number[row] = len(identities) - 1
    return identities, number


def _identity(block: bytes, seen: dict[bytes, Identity], unmask: Unmasking, *, authenticated: bool = True) -> Identity:
    key = block if authenticated else b"-" + block
    if key not in seen:
        seen[key] = identity_of(block, authenticated, unmask)
    return seen[key]


def _refused_sign_ins(decoded: Decoded) -> list[int]:
    """Return the rows of failed sign-ins and rejected tokens: no credential signed these events."""
    fields = decoded.fields
    return [
        row
        for row, (type_, name) in enumerate(zip(fields.values("event_type"), fields.values("event_name"), strict=True))
        if (name in _TOKEN_CALLS or name in _PERSON_SIGN_INS or type_ != _API_CALL)
        and _is_refused_sign_in(decoded.records[row], decoded.raw[row])
    ]


def _attempts_by_name(decoded: Decoded, identities: Sequence[Identity]) -> list[int]:
    """Return the rows of failed calls whose caller is known by a name alone, which anybody could have typed."""
    errors = decoded.fields.values("error_code")
    return [
        row
        for row, (error, identity) in enumerate(zip(errors, identities, strict=True))
        if error and is_named_alone(identity)
    ]


def _is_refused_sign_in(record: Record, raw: bytes) -> bool:
    if (record.event_type or "").lower() == _SIGN_IN:
        response = _issuing(raw)[0].response_elements
        failed = response is not None and "Failure" in (response.console_login, response.switch_role)
        return failed or bool(record.error_message) or record.event_name == _PASSWORD_RECOVERY
    if record.event_name in _PERSON_SIGN_INS:
        return identity_center_result(_issuing(raw)[0]) != "Success"
    refused = (record.error_code or "").lower()
    return record.event_name in _TOKEN_CALLS and ("token" in refused or "idp" in refused)


def _identity_columns(identities: list[Identity], number: Numbers) -> dict[str, pa.Array]:
    index = pa.array(number)
    rows = map(msgspec.structs.astuple, identities)
    columns = zip(*rows, strict=True) if identities else [()] * len(Identity.__struct_fields__)
    return {
        field.name: pa.array(values, field.type).take(index)
        for field, values in zip(IDENTITY_COLUMNS, columns, strict=False)  # the last four are not columns
    }


def _effects(
    decoded: Decoded, identities: list[Identity], texts: dict[int, str], flags: _Flags
) -> tuple[dict[int, Issuance], dict[int, Change]]:
    """Return issuances and changes, keyed by row. A record with a repeated key is read from `texts`."""
    issued: dict[int, Issuance] = {}
    changed: dict[int, Change] = {}
    events = zip(decoded.fields.values("event_source"), decoded.fields.values("event_name"), strict=True)
    for row, event in enumerate(events):
        if event not in _WITH_EFFECTS:
            continue
        raw, record, identity = decoded.raw[row], decoded.records[row], identities[row]
        if row not in texts and rec.repeats_a_key(raw):
            flags.add(row, "repeated_key", unreliable=True)
            texts[row] = rec.decode_carefully(raw).text
        unambiguous = texts[row].encode() if row in texts else raw
        if event in ISSUANCES:
            issuing, wrong = _issuing(unambiguous)
            issued[row] = issuance(record, identity.block, issuing)
            new_key = issued[row].issued_access_key_id
        else:
            changing, wrong = _changing(unambiguous)
            changed[row] = change(record, identity.block, changing)
            new_key = changed[row].created_access_key_id
        if event in _WITH_A_NEW_KEY and not new_key:
            named = {key.decode() for key in KEYS_IN_TEXT.findall(record.response_elements)}
            if named - {identity.access_key_id}:
                flags.add(row, IDENTITY_UNREAD, unreliable=False)
        if wrong:
            flags.add(row, "wrong_type", unreliable=True)
    return issued, changed


def _issuing(unambiguous: bytes) -> tuple[IssuingRecord, bool]:
    try:
        return decode_issuing(unambiguous), False
    except rec.NOT_DECODED:
        return rec.convert(rec.parse_loosely(unambiguous), IssuingRecord)


def _changing(unambiguous: bytes) -> tuple[ChangingRecord, bool]:
    try:
        return decode_changing(unambiguous), False
    except rec.NOT_DECODED:
        return rec.convert(rec.parse_loosely(unambiguous), ChangingRecord)


def _resources(decoded: Decoded) -> pa.Array:
    """Return the resource of each row: once per distinct request, but for each refused call, whose message is read."""
    fields = decoded.fields
    alike = np.zeros(len(decoded.raw), np.int64)
    for column in (fields.block("resources"), fields.block("request_parameters"), fields.text("aws_region")):
        distinct = column.dictionary_encode(null_encoding="encode")
        alike = alike * len(distinct.dictionary) + distinct.indices.to_numpy()
    refused = np.flatnonzero(fields.text("error_message").is_valid().to_numpy(zero_copy_only=False))
    alike[refused] = -1 - refused
    _, first, number = np.unique(alike, return_index=True, return_inverse=True)
    return pa.array([resource(decoded.records[row]) for row in first.tolist()], TEXT).take(pa.array(number))


def _named_keys(
    raw: pa.BinaryArray, signers: Sequence[str | None], issued: Mapping[int, Issuance], changed: Mapping[int, Change]
) -> dict[int, str]:
    """Return the access key IDs that are in no other column of the record, keyed by row.

    Counting the prefixes first is cheap, and almost every record contains no key but its signer's.
    """
    found: dict[int, str] = {}
    counts = pc.count_substring_regex(raw, KEY_PREFIX).to_numpy()
    own = np.fromiter((signer is not None for signer in signers), np.int64, len(signers))
    for row in np.flatnonzero(counts > own).tolist():
        typed = {signers[row]}
        if row in issued:
            typed.add(issued[row].issued_access_key_id)
        if row in changed:
            typed.update((changed[row].created_access_key_id, changed[row].target_access_key_id))
        named = {unmasked_key(key.decode()) for key in KEYS_IN_TEXT.findall(raw[row].as_py())} - typed - {None}
        if named:
            found[row] = " ".join(sorted(filter(None, named)))
    return found


def _contexts(decoded: Decoded) -> dict[int, RequestContext]:
    """Return the claims of enriched records, keyed by row."""
    blocks = enumerate(decoded.fields.values("event_context"))
    return {row: request_context(bytes(block)) for row, block in blocks if len(block)}


def _amends(decoded: Decoded) -> dict[int, str]:
    found = (
        (row, original_event_id(block)) for row, block in enumerate(decoded.fields.values("addendum")) if len(block)
    )
    return {row: amended for row, amended in found if amended}


def _content_hashes(decoded: Decoded) -> dict[int, str]:
    """Return the hashes of records without eventID or recipientAccountId, keyed by row."""
    names = [decoded.fields.text(name) for name in ("event_id", "recipient_account_id")]
    named = pc.and_(*(pc.fill_null(pc.greater(pc.binary_length(name), 0), False) for name in names))
    rows = np.flatnonzero(~named.to_numpy(zero_copy_only=False)).tolist()
    return {row: rec.canonical_sha256(decoded.raw[row]) for row in rows}


def _unread_identities(decoded: Decoded) -> list[int]:
    """Return the rows of records whose identity is missing or in a form that is not read.

    AWS writes no identity in some service events.
    """
    return [
        row
        for row, block in enumerate(decoded.fields.values("user_identity"))
        if not bytes(block).startswith(b"{") or bytes(block) == _NO_BLOCK
        if decoded.records[row].event_type not in _WITHOUT_IDENTITY
    ]
