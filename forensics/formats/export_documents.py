"""Export documents: detects the AWS CLI's JSON about an account by its members, and the CSV of a credential report.

A file can contain several responses, concatenated or in an array, as loops and pages print them. Exports are detected
from the content, never from the file's name. Other output formats are refused with the option to use.
"""

from __future__ import annotations

import codecs
import json
import re
from base64 import b64encode
from collections.abc import Iterator

import msgspec

from forensics.formats.inflate import Unreadable
from forensics.formats.unwrap import names_a_record

Object = dict[str, msgspec.Raw]
"""One response that the CLI printed: its members, not decoded yet."""

# by the member that identifies a response: the kind of document, and the command that prints it
_BY_MEMBER = {
    "Content": ("iam_credential_report", "iam get-credential-report"),
    "AccessKeyMetadata": ("iam_access_keys", "iam list-access-keys"),
    "AccessKeyLastUsed": ("iam_access_key_last_used", "iam get-access-key-last-used"),
    "UserDetailList": ("iam_account_authorization_details", "iam get-account-authorization-details"),
    "RoleDetailList": ("iam_account_authorization_details", "iam get-account-authorization-details"),
    "GroupDetailList": ("iam_account_authorization_details", "iam get-account-authorization-details"),
    "Users": ("identity_store_users", "identitystore list-users"),
    "Accounts": ("organization_accounts", "organizations list-accounts"),
    "trailList": ("cloudtrail_trails", "cloudtrail describe-trails"),
    "EventSelectors": ("cloudtrail_event_selectors", "cloudtrail get-event-selectors"),
    "AdvancedEventSelectors": ("cloudtrail_event_selectors", "cloudtrail get-event-selectors"),
    "Account": ("sts_access_key_info", "sts get-access-key-info"),
}
_COMMANDS = dict(_BY_MEMBER.values())
# members that can come before the identifying one
_BEFORE = ("UserName", "TrailARN", "ReportFormat", "GeneratedTime", "IsTruncated", "Marker", "NextToken")
_MEMBER = "|".join((*_BY_MEMBER, *_BEFORE, "ResponseMetadata"))
_JSON = re.compile(rf'\s*\[?\s*\{{\s*"(?:{_MEMBER})"\s*:'.encode())
_FIRST_MEMBER = re.compile(rb'"(\w+)"')
_YAML = re.compile(rf"\s*(?:{_MEMBER}):(?:\s|$)".encode())
_TEXT = re.compile(rf"(?:{'|'.join(name.upper() for name in _BY_MEMBER)})\t".encode())
_TABLE = re.compile(
    rb"-{9,}\s+\|\s+(?:ListAccessKeys|GetAccessKeyLastUsed|GetAccessKeyInfo|GetAccountAuthorizationDetails|ListUsers"
    rb"|ListAccounts|DescribeTrails|GetEventSelectors|GetCredentialReport)"
)
_REPORT_START = b"user,arn,user_creation_time"
_REPORT = re.compile(rb'"?user"?[,;\t]"?arn"?[,;\t]"?user_creation_time"?')
_REPORT_BASE64 = b64encode(_REPORT_START)[:-4]
_SPACE = re.compile(r"\s*")
_ACCOUNT_ID = re.compile(rb'"\d{12}"')
_OF_KEY_INFO = {"Account", "ResponseMetadata", "Snapshot"}
_decode_object = msgspec.json.Decoder(Object).decode
_decode_array = msgspec.json.Decoder(list[Object]).decode
_NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def begins(head: bytes) -> bool:
    """Return whether a stream begins like an export. Raises Unreadable for an unsupported output format."""
    text = without_mark(head)
    if _YAML.match(text) or _TEXT.match(text) or _TABLE.match(text):
        raise Unreadable(
            "it looks like output of the AWS CLI with --output yaml, text or table; run the command again with --output"
            " json"
        )
    return bool(_JSON.match(text)) or is_report(text)


def is_report(text: bytes) -> bool:
    """Return whether text begins like a credential report: CSV, or CSV in base64."""
    return bool(_REPORT.match(text)) or text.startswith(_REPORT_BASE64)


def display_name(head: bytes) -> str:
    """Return a name for an export, from its start: the command that prints it."""
    text = without_mark(head)
    if is_report(text):
        return "a credential report"
    first = _FIRST_MEMBER.search(text)
    _, command = _BY_MEMBER.get(first.group(1).decode() if first else "", ("", ""))
    return f"the output of `aws {command}`" if command else "the output of the AWS CLI"


def command_of(kind: str) -> str:
    """Return the AWS CLI command that prints a kind of document."""
    return "iam list-users" if kind == "iam_users" else _COMMANDS.get(kind, kind)


def kind(content: bytes) -> str | None:
    """Return the kind of a document, that of its first response; None if it is not a complete export."""
    text = without_mark(content)
    if is_report(text):
        return "iam_credential_report"
    found = [kind_of(response) for response in objects(text)]
    return found[0] if found and all(found) else None


def kind_of(response: Object) -> str | None:
    """Return the kind of one response; None if it is not supported, or has a list of records, which makes it a log."""
    if any(_are_records(bytes(raw)) for member, raw in response.items() if member not in _BY_MEMBER):
        return None
    for member, (kind, _) in _BY_MEMBER.items():
        if member not in response:
            continue
        raw = bytes(response[member])
        if member == "Content" and "ReportFormat" not in response and "GeneratedTime" not in response:
            continue
        if member == "Account" and not (_ACCOUNT_ID.fullmatch(raw) and response.keys() <= _OF_KEY_INFO):
            continue
        if member == "Users" and b'"IdentityStoreId"' not in raw and b'"Arn"' in raw:
            return "iam_users"
        return kind
    return None


def _are_records(raw: bytes) -> bool:
    try:
        return raw.startswith(b"[") and any(map(names_a_record, _decode_array(raw)))
    except _NOT_DECODED:
        return False


def objects(text: bytes) -> list[Object]:
    """Return the responses in UTF-8 text, in their order; an empty list if it has other content."""
    try:
        return [_decode_object(text)]
    except _NOT_DECODED:
        pass
    try:
        return _decode_array(text)
    except _NOT_DECODED:
        pass
    try:
        return [response for value in _values(text.decode()) for response in value]
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return []


def without_mark(content: bytes) -> bytes:
    """Return text without a byte order mark."""
    return content.removeprefix(codecs.BOM_UTF8)


def _values(text: str) -> Iterator[list[Object]]:
    """Yield concatenated JSON values. Raises ValueError for invalid JSON."""
    decoder = json.JSONDecoder()
    at = _after_space(text, 0)
    while at < len(text):
        _, end = decoder.raw_decode(text, at)
        value = text[at:end].encode()
        yield _decode_array(value) if value.startswith(b"[") else [_decode_object(value)]
        at = _after_space(text, end)


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
