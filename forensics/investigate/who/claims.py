"""Claims: the self-declared names of a session, compared with its actor. They are never evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from forensics.answers.core import Actor, ActorKind
from forensics.answers.who_answer import (
    Agreement,
    Claims,
    OnBehalfOfClaim,
    SessionNameClaim,
    SessionPolicy,
    SessionTag,
    SourceIdentityClaim,
    TagSource,
)
from forensics.investigate.who.trust import Required, TrustPolicies
from forensics.investigate.who.who_rows import CredentialRow, HopRow

# STS's limits; a longer list or text is cut, because it does not come from AWS
_MOST_TAGS, _MOST_POLICIES = 50, 10
_LONGEST, _LONGEST_POLICY = 256, 2048
_PEOPLE = (ActorKind.IAM_USER, ActorKind.SAML_USER, ActorKind.IDENTITY_CENTER_USER)


def claims(
    credential: CredentialRow,
    chain: Sequence[HopRow],
    actor: Actor,
    known_names: Iterable[str],
    trust: TrustPolicies | None = None,
) -> Claims:
    """Return the claims of a credential.

    Args:
        chain: the hops from the credential to its origin.
        known_names: the names of principals, in lower case.
        trust: the trust policies of the roles, which show whether a claim was enforced.
    """
    required = trust.required_of(chain[0]) if trust else Required()
    own = chain[0] if chain else None
    tags = sorted(_session_tags(own), key=lambda tag: (tag.key, tag.source, tag.value)) if own else []
    return Claims(
        _source_identity(credential, chain, actor, trust),
        _session_name(credential.role_session_name, actor, set(known_names), required.session_name),
        _on_behalf_of(credential, actor),
        tuple(tags[:_MOST_TAGS]),
        len(tags),
        _session_policy(own) if own else SessionPolicy(),
    )


def _source_identity(
    credential: CredentialRow, chain: Sequence[HopRow], actor: Actor, trust: TrustPolicies | None
) -> SourceIdentityClaim:
    value = credential.source_identity
    if not value:
        return SourceIdentityClaim()
    setter = _setter(value, chain)
    if setter is None:
        return SourceIdentityClaim(value, agreement(value, actor))
    required = trust.required_of(setter) if trust else Required()
    return SourceIdentityClaim(value, agreement(value, actor), setter.issuance_event_id, required.source_identity)


def agreement(value: str, actor: Actor) -> Agreement:
    """Compare a self-declared name with the actor."""
    if value.casefold() in _names(actor):
        return Agreement.AGREES
    return Agreement.DIFFERS if actor.kind in _PEOPLE else Agreement.UNVERIFIABLE


def _setter(value: str, chain: Sequence[HopRow]) -> HopRow | None:
    """Return the session that set the source identity: the first one, from the origin, whose caller had none."""
    for hop in reversed(chain):
        if hop.requested_source_identity == value and not hop.caller_source_identity:
            return None if _may_have_inherited(hop) else hop
    return None


def _may_have_inherited(hop: HopRow) -> bool:
    """Return whether the caller, a session with `:` in its ID, may have had one that the copy does not contain."""
    return bool(hop.is_redacted) and ":" in (hop.caller_principal_id or "")


def _session_name(value: str | None, actor: Actor, known_names: set[str], enforced: bool | None) -> SessionNameClaim:
    if not value:
        return SessionNameClaim()
    if value.casefold() in _names(actor):
        return SessionNameClaim(value, Agreement.AGREES, enforced)
    is_another_name = actor.kind in _PEOPLE and value.casefold() in known_names
    return SessionNameClaim(value, Agreement.DIFFERS if is_another_name else Agreement.UNVERIFIABLE, enforced)


def _on_behalf_of(credential: CredentialRow, actor: Actor) -> OnBehalfOfClaim:
    value = credential.on_behalf_of_user_id
    if not value:
        return OnBehalfOfClaim()
    if actor.kind != ActorKind.IDENTITY_CENTER_USER:
        return OnBehalfOfClaim(value, credential.identity_store_arn, Agreement.UNVERIFIABLE)
    agreement = Agreement.AGREES if actor.id == value else Agreement.DIFFERS
    return OnBehalfOfClaim(value, credential.identity_store_arn, agreement)


def _session_tags(hop: HopRow) -> Iterator[SessionTag]:
    transitive = {key.casefold() for key in json.loads(hop.transitive_tag_keys or "[]")}
    tags_by_source = {
        TagSource.REQUEST: hop.session_tags,
        TagSource.ASSERTION: hop.principal_tags,
        TagSource.INHERITED: hop.incoming_transitive_tags,
    }
    for source, tags in tags_by_source.items():
        for key, value in json.loads(tags or "{}").items():
            is_transitive = source == TagSource.INHERITED or key.casefold() in transitive
            yield SessionTag(_cut(key), _cut(value), source, is_transitive)


def _session_policy(hop: HopRow) -> SessionPolicy:
    arns = (hop.session_policy_arns or "").split()
    is_known = hop.issuance_id is not None and "requestParameters" not in (hop.omitted_fields or "")
    return SessionPolicy(
        tuple(_cut(arn) for arn in arns[:_MOST_POLICIES]),
        _cut(hop.session_policy, _LONGEST_POLICY) if hop.session_policy else None,
        is_known,
    )


def _cut(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _names(actor: Actor) -> set[str]:
    """Return the ID, name and ARN of the actor, and the part of each before an @."""
    return {name.casefold() for full in (actor.id, actor.name, actor.arn) if full for name in _forms(full)}


def _forms(name: str) -> Iterator[str]:
    yield name
    yield name.partition("@")[0]
