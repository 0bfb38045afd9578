"""Claims: what a session says of itself, compared with the actor that the walk found. A claim never names anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from forensics.answers import (
    Actor,
    ActorKind,
    Agreement,
    Claims,
    OnBehalfOfClaim,
    SessionNameClaim,
    SourceIdentityClaim,
)
from forensics.investigate.tables import Row

_PEOPLE = (ActorKind.IAM_USER, ActorKind.SAML_USER, ActorKind.IDENTITY_CENTER_USER)


def claims(credential: Row, chain: Sequence[Row], actor: Actor, known_names: Iterable[str]) -> Claims:
    """The claims of a credential. `chain` runs from it to its origin; `known_names` are principals, in lower case."""
    return Claims(
        _source_identity(credential, chain, actor),
        _session_name(credential.role_session_name, actor, set(known_names)),
        _on_behalf_of(credential, actor),
    )


def _source_identity(credential: Row, chain: Sequence[Row], actor: Actor) -> SourceIdentityClaim:
    value = credential.source_identity
    if not value:
        return SourceIdentityClaim()
    return SourceIdentityClaim(value, _agreement(value, actor), _set_by(value, chain))


def _agreement(value: str, actor: Actor) -> Agreement:
    if value.casefold() in _names(actor):
        return Agreement.AGREES
    return Agreement.DIFFERS if actor.kind in _PEOPLE else Agreement.UNVERIFIABLE


def _set_by(value: str, chain: Sequence[Row]) -> str | None:
    """The event that first set it: the caller had none yet. From the origin down, later ones inherited it."""
    for hop in reversed(chain):
        if hop.requested_source_identity == value and not hop.caller_source_identity:
            event_id: str | None = hop.issuance_event_id
            return None if _may_have_inherited(hop) else event_id
    return None


def _may_have_inherited(hop: Row) -> bool:
    """Another account's copy leaves out what its caller carried; only a session, named after a colon, carries any."""
    return bool(hop.is_redacted) and ":" in (hop.caller_principal_id or "")


def _session_name(value: str | None, actor: Actor, known_names: set[str]) -> SessionNameClaim:
    if not value:
        return SessionNameClaim()
    if value.casefold() in _names(actor):
        return SessionNameClaim(value, Agreement.AGREES)
    is_somebody_else = actor.kind in _PEOPLE and value.casefold() in known_names
    return SessionNameClaim(value, Agreement.DIFFERS if is_somebody_else else Agreement.UNVERIFIABLE)


def _on_behalf_of(credential: Row, actor: Actor) -> OnBehalfOfClaim:
    value = credential.on_behalf_of_user_id
    if not value:
        return OnBehalfOfClaim()
    if actor.kind != ActorKind.IDENTITY_CENTER_USER:
        return OnBehalfOfClaim(value, credential.identity_store_arn, Agreement.UNVERIFIABLE)
    agreement = Agreement.AGREES if actor.id == value else Agreement.DIFFERS
    return OnBehalfOfClaim(value, credential.identity_store_arn, agreement)


def _names(actor: Actor) -> set[str]:
    """What the actor may be called by: ID, name, ARN, and what stands before an @."""
    return {name.casefold() for full in (actor.id, actor.name, actor.arn) if full for name in _forms(full)}


def _forms(name: str) -> Iterator[str]:
    yield name
    yield name.partition("@")[0]
