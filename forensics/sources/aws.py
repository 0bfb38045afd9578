"""AWS: creates clients for its APIs, and explains their errors.

boto3 finds the credentials (environment, profile, SSO, instance role) for the first call. This program never reads them
and never writes them anywhere. boto3 is imported when the first client is created.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from forensics.errors import AwsFailed

# AWS throttles calls under load; waiting is better than an aborted command
_ATTEMPTS = 10
_DEFAULT_REGION = "us-east-1"
# the session name of our own calls in CloudTrail
_SESSION_NAME = "cloudtrail-forensics"

Client = Any  # boto3 creates the classes of clients at run time

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
    "NoCredentialsError": "no AWS credentials found; choose a profile with --profile, or sign in first",
    "PartialCredentialsError": "the AWS credentials are incomplete; check the profile or the environment",
    "SignatureDoesNotMatch": (
        "AWS rejected the signature: the secret access key does not match the access key ID; check the profile"
    ),
    "NoSuchBucket": "the bucket does not exist; check its name",
    "SlowDown": "AWS throttled the requests, even after several retries; run the same command again later",
}


@dataclass(frozen=True, slots=True)
class Access:
    """The AWS credentials to use; by default, those that boto3 finds.

    Args:
        profile: a profile of the AWS configuration files.
        role_arn: a role that is assumed with those credentials, and again whenever its session expires.
        endpoint_url: the URL of all APIs, instead of AWS's own.
    """

    profile: str | None = None
    role_arn: str | None = None
    endpoint_url: str | None = None


class Aws:
    """Creates clients for an `Access`. It is not thread-safe, but its clients are."""

    def __init__(self, access: Access, session: Any = None) -> None:
        self._access = access
        self._boto3_session = session

    def client(self, service: str, region: str | None = None, *, connections: int = 10) -> Client:
        """Return a boto3 client that retries throttled calls. Raises AwsFailed if the profile does not exist.

        `connections`: the number of threads that will use it.
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
        """Return an `Aws` with the credentials of a role, which is assumed with the credentials of this one."""
        return Aws(self._access, _assume(self._session(), self._access.endpoint_url, role_arn))

    def _session(self) -> Any:
        if self._boto3_session is None:
            import boto3

            with convert_aws_errors("cannot use AWS"):
                session = boto3.Session(profile_name=self._access.profile)
                role = self._access.role_arn
                self._boto3_session = _assume(session, self._access.endpoint_url, role) if role else session
        return self._boto3_session


def _assume(session: Any, endpoint_url: str | None, role_arn: str) -> Any:
    """Return a session of a role that renews its credentials, because an ingest may last longer than they are valid."""
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
def convert_aws_errors(failure: str) -> Iterator[None]:
    """Raise AwsFailed for errors of boto3. `failure`: the beginning of the message, such as "cannot use AWS"."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise AwsFailed(f"{failure}: {error_reason(error)}") from None


def error_reason(error: Exception) -> str:
    """Return the reason of an error of boto3, in one sentence."""
    code, message = error_code(error), _message(error)
    if code in _EXPIRED:
        return "the AWS credentials have expired; renew them and run the same command again"
    if code in _UNKNOWN_KEY:
        return "AWS does not recognize these credentials; check the profile, and that the region is enabled"
    if code in _DENIED:
        return f"access is denied ({message})" if message else "access is denied"
    return _REASONS.get(code) or f"{message or code}"


def error_code(error: Exception) -> str:
    """Return the error code of AWS, or the name of boto3's exception if the call did not reach AWS."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code") or "") if isinstance(response, dict) else type(error).__name__


def is_denied(error: Exception) -> bool:
    """Return whether the credentials are valid and lack a permission."""
    return error_code(error) in _DENIED


def _message(error: Exception) -> str:
    response = getattr(error, "response", None)
    text = str(response.get("Error", {}).get("Message") or "") if isinstance(response, dict) else str(error)
    return text.strip().rstrip(".")
