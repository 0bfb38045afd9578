"""AWS: one way to make clients for its APIs, and what their errors mean to a person.

Credentials come from boto3's own chain (environment, profile, SSO, instance role) when the first call needs them. They
are never read here and written nowhere. boto3 is imported only when a client is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from forensics.errors import AwsFailed

# calls under load are refused for a while; a responder waits rather than starts again
_ATTEMPTS = 10
_DEFAULT_REGION = "us-east-1"
# the responder's own calls are logged too; this is the session's name in them
_SESSION_NAME = "cloudtrail-forensics"

Client = Any  # boto3 makes its clients' classes as it runs

_EXPIRED = frozenset(
    [
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "TokenRefreshRequired",
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "LoginRefreshRequired",
        "LoginTokenLoadError",
    ]
)
_UNKNOWN_KEY = frozenset(
    ["InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "InvalidToken"]
)
_DENIED = frozenset(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden"])
_REASONS = {
    "NoCredentialsError": "there are no AWS credentials; name a profile by --profile, or sign in first",
    "PartialCredentialsError": "the AWS credentials are incomplete; check the profile or the environment",
    "SignatureDoesNotMatch": "AWS refuses the signature: the secret key does not belong to the access key ID",
    "NoSuchBucket": "there is no such bucket",
    "SlowDown": "AWS refuses because of too many requests, also after several tries; run the same command again later",
}


@dataclass(frozen=True, slots=True)
class Access:
    """Whose credentials to use, and where. With nothing given, boto3's own chain decides.

    `role_arn` is assumed with those credentials, and again whenever its session ends.
    """

    profile: str | None = None
    role_arn: str | None = None
    endpoint_url: str | None = None


class Aws:
    """Makes clients for one `Access`. Not safe to share between threads; the clients are."""

    def __init__(self, access: Access, session: Any = None) -> None:
        self._access = access
        self._made = session

    def client(self, service: str, region: str | None = None, *, connections: int = 10) -> Client:
        """A boto3 client that tries again when AWS is busy. `connections`: how many threads will use it at once.

        Raises AwsFailed where there is no such profile.
        """
        from botocore.config import Config

        session = self._session()
        return session.client(
            service,
            region_name=region or session.region_name or _DEFAULT_REGION,
            endpoint_url=self._access.endpoint_url,
            config=Config(
                retries={"mode": "adaptive", "max_attempts": _ATTEMPTS},
                max_pool_connections=connections,
                connect_timeout=20,
                read_timeout=60,
            ),
        )

    def assuming(self, role_arn: str) -> Aws:
        """The same with another role, assumed with the credentials that this one has."""
        return Aws(self._access, _assume(self._session(), self._access.endpoint_url, role_arn))

    def _session(self) -> Any:
        if self._made is None:
            import boto3

            with aws_errors_told("AWS cannot be used"):
                session = boto3.Session(profile_name=self._access.profile)
                role = self._access.role_arn
                self._made = _assume(session, self._access.endpoint_url, role) if role else session
        return self._made


def _assume(session: Any, endpoint_url: str | None, role_arn: str) -> Any:
    """A session of a role. Its credentials are renewed as they end: an ingest may last longer than they do."""
    import boto3
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    source = session.get_credentials()
    if source is None:
        raise NoCredentialsError

    def sts(service: str, **options: Any) -> Any:
        region = session.region_name or _DEFAULT_REGION
        return session.client(service, **{**options, "region_name": region, "endpoint_url": endpoint_url})

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=sts,
        source_credentials=source,
        role_arn=role_arn,
        extra_args={"RoleSessionName": _SESSION_NAME},
    )
    assumed = get_session()
    assumed._credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")  # noqa: SLF001
    return boto3.Session(botocore_session=assumed, region_name=session.region_name)


@contextmanager
def aws_errors_told(doing: str) -> Iterator[None]:
    """Tell what AWS or the way to it refuses as AwsFailed. `doing` begins the message."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise AwsFailed(f"{doing}: {why(error)}") from None


def why(error: Exception) -> str:
    """What an error of boto3 means, in one sentence."""
    code, message = error_code(error), _message(error)
    if code in _EXPIRED:
        return "the AWS credentials have expired; renew them and run the same command again"
    if code in _UNKNOWN_KEY:
        return "AWS does not know these credentials; check the profile, and whether the region is enabled"
    if code in _DENIED:
        return f"access is denied ({message})" if message else "access is denied"
    return _REASONS.get(code) or f"{message or code}"


def error_code(error: Exception) -> str:
    """AWS's own code for an error, or the name of boto3's class for one that never reached AWS."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code") or "") if isinstance(response, dict) else type(error).__name__


def is_denied(error: Exception) -> bool:
    """Whether the credentials are good and lack a permission."""
    return error_code(error) in _DENIED


def _message(error: Exception) -> str:
    response = getattr(error, "response", None)
    text = str(response.get("Error", {}).get("Message") or "") if isinstance(response, dict) else str(error)
    return text.strip().rstrip(".")
