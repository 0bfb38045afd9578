"""Exports: what the AWS CLI prints about an account, told by the members of its JSON; a credential report also as CSV.

A file may hold several answers of the CLI one after the other, as loops and pages leave them, or in an array. Content
decides, never the file's name. What another `--output` printed is refused with what to do instead.
"""

from __future__ import annotations

import codecs
import json
import re
from base64 import b64encode
from collections.abc import Iterator

import msgspec

from forensics.formats.inflate import Unreadable

Object = dict[str, msgspec.Raw]
"""One answer of the CLI: its members, not decoded yet."""

# the member that tells what an answer is, the kind of document, and the command that prints it
_TELLING = {
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
_COMMANDS = dict(_TELLING.values())
# members that may stand before the telling one
_BEFORE = ("UserName", "TrailARN", "ReportFormat", "GeneratedTime", "IsTruncated", "Marker", "NextToken")
_MEMBER = "|".join((*_TELLING, *_BEFORE, "ResponseMetadata"))
_JSON = re.compile(rf'\s*\[?\s*\{{\s*"(?:{_MEMBER})"\s*:'.encode())
_FIRST_MEMBER = re.compile(rb'"(\w+)"')
_YAML = re.compile(rf"\s*(?:{_MEMBER}):(?:\s|$)".encode())
_TEXT = re.compile(rf"(?:{'|'.join(name.upper() for name in _TELLING)})\t".encode())
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
    """Whether a stream that begins so is an export. Raises Unreadable for one in a form that is not read."""
    text = without_mark(head)
    if _YAML.match(text) or _TEXT.match(text) or _TABLE.match(text):
        raise Unreadable(
            "it looks like what the AWS CLI prints with --output yaml, text or table; run the command again with"
            " --output json"
        )
    return bool(_JSON.match(text)) or is_report(text)


def is_report(text: bytes) -> bool:
    """Whether text begins as a credential report: CSV, or CSV in base64."""
    return bool(_REPORT.match(text)) or text.startswith(_REPORT_BASE64)


def named(head: bytes) -> str:
    """What an export that begins so is called: the command that prints it."""
    text = without_mark(head)
    if is_report(text):
        return "a credential report"
    first = _FIRST_MEMBER.search(text)
    _, command = _TELLING.get(first.group(1).decode() if first else "", ("", ""))
    return f"the output of `aws {command}`" if command else "the output of the AWS CLI"


def command_of(kind: str) -> str:
    """The command that prints a kind of document."""
    return "iam list-users" if kind == "iam_users" else _COMMANDS.get(kind, kind)


def kind(content: bytes) -> str | None:
    """The kind of document, by the first answer in it; None if it is no export, or not a whole one."""
    text = without_mark(content)
    if is_report(text):
        return "iam_credential_report"
    found = [kind_of(answer) for answer in objects(text)]
    return found[0] if found and all(found) else None


def kind_of(answer: Object) -> str | None:
    """What one answer of the CLI is; None if it is none that is read."""
    for member, (kind, _) in _TELLING.items():
        if member not in answer:
            continue
        raw = bytes(answer[member])
        if member == "Content" and "ReportFormat" not in answer and "GeneratedTime" not in answer:
            continue
        if member == "Account" and not (_ACCOUNT_ID.fullmatch(raw) and answer.keys() <= _OF_KEY_INFO):
            continue
        if member == "Users" and b'"IdentityStoreId"' not in raw and b'"Arn"' in raw:
            return "iam_users"
        return kind
    return None


def objects(text: bytes) -> list[Object]:
    """The answers in a file, in their order; none if anything else stands there. `text` is UTF-8."""
    try:
        return [_decode_object(text)]
    except _NOT_DECODED:
        pass
    try:
        return _decode_array(text)
    except _NOT_DECODED:
        pass
    try:
        return [answer for value in _values(text.decode()) for answer in value]
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return []


def without_mark(content: bytes) -> bytes:
    """Text without a byte order mark."""
    return content.removeprefix(codecs.BOM_UTF8)


def _values(text: str) -> Iterator[list[Object]]:
    """Values that stand one after the other. Raises ValueError where one is none."""
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
