"""Meanings: what every table and column of a case is, kept beside it by COMMENT ON.

A model's table is what the head of its file says, and an event's column what the lake's schema says. Here is only what
stands in neither. The same name is the same thing in every table; where one is not, it is told with its table.
"""

from __future__ import annotations

import duckdb

from forensics.attribution.order import AFTER_WALK, BEFORE_WALK, model
from forensics.records.arrow_schema import DOCUMENTS_SCHEMA, LAKE_SCHEMA, QUARANTINE_SCHEMA

_MODELS = {*BEFORE_WALK, *AFTER_WALK, "attributed_events", "contested", "credential_days", "names"}

_TABLES = {
    "events": "every distinct event, once, as the records say. Grain: one row per event.",
    "event_copies": "where each copy of each event lies. Grain: one row per copy.",
    "event_addenda": "records that amend an event, which has taken them in. Grain: one row per addendum.",
    "event_conflicts": "copies that say something else than the event that stands for them. Grain: one row per copy.",
    "file_listings": "whether a proven digest lists each log file. Grain: one row per source_sha256.",
    "contested_digests": "digests of one region and time that different keys signed. Grain: one row per digest.",
    "event_listings": "events of which digests say more than of the stored copy's file. Grain: one row per event.",
    "listed_copies": "copies that count instead of the stored ones, as digests say. Grain: one row per event.",
    "replaced_events": "events whose stored copy does not count, and which copy counts. Grain: one row per event.",
    "disputed_events": "events that prove nothing, as their copies disagree in what counts. Grain: one row per event.",
    "source_files": "every file that was looked at, and how that ended. Grain: one row per file and ingest.",
    "filters": "what the ingests took of what they read, everything among it. Grain: one row per filter.",
    "quarantine": "records that are no event, and why. Grain: one row per record.",
    "documents": "files that hold no events and belong to the case, such as digests, whole. Grain: one row per file.",
    "digests": "every distinct digest, and how far it is proven. Grain: one row per content.",
    "digest_sources": "which files hold a digest. Grain: one row per file.",
    "digest_files": "the log files that digests list. Grain: one row per digest and listed file.",
    "digest_breaks": "where a chain of digests does not go on. Grain: one row per break.",
    "digest_listings": "what became of the log files that digests list. Grain: one row per digest and listed file.",
    "digest_windows": "what was delivered between the start and the end of a digest. Grain: one row per digest.",
    "file_verdicts": "how far each log file and digest is proven to be AWS's. Grain: one row per source_sha256.",
    "verified_hours": "hours whose events would be here if delivered. Grain: one row per account, region and run.",
    "unreadable_digests": "files that look like digests and are none, and why. Grain: one row per file.",
    "public_keys": "the keys that digests were checked with. Grain: one row per key of a list.",
    "lake_files": "the lake's files that this database was built from. Grain: one row per file.",
    "events_files": "the lake's files of events that this database was made of. Grain: one row per file.",
    "evidence_records": "the proving records, by the hash that each had when it was read. Grain: one row per record.",
    "built": "which models made this database, of which ingest. Grain: one row.",
}

_COLUMNS = {
    "case_folder": "the absolute path of the case folder, which the views read files of",
    "lake_files.table_name": "the table whose rows the file holds",
    # digests
    "digest_sha256": "the digest: the hash of its content",
    "digest_status": "how far the digest is proven: signed, hash-chained, unverified or changed",
    "digests.status": "how far it is proven: signed, hash-chained, unverified or changed",
    "digest_windows.status": "how far its digest is proven: signed, hash-chained, unverified or changed",
    "file_verdicts.status": "how far it is proven: signed, hash-chained, unverified or changed",
    "digests.reason": "what the status rests on",
    "file_verdicts.reason": "what the status rests on",
    "unreadable_digests.reason": "why it is none",
    "file_verdicts.kind": "log or digest",
    "digest_breaks.kind": "gap, restart, beginning or fork",
    "digests.home_region": "the region that the trail was made in",
    "digest_breaks.home_region": "the region that the trail was made in",
    "digest_windows.home_region": "the region that the trail was made in",
    "is_backfill": "whether the digest was made after the fact; such digests are a chain of their own",
    "is_proven": "whether a signature proves it, its own or that of a digest which carries its hash",
    "s3_bucket": "where the object lay when it was delivered",
    "s3_object": "the key that it had there",
    "start_time": "where it begins, UTC; of a break, where the older part ends",
    "end_time": "where it ends, UTC; of a break, where the newer part begins",
    "fingerprint": "MD5 of the public key, by which digests name it",
    "signed_text": "what the signature is of",
    "signature": "the signature that proves it, wherever that was read",
    "missing_bucket": "bucket of the digest that is named and not here",
    "missing_object": "key of the digest that is named and not here",
    "at_least": "how many digests are missing, by the length of the windows",
    "base_name": "the name of the file without its folder and .gz",
    "digest_files.content_sha256": "SHA-256 of the file's uncompressed content, as the digest says",
    "digest_listings.content_sha256": "SHA-256 of the file's uncompressed content, as the digest says",
    "state": "present, changed or missing",
    "files": "how many files were delivered",
    "unchanged": "how many of them are here and as delivered",
    "changed": "how many of them are here and changed",
    "missing": "how many of them are not here",
    "start_hour": "the first of these hours, by its beginning, UTC",
    "end_hour": "where the last of these hours ends, UTC",
    "is_complete": "whether every file delivered is here and unchanged, as this digest says",
    "is_verified": "whether that is so and the digest is proven",
    "source": "the file that brought the key",
    "refused": "why it is no key; null if it is one",
    "der": "the key, in PKCS#1",
    "event_key": "the event: its ID and recipient account, else the hash of its content; joins all tables of events",
    "outcome": "succeeded, denied (for want of a right or of a valid credential, as error_code says), or failed"
    " (for any other reason)",
    "event_date": "the day of event_time, UTC; the lake's files are kept by it",
    "events": "how many events were signed by it",
    "coverage.events": "how many events of that hour are loaded",
    "first_use": "the first event that it signed, UTC",
    "last_use": "the last event that it signed, UTC",
    "first_event_time": "the first event in it, UTC",
    "last_event_time": "the last event in it, UTC",
    # who is behind
    "actor_kind": "iam_user, root, identity_center_user, saml_user, web_identity_user, workload, aws_service,"
    " external_principal, anonymous or unknown",
    "actor_id": "the stable ID of who is behind it; null if unknown",
    "actor_name": "the name that people use for the actor",
    "actor_arn": "ARN of the actor, where there is one",
    "actor_account_id": "account of the actor",
    "workload_type": "ec2_instance, lambda_function, ecs_task and the like, of an actor that is a workload",
    "provider": "provider of a web identity token, of an actor that is a web_identity_user",
    "grade": "how sure that is: proven, strong, or none where nobody is named; of a candidate also medium and weak",
    "stop_reason": "where and why the walk to the actor ended",
    "is_ambiguous": "whether several may have been the one, so that nobody is named",
    "hops": "how many requests lie between the credential and the end of the walk",
    "origin_access_key_id": "the long-term key at the far end of the walk",
    "origin_grade": "how sure that key is: the weakest hop of the whole way",
    "named_credential_id": "the credential on the way whose record or issuance names the actor",
    "last_credential_id": "the credential at the far end of the walk",
    "is_by_record": "whether a record of the credential itself names the actor",
    # issuances and links
    "issuance_id": "event_key of the event that handed out the credential",
    "issued_credential_id": "the credential that it handed out",
    "issued_identity_type": "userIdentity.type of the credential that it handed out",
    "caller_credential_id": "the credential that asked for it",
    "caller_identity_type": "userIdentity.type of who asked",
    "caller_account_id": "account of who asked",
    "caller_principal_id": "principal ID of who asked",
    "caller_arn": "ARN of who asked",
    "caller_user_name": "user name of who asked",
    "caller_access_key_id": "access key of who asked",
    "caller_session_creation_date": "when the asking session was issued, UTC",
    "caller_source_identity": "SourceIdentity that the asking session carries; a claim",
    "caller_invoked_by": "the service that asked on the caller's behalf",
    "is_redacted": "whether the record names the caller by ID only, as another account's copy does",
    "is_unreliable": "whether the record proves nothing",
    "is_rebuilt": "whether only records put together again from fields tell of it; then no link of it names anybody",
    "rebuilt_events": "reliable events of it that were put together again from fields",
    "addendum_key": "the addendum's own event_key",
    "is_stored": "whether this copy stands for the event",
    "is_documented_only": "whether nobody has seen this shape of record in a real log; then it names nobody",
    "mints_keys": "why AWS may have handed out further keys of the session, unlogged; null if it does not",
    "child_credential_id": "the credential that was requested",
    "parent_credential_id": "the credential that requested it; null if the issuer is none of this case",
    "issuer_key": "who requested it, as one text: candidates with the same are one issuer",
    "rule": "what joins the credential with its issuance, such as issued_key or session_and_time",
    "grade_rank": "1 proven, 2 strong, 3 medium, 4 weak; of a walk, the weakest hop",
    "switch_issuance_id": "event_key of the SwitchRole event that tells of the same issuance",
    "console_event_key": "the event that shows the session to be one of the console, which hands out further keys",
    "tool_event_key": "the tool call of an agent that names the request",
    "is_chosen": "whether the walk follows this link; at most one of each credential",
    "is_of_chosen_issuer": "whether it leads to the issuer that is followed, by whichever event",
    "ancestor_credential_id": "a credential further up, that requested it directly or by others",
    "depth": "how many requests lie between the two",
    "parent_id": "the credential or planting that it came of",
    "child_id": "the credential or planting that came of it",
    "relation": "how it came of its parent, such as assumed_role or created_access_key",
    "is_certain": "false where it may have come of another parent as well",
    "parents": "of how many credentials of one issuer it may have come",
    # credentials
    "credentials": "how many credentials the session is made of",
    "first_credential_id": "the credential of the session with the smallest ID",
    "identity_types": "how many different userIdentity.type its events have; more than one proves nothing",
    "source_identities": "how many different SourceIdentity its events carry",
    "on_behalf_of_users": "how many Identity Center users its events name",
    "on_behalf_of_event_key": "an event that names the Identity Center user",
    "named_by_event_key": "an event that the credential's own identity is read from",
    "from_console": "whether an event says that the session is one of the console",
    "direct_events": "events that no service made on its behalf",
    "reliable_events": "events that prove something",
    "any_identity_type": "a userIdentity.type of its events, another account's redacted copy included",
    "first_identity_type": "the first in the alphabet of the userIdentity.type of its events",
    "last_identity_type": "the last in the alphabet of the userIdentity.type of its events",
    "first_session_issuer_arn": "the first in the alphabet of the session issuer's ARNs",
    "last_session_issuer_arn": "the last in the alphabet of the session issuer's ARNs",
    "first_session_issuer_principal_id": "the first in the alphabet of the session issuer's IDs",
    "last_session_issuer_principal_id": "the last in the alphabet of the session issuer's IDs",
    "first_source_identity": "the first in the alphabet of the SourceIdentity of its events",
    "last_source_identity": "the last in the alphabet of the SourceIdentity of its events",
    "first_on_behalf_of_user_id": "the first in the alphabet of the Identity Center users of its events",
    "last_on_behalf_of_user_id": "the last in the alphabet of the Identity Center users of its events",
    # keys, users, roles
    "owner_kind": "iam_user or root",
    "owner_name": "user name of the key's owner",
    "owner_principal_id": "unique ID of the key's owner",
    "owner_arn": "ARN of the key's owner",
    "created_at": "when it was made, UTC; null if no event tells",
    "created_by_credential_id": "the credential that made it",
    "created_by_event_key": "the event that made it",
    "creator_credential_id": "the credential that made it",
    "status": "Active, Inactive or Deleted, as the last logged change left it",
    "source_files.status": "ok, duplicate, empty, skipped or failed",
    "revocations.status": "what the key was set to: Active, Inactive or Deleted",
    "status_since": "when that change was made, UTC",
    "change": "created, activated, deactivated or deleted; changed where a refused call does not say to what",
    "succeeded": "whether the call was allowed, by a record that proves it",
    "by_credential_id": "the credential that made the change",
    "by_access_key_id": "the access key that signed the change",
    "by_arn": "ARN of who made the change",
    "by_identity_type": "userIdentity.type of who made the change",
    "user_principal_id": "unique ID of the user",
    "policy": "ARN or name of the policy attached, put, detached or deleted",
    "role_name": "the role",
    "planting_id": "the planted thing, as one text",
    "workload_id": "instance ID or function name",
    "kind": "what it is",
    "plantings.kind": "access_key, user, login_profile, or role for a trust policy",
    "principals.kind": "iam_user or role",
    "source_files.kind": "which kind of document the file is; null for one of events",
    "name": "its name",
    "evidence_files.name": "the source file that holds the event",
    "ingested_at": "when the file was added to the case",
    "source_files.name": "the file, from the folder that was named to ingest",
    # trails and what is loaded
    "hour": "the hour, by its beginning, UTC",
    "trail": "name of the trail",
    "home_region": "the region that a trail of one region records",
    "effect": "stopped, narrowed, widened, resumed or changed",
    "until": "when a loaded event ended that, UTC; null if none did",
    "key_ends.until": "the next second in which the key was switched, UTC; null if there is none",
    "key_ends.ended_at": "the second of the change, UTC",
    "key_ends.change": "deactivated, deleted or switched_both_ways; null if the key was left on",
    "key_ends.is_on": "whether the key was created or activated in that second",
    "ended_by_event_id": "the event that ended it",
    "tactic": "MITRE ATT&CK tactic",
    "technique": "MITRE ATT&CK technique ID",
    "technique_name": "MITRE ATT&CK's name for the technique",
    # what exports of accounts say
    "export": "which call said it, such as iam_access_keys",
    "exports.is_whole": "whether it has all that AWS answered, as far as it shows",
    "as_of": "when what the file says was so, UTC",
    "as_of_from": "what tells as_of: document, person (--as-of), file (when written) or ingest (when it was added)",
    "modified_at": "when the file was last written, UTC",
    "joined_at": "when the account joined the organisation, UTC",
    "user_created_at": "when the user was made, UTC",
    "bucket": "the bucket that the trail delivers to",
    # files
    "path": "where the file was, or lies in the case folder",
    "sha256": "SHA-256 of the file as it was",
    "inflated_sha256": "SHA-256 of what is in it",
    "bytes": "size of the file as it was",
    "inflated_bytes": "size of what is in it",
    "records": "records of it that are in the case",
    "rejected": "records of it that are in quarantine",
    "filtered": "records of it that the ingest's filter left out",
    "etag": "ETag of the S3 object",
    "metadata": "user metadata of the S3 object",
    "accounts": "the accounts whose records were taken; none is all",
    "regions": "the regions whose records were taken; none is all",
    "since": "events from then on were taken, UTC; earlier ones only if they issue or change a credential",
    "filters.until": "events before that were taken, UTC; later ones only if they issue or change a credential",
    "delivered_from": "the first day of delivery that was looked at; null: any",
    "delivered_to": "the last day of delivery that was looked at; null: any",
    "stored_sha256": "SHA-256 of the stored copy's canonical JSON",
    "listing": "whether a proven digest lists its file: listed, unlisted, contested, not_covered; null without digests",
    "distrust": "why digests say that the record proves nothing: unlisted or contested; null otherwise",
    "distrusted_events": "events in files that no valid digest lists, though digests cover their delivery",
    "is_log_file": "whether its name is that of a log file of a trail",
    "is_contested": "whether a digest of its region and time is signed with another key",
    "proven_by": "fingerprint of the public key behind the proof",
    "file_listings.reason": "what the listing rests on",
    "raw_sha256": "SHA-256 of the record's bytes as delivered",
    "canonical_sha256": "SHA-256 of the copy's canonical JSON",
    "differs_in": "the fields in which the copy differs",
    "proves_nothing": "whether they differ in what counts, so that the event proves nothing",
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
    """What a table holds, and its grain."""
    if table not in _MODELS:
        return _TABLES.get(table)
    head = " ".join(line.removeprefix("--").strip() for line in _head(model(table)))
    return head.partition(": ")[2] if head.startswith(f"{table}: ") else head


def column_meaning(table: str, column: str) -> str | None:
    return _COLUMNS.get(f"{table}.{column}") or _COLUMNS.get(column) or _LAKE.get(column)


def comment_on_all(connection: duckdb.DuckDBPyConnection) -> None:
    """COMMENT ON every table, view and column that has a meaning and no comment yet."""
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
    """COMMENT ON the tables, views and columns of the database in use as another attached database does."""
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
