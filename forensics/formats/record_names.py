"""Record names: the fields of a CloudTrail record, and the field that a column of another product contains.

Products write `userIdentity.accessKeyId` as `useridentity.accesskeyid`, `user_identity_access_key_id`,
`UserIdentityAccessKeyId` or `accesskeyid`. Names are compared by their letters and digits alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations

Path = tuple[str, ...]
Fields = Mapping[str, "Fields"]

_LEAF: Fields = {}


def _fields(names: str, **nested: Fields) -> Fields:
    return dict.fromkeys(names.split(), _LEAF) | nested


_SESSION_CONTEXT = _fields(
    "sourceIdentity ec2RoleDelivery assumedRoot signInSessionArn",
    sessionIssuer=_fields("type principalId arn accountId userName"),
    attributes=_fields("creationDate mfaAuthenticated"),
    webIdFederationData=_fields("federatedProvider attributes"),
)
USER_IDENTITY = _fields(
    "type userName principalId arn accountId accessKeyId invokedBy identityProvider credentialId",
    sessionContext=_SESSION_CONTEXT,
    inScopeOf=_fields("sourceArn sourceAccount issuerType credentialsIssuedTo"),
    onBehalfOf=_fields("userId identityStoreArn"),
    invokedByDelegate=_fields("accountId"),
)
# members of the blocks of requests and responses that name principals and keys; callers choose all others
_REQUEST = _fields(
    "roleArn roleSessionName sourceIdentity userName newUserName accessKeyId status roleName policyName policyArn"
    " policyDocument targetPrincipal identityId name durationSeconds principalArn sAMLAssertionID"
)
_RESPONSE = _fields(
    "subject subjectType issuer provider audience sourceIdentity subjectFromWebIdentityToken assumedPrincipal"
    " ConsoleLogin SwitchRole",
    credentials=_fields("accessKeyId sessionToken expiration"),
    assumedRoleUser=_fields("assumedRoleId arn"),
    federatedUser=_fields("federatedUserId arn"),
    accessKey=_fields("accessKeyId userName status createDate"),
)
# CloudTrail user guide, "CloudTrail record contents" and "userIdentity element" (docs/formats.md#fields)
RECORD = _fields(
    "eventVersion eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage requestID"
    " eventID eventType apiVersion managementEvent readOnly resources recipientAccountId sharedEventID vpcEndpointId"
    " vpcEndpointAccountId eventCategory addendum sessionCredentialFromConsole eventContext edgeDeviceDetails"
    " insightDetails",
    userIdentity=USER_IDENTITY,
    requestParameters=_REQUEST,
    responseElements=_RESPONSE,
    additionalEventData=_fields("SwitchFrom MFAUsed LoginTo MobileVersion UserName"),
    serviceEventDetails=_LEAF,
    tlsDetails=_fields("tlsVersion cipherSuite clientProvidedHostHeader keyExchange"),
)
# the caller chooses the content of these blocks, so the names in them are kept
FREE_BLOCKS = {"additionalEventData", "requestParameters", "responseElements", "serviceEventDetails"}
# names of members whose content the caller chooses: parts of a record, and the fields of SIEMs for them
OF_THE_CALLER = {
    "additionaleventdata",
    "cloudtrail",
    "error",
    "errormessage",
    "flattened",
    "headers",
    "httprequest",
    "requestparameters",
    "resources",
    "responseelements",
    "serviceeventdetails",
    "tlsdetails",
    "unmapped",
    "user",
    "useragent",
    "useridentity",
}
# where accounts keep text that a caller chose: tags, parameters, descriptions
FREE_TEXT = set(
    "comment description document field input key label labels name note notes output parameter parameters policy"
    " related summary tag tags title userdata username value values variables".split()
)

# a hostile file can have names of any length, and the paths of names are cached
_LONGEST_NAME = 1_000
_NOT_LETTERS = re.compile(r"[^a-z0-9]")
# what products write behind a name: the zone of a time (Kusto), the type of a value (Snowflake), the form of a block
_BEHIND = re.compile(r"\s*\[utc\]\s*$|::[a-z]+(?:\([\d,]*\))?$", re.IGNORECASE)
_FORM = re.compile(r"[_.]?(?:raw|json|string|str|text)$", re.IGNORECASE)
# before the names of a record: Elastic Common Schema, Datadog, and the tables of Athena and Steampipe
_NAMESPACES = ("awscloudtrail", "cloudtrail", "aws", "detail")
# names that share no letters with the field: Sentinel, Elastic Common Schema, the event history
_SYNONYMS: dict[str, Path] = {
    "eventtypename": ("eventType",),
    "eventaction": ("eventName",),
    "eventprovider": ("eventSource",),
    "cloudregion": ("awsRegion",),
    "cloudaccountid": ("recipientAccountId",),
    "sourceip": ("sourceIPAddress",),
    "sourceaddress": ("sourceIPAddress",),
    "useragentoriginal": ("userAgent",),
    "awsaccesskey": ("userIdentity", "accessKeyId"),
    "tlsversion": ("tlsDetails", "tlsVersion"),
}


def plain(name: str) -> str:
    """Return a column name in lower case, with only letters and digits, without the zone or the type behind it."""
    return _NOT_LETTERS.sub("", _BEHIND.sub("", name).lower())


def may_precede_a_field(path: str) -> bool:
    """Return whether a product can have put a whole record under a path: no part of it is a field of a record."""
    return FIELD_NAMES.isdisjoint(map(plain, re.split(r"[.:/]+", path)))


def path_of(column: str) -> Path | None:
    """Return the path of the field that a column contains; None for a column that is not a field of a record.

    Example:
        >>> path_of("user_identity.session_context.attributes.creation_date")
        ('userIdentity', 'sessionContext', 'attributes', 'creationDate')
    """
    return _path_of(column) if len(column) <= _LONGEST_NAME else None


@lru_cache(maxsize=10_000)
def _path_of(column: str) -> Path | None:
    if path := spelled_path(column):
        return path
    name = plain(column)
    return _SYNONYMS.get(name) or _SHORT.get(name)


def spelled_path(column: str) -> Path | None:
    """Return the path that a column names in full, in any spelling; None for abbreviations and synonyms."""
    return _spelled_path(column) if len(column) <= _LONGEST_NAME else None


@lru_cache(maxsize=10_000)
def _spelled_path(column: str) -> Path | None:
    return _full_path(column) or _in_free_block(column)


def _full_path(column: str) -> Path | None:
    name = plain(column)
    names = [name, *(name.removeprefix(prefix) for prefix in _NAMESPACES if name.startswith(prefix))]
    for one in names:
        if path := _FULL.get(one):
            return path
    without_form = _FORM.sub("", column)
    return _full_path(without_form) if without_form not in ("", column) else None


def _in_free_block(column: str) -> Path | None:
    """Return the path of a dotted column below a block whose names the caller chooses."""
    block, dot, rest = column.partition(".")
    path = _FULL.get(plain(block)) if dot else None
    if not path or len(path) > 1 or path[0] not in FREE_BLOCKS:
        return None
    return (path[0], *rest.split("."))


def _paths(fields: Fields, above: Path = ()) -> Iterator[Path]:
    for name, nested in fields.items():
        yield (*above, name)
        yield from _paths(nested, (*above, name))


def _short_names(path: Path) -> Iterator[str]:
    """Yield the names of a member of `userIdentity` without some or all of the blocks around it."""
    *above, last = path
    for kept in range(len(above) + 1):
        for blocks in combinations(above, kept):
            name = "".join((*blocks, last)).lower()
            yield name
            yield name.replace("sessioncontext", "session")


def _shortened() -> dict[str, Path]:
    """Return the members of `userIdentity` by their short names; the outermost member has a name that several share."""
    short: dict[str, Path] = {}
    for path in sorted(_paths({"userIdentity": USER_IDENTITY}), key=len):
        for name in _short_names(path):
            short.setdefault(name, path)
    # these names stand for too many other things: the table of a row, a member of a user's attributes
    return {name: path for name, path in short.items() if name not in ("type", "attributes", "userid", "userIdentity")}


_FULL = {"".join(path).lower(): path for path in _paths(RECORD)}
_SHORT = _shortened()
FIELD_NAMES = {plain(name) for name in RECORD}
"""The names of a record's fields, as `plain` returns them."""
