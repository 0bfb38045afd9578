"""Column docs: what every table and column of a case means, stored in the database by COMMENT ON.

A model's header describes its table, and the schema of the lake describes the columns of events. The rest is here. A
name means the same in every table; an entry with a table's name is an exception.
"""

from __future__ import annotations

import duckdb

from forensics.attribution.order import AFTER_WALK, BEFORE_WALK, model
from forensics.records.arrow_schema import DOCUMENTS_SCHEMA, LAKE_SCHEMA, QUARANTINE_SCHEMA

_MODELS = {*BEFORE_WALK, *AFTER_WALK, "attributed_events", "contested", "credential_days", "names"}

_TABLES = {
    "events": "every distinct event, once, with the fields of its record. Grain: one row per event.",
    "event_copies": "the files that hold copies of each event. Grain: one row per copy.",
    "event_addenda": "records that amended an event. Grain: one row per addendum.",
    "event_conflicts": "copies that differ from the stored event. Grain: one row per copy.",
    "file_listings": "whether a proven digest lists each log file. Grain: one row per source_sha256.",
    "contested_digests": "digests for the same region and time, signed with different keys. Grain: one row per digest.",
    "event_listings": "events whose copies differ in what digests prove of their files. Grain: one row per event.",
    "listed_copies": "copies in listed files, which replace the stored ones. Grain: one row per event.",
    "replaced_events": "events with the copy that replaces the stored one. Grain: one row per event.",
    "disputed_events": "events whose copies differ in decisive fields: not evidence. Grain: one row per event.",
    "source_files": "every file that was read or skipped, with the result. Grain: one row per file and ingest.",
    "filters": "the filters of the ingests; no filter is one, too. Grain: one row per filter.",
    "quarantine": "records that were rejected, with the reason. Grain: one row per record.",
    "documents": "files without events that belong to the case, such as digests, complete. Grain: one row per file.",
    "digests": "every distinct digest, with its verdict. Grain: one row per content.",
    "digest_sources": "the files that hold each digest. Grain: one row per file.",
    "digest_files": "the log files that digests list. Grain: one row per digest and listed file.",
    "digest_breaks": "breaks in a chain of digests. Grain: one row per break.",
    "digest_listings": "the state of the log files that digests list. Grain: one row per digest and listed file.",
    "digest_windows": "the deliveries in the window of each digest. Grain: one row per digest.",
    "file_verdicts": "the verdict on each log file and digest. Grain: one row per source_sha256.",
    "verified_hours": "hours whose delivered events are all here. Grain: one row per account, region and run.",
    "unreadable_digests": "files that look like digests and cannot be read, with the reason. Grain: one row per file.",
    "public_keys": "the public keys for checking digests. Grain: one row per key of a list.",
    "lake_files": "the lake's files that this database was built from. Grain: one row per file.",
    "events_files": "the lake's files of events that this database was built from. Grain: one row per file.",
    "evidence_records": "the hash of each proving record at the time of the build. Grain: one row per record.",
    "built": "the models and the ingest that this database was built from. Grain: one row.",
}

_COLUMNS = {
    "case_folder": "the absolute path of the case folder, whose files the views read",
    "lake_files.table_name": "the table whose rows the file holds",
    # digests
    "digest_sha256": "the digest: the hash of its content",
    "digest_status": "verdict on the digest: signed, hash-chained, unverified or changed",
    "digests.status": "verdict: signed, hash-chained, unverified or changed",
    "digest_windows.status": "verdict on its digest: signed, hash-chained, unverified or changed",
    "file_verdicts.status": "verdict: signed, hash-chained, unverified or changed",
    "digests.reason": "the basis of the status",
    "file_verdicts.reason": "the basis of the status",
    "unreadable_digests.reason": "why it cannot be read",
    "file_verdicts.kind": "log or digest",
    "digest_breaks.kind": "gap, restart, beginning or fork",
    "digests.home_region": "the region that the trail was created in",
    "digest_breaks.home_region": "the region that the trail was created in",
    "digest_windows.home_region": "the region that the trail was created in",
    "is_backfill": "whether the digest was created later for an earlier time; such digests are a separate chain",
    "is_proven": "whether a signature proves it: its own, or that of a digest with its hash",
    "s3_bucket": "the bucket that the object was delivered to",
    "s3_object": "the object's key in that bucket",
    "start_time": "its start, UTC; for a break, the end of the older part",
    "end_time": "its end, UTC; for a break, the start of the newer part",
    "fingerprint": "MD5 of the public key, which digests refer to",
    "signed_text": "the text that is signed",
    "signature": "the signature that proves it, from its metadata or from the next digest",
    "missing_bucket": "bucket of the missing digest",
    "missing_object": "key of the missing digest",
    "at_least": "minimum number of missing digests, by the length of the windows",
    "base_name": "the name of the file without its folder and .gz",
    "digest_files.content_sha256": "SHA-256 of the file's uncompressed content, from the digest",
    "digest_listings.content_sha256": "SHA-256 of the file's uncompressed content, from the digest",
    "state": "present, changed or missing",
    "files": "number of delivered files",
    "unchanged": "number of these that are here and unchanged",
    "changed": "number of these that are here and changed",
    "missing": "number of these that are missing",
    "start_hour": "start of the first of these hours, UTC",
    "end_hour": "end of the last of these hours, UTC",
    "is_complete": "whether every file that this digest lists is here and unchanged",
    "is_verified": "whether it is complete and the digest is proven",
    "source": "the file that brought the key",
    "refused": "why it is not a valid key; null if it is",
    "der": "the key, in PKCS#1",
    "event_key": "ID and recipient account of the event, otherwise the hash of its content; joins all tables of events",
    "outcome": "succeeded, denied (error_code shows a missing permission or an invalid credential), or failed"
    " (for any other reason)",
    "event_date": "the day of event_time, UTC; partition of the lake's files",
    "events": "number of events that it signed",
    "coverage.events": "number of loaded events in that hour",
    "first_use": "the first event that it signed, UTC",
    "last_use": "the last event that it signed, UTC",
    "first_event_time": "the first event in it, UTC",
    "last_event_time": "the last event in it, UTC",
    # who is behind
    "actor_kind": "iam_user, root, identity_center_user, saml_user, web_identity_user, workload, aws_service,"
    " external_principal, anonymous or unknown",
    "actor_id": "the actor's stable ID; null if unknown",
    "actor_name": "the actor's name",
    "actor_arn": "ARN of the actor, if any",
    "actor_account_id": "account of the actor",
    "workload_type": "ec2_instance, lambda_function, ecs_task and the like, of an actor that is a workload",
    "provider": "provider of a web identity token, of an actor that is a web_identity_user",
    "grade": "proven, strong, or none if nobody is named; candidates can be medium or weak",
    "stop_reason": "where and why the walk to the actor ended",
    "is_ambiguous": "whether there are several candidates, so nobody is named",
    "hops": "number of requests between the credential and the end of the walk",
    "origin_access_key_id": "the long-term key at the end of the walk",
    "origin_grade": "grade of that key: the weakest hop of the whole walk",
    "named_credential_id": "the credential whose record or issuance names the actor",
    "last_credential_id": "the credential at the end of the walk",
    "is_by_record": "whether a record of the credential itself names the actor",
    # issuances and links
    "issuance_id": "event_key of the event that issued the credential",
    "issued_credential_id": "the credential that it issued",
    "issued_identity_type": "userIdentity.type of the credential that it issued",
    "caller_credential_id": "the credential that requested it",
    "caller_identity_type": "userIdentity.type of the requester",
    "caller_account_id": "account of the requester",
    "caller_principal_id": "principal ID of the requester",
    "caller_arn": "ARN of the requester",
    "caller_user_name": "user name of the requester",
    "caller_access_key_id": "access key of the requester",
    "caller_session_creation_date": "when the requesting session was issued, UTC",
    "caller_source_identity": "SourceIdentity of the requesting session; a claim",
    "caller_invoked_by": "the service that made the request on the caller's behalf",
    "is_redacted": "whether the record has only the caller's ID, like another account's copy",
    "is_unreliable": "whether the record is not evidence",
    "is_rebuilt": "whether it is known only from rebuilt records; then its links name nobody",
    "rebuilt_events": "number of reliable events that were rebuilt from fields",
    "addendum_key": "the addendum's own event_key",
    "is_stored": "whether this copy is the stored event",
    "is_documented_only": "whether this shape of record was not seen in real logs; then it names nobody",
    "mints_keys": "why AWS may have issued further keys for the session without logging them; null if it does not",
    "child_credential_id": "the credential that was requested",
    "parent_credential_id": "the credential that requested it; null if the requester has none in this case",
    "issuer_key": "the requester, as one text: candidates with equal values have one issuer",
    "rule": "the rule that joins the credential with its issuance, such as issued_key or session_and_time",
    "grade_rank": "1 proven, 2 strong, 3 medium, 4 weak; for a walk, the weakest hop",
    "switch_issuance_id": "event_key of the SwitchRole event for the same issuance",
    "console_event_key": "the event that shows a console session, for which AWS issues further keys",
    "tool_event_key": "the agent's tool call that names the request",
    "is_chosen": "whether the walk follows this link; at most one per credential",
    "is_of_chosen_issuer": "whether it leads to the chosen issuer, by any event",
    "ancestor_credential_id": "a credential that requested it, directly or indirectly",
    "depth": "number of requests between the two",
    "parent_id": "the credential or planting that it derived from",
    "child_id": "the credential or planting that derived from it",
    "relation": "how it derived from its parent, such as assumed_role or created_access_key",
    "is_certain": "false if it may derive from another parent",
    "parents": "number of credentials of one issuer that it may derive from",
    # credentials
    "credentials": "number of credentials of the session",
    "first_credential_id": "the credential of the session with the smallest ID",
    "identity_types": "number of different userIdentity.type of its events; more than one is not evidence",
    "source_identities": "number of different SourceIdentity of its events",
    "on_behalf_of_users": "number of Identity Center users that its events name",
    "on_behalf_of_event_key": "an event that names the Identity Center user",
    "named_by_event_key": "an event that the credential's own identity is read from",
    "from_console": "whether an event shows a console session",
    "direct_events": "number of events that no service made on its behalf",
    "reliable_events": "number of reliable events",
    "any_identity_type": "a userIdentity.type of its events, including another account's redacted copy",
    "first_identity_type": "alphabetically first userIdentity.type of its events",
    "last_identity_type": "alphabetically last userIdentity.type of its events",
    "first_session_issuer_arn": "alphabetically first session issuer's ARNs",
    "last_session_issuer_arn": "alphabetically last session issuer's ARNs",
    "first_session_issuer_principal_id": "alphabetically first session issuer's IDs",
    "last_session_issuer_principal_id": "alphabetically last session issuer's IDs",
    "first_source_identity": "alphabetically first SourceIdentity of its events",
    "last_source_identity": "alphabetically last SourceIdentity of its events",
    "first_on_behalf_of_user_id": "alphabetically first Identity Center users of its events",
    "last_on_behalf_of_user_id": "alphabetically last Identity Center users of its events",
    # keys, users, roles
    "owner_kind": "iam_user or root",
    "owner_name": "user name of the key's owner",
    "owner_principal_id": "unique ID of the key's owner",
    "owner_arn": "ARN of the key's owner",
    "created_at": "when it was created, UTC; null if no event shows it",
    "created_by_credential_id": "the credential that created it",
    "created_by_event_key": "the event that created it",
    "creator_credential_id": "the credential that created it",
    "status": "Active, Inactive or Deleted, after the last logged change",
    "source_files.status": "ok, duplicate, empty, skipped or failed",
    "revocations.status": "new status of the key: Active, Inactive or Deleted",
    "status_since": "time of that change, UTC",
    "change": "created, activated, deactivated or deleted; changed if a refused call does not show the new status",
    "succeeded": "whether the call succeeded, by a reliable record",
    "by_credential_id": "the credential that made the change",
    "by_access_key_id": "the access key that signed the change",
    "by_arn": "ARN of the caller",
    "by_identity_type": "userIdentity.type of the caller",
    "user_principal_id": "unique ID of the user",
    "policy": "ARN or name of the policy attached, put, detached or deleted",
    "role_name": "the role",
    "planting_id": "the planted thing, as one text",
    "workload_id": "instance ID or function name",
    "kind": "what it is",
    "plantings.kind": "access_key, user, login_profile, or role for a trust policy",
    "principals.kind": "iam_user or role",
    "source_files.kind": "kind of document; null for a file of events",
    "name": "its name",
    "evidence_files.name": "the source file that holds the event",
    "ingested_at": "when the file was added to the case",
    "source_files.name": "the file, relative to the folder given to ingest",
    # trails and what is loaded
    "hour": "start of the hour, UTC",
    "trail": "name of the trail",
    "home_region": "the region that a trail of one region records",
    "effect": "stopped, narrowed, widened, resumed or changed",
    "until": "when a loaded event ended it, UTC; null if none did",
    "key_ends.until": "the next second in which the key was switched, UTC; null if there is none",
    "key_ends.ended_at": "the second of the change, UTC",
    "key_ends.change": "deactivated, deleted or switched_both_ways; null if the key was left active",
    "key_ends.is_on": "whether the key was created or activated in that second",
    "ended_by_event_id": "the event that ended it",
    "tactic": "MITRE ATT&CK tactic",
    "technique": "MITRE ATT&CK technique ID",
    "technique_name": "MITRE ATT&CK's name for the technique",
    # exports of accounts
    "export": "the call that returned it, such as iam_access_keys",
    "exports.is_whole": "whether it has the complete answer of AWS, as far as it shows",
    "as_of": "effective time of the file's content, UTC",
    "as_of_from": "source of as_of: document, person (--as-of), file (modification time) or ingest (time added)",
    "modified_at": "when the file was last written, UTC",
    "joined_at": "when the account joined the organization, UTC",
    "user_created_at": "when the user was created, UTC",
    "bucket": "the bucket that the trail delivers to",
    # files
    "path": "path of the file when it was read, or in the case folder",
    "sha256": "SHA-256 of the file as delivered",
    "inflated_sha256": "SHA-256 of the uncompressed content",
    "bytes": "size of the file as delivered, in bytes",
    "inflated_bytes": "size of the uncompressed content, in bytes",
    "records": "number of its records that are in the case",
    "rejected": "number of its records in quarantine",
    "filtered": "number of its records that the ingest's filter left out",
    "etag": "ETag of the S3 object",
    "metadata": "user metadata of the S3 object",
    "accounts": "the accounts whose records were taken; empty for all",
    "regions": "the regions whose records were taken; empty for all",
    "since": "start of the events taken, UTC; earlier ones only if they issue or change a credential",
    "filters.until": "end of the events taken, UTC; later ones only if they issue or change a credential",
    "delivered_from": "first day of delivery that was searched; null for any",
    "delivered_to": "last day of delivery that was searched; null for any",
    "stored_sha256": "SHA-256 of the stored copy's canonical JSON",
    "listing": "whether a proven digest lists its file: listed, unlisted, contested, not_covered; null without digests",
    "distrust": "why digests make the record unreliable: unlisted or contested; otherwise null",
    "distrusted_events": "number of events in files that no valid digest lists, although digests cover their delivery",
    "is_log_file": "whether it has the name of a trail's log file",
    "is_contested": "whether a digest of its region and time is signed with another key",
    "proven_by": "fingerprint of the public key that proves it",
    "file_listings.reason": "the basis of the listing",
    "raw_sha256": "SHA-256 of the record's bytes as delivered",
    "canonical_sha256": "SHA-256 of the copy's canonical JSON",
    "differs_in": "the fields in which the copy differs",
    "proves_nothing": "whether they differ in decisive fields, so the event is not evidence",
    "models_version": "hash of the models",
    "ingest_id": "the last ingest",
}
_LAKE = {
    field.name: field.metadata[b"comment"].decode()
    for schema in (DOCUMENTS_SCHEMA, QUARANTINE_SCHEMA, LAKE_SCHEMA)
    for field in schema
    if field.metadata
}


def table_meaning(table: str) -> str | None:
    """Return what a table holds and its grain; None for an unknown table."""
    if table not in _MODELS:
        return _TABLES.get(table)
    head = " ".join(line.removeprefix("--").strip() for line in _head(model(table)))
    return head.partition(": ")[2] if head.startswith(f"{table}: ") else head


def column_meaning(table: str, column: str) -> str | None:
    return _COLUMNS.get(f"{table}.{column}") or _COLUMNS.get(column) or _LAKE.get(column)


def comment_on_all(connection: duckdb.DuckDBPyConnection) -> None:
    """COMMENT ON every table, view and column that has a description and no comment yet."""
    connection.execute("begin")
    for kind, name in _uncommented_tables(connection):
        _comment(connection, f'{kind} "{name}"', table_meaning(name))
    columns = connection.execute(
        "select table_name, column_name from duckdb_columns() where not internal and comment is null"
    ).fetchall()
    for table, column in columns:
        _comment(connection, f'column "{table}"."{column}"', column_meaning(table, column))
    connection.execute("commit")


def copy_comments(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Copy the comments of another attached database to the database in use."""
    tables = connection.execute(
        """
        with things as (
            select database_name, 'table' as kind, table_name as name, comment from duckdb_tables()
            union all
            select database_name, 'view', view_name, comment from duckdb_views()
        )
        select here.kind, here.name, there.comment
        from things as here
        join things as there on there.name = here.name and there.database_name = $source
        where here.database_name = current_database()
        """,
        {"source": source},
    ).fetchall()
    columns = connection.execute(
        """
        select here.table_name, here.column_name, there.comment
        from duckdb_columns() as here
        join duckdb_columns() as there
          on  there.table_name = here.table_name
          and there.column_name = here.column_name
          and there.database_name = $source
        where here.database_name = current_database()
        """,
        {"source": source},
    ).fetchall()
    connection.execute("begin")
    for kind, name, comment in tables:
        _comment(connection, f'{kind} "{name}"', comment)
    for table, column, comment in columns:
        _comment(connection, f'column "{table}"."{column}"', comment)
    connection.execute("commit")


def _uncommented_tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        """
        select 'table', table_name from duckdb_tables() where not internal and comment is null
        union all
        select 'view', view_name from duckdb_views() where not internal and comment is null
        """
    ).fetchall()


def _comment(connection: duckdb.DuckDBPyConnection, thing: str, meaning: str | None) -> None:
    if meaning:
        quoted = meaning.replace("'", "''")  # COMMENT ON takes no parameter; names and texts are our own
        connection.execute(f"comment on {thing} is '{quoted}'")


def _head(text: str) -> list[str]:
    lines = text.splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return lines[:end]
