"""Derived: the tree of everything derived from a subject, what of it is still valid, and how to contain it.

`descent` places the credentials in the tree, `validity` decides what was valid at the time, and `containment` plans the
steps. This module converts the rows of the tables to the nodes of the answer, with one query per table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from forensics.answers.core import ActorKind, Evidence, Subject
from forensics.answers.tree_answer import Action, Node, NodeKind, Relation, Tree
from forensics.identifiers import Identifier, SubjectType, account_of, is_service_specific
from forensics.investigate.account_exports import inactive_keys
from forensics.investigate.digest_check import CheckedSpan, digest_check, spans_of_events
from forensics.investigate.evidence import evidence_of
from forensics.investigate.identities_unread import unread_flags
from forensics.investigate.key_changes import is_named
from forensics.investigate.sql_rows import Connection, rows, values
from forensics.investigate.tree.containment import Means, containment, denying
from forensics.investigate.tree.descent import Places, TreePlace, Unit, edges_below
from forensics.investigate.tree.lives import Lives, user_of
from forensics.investigate.tree.loaded_since import LoadedHours
from forensics.investigate.tree.revocations import Revocations
from forensics.investigate.tree.session_means import means_of_session, role_in
from forensics.investigate.tree.tree_rows import (
    DerivedRow,
    HourRow,
    IssuanceRow,
    LaterPolicyRow,
    NameRow,
    PlantingRow,
    RevocationRow,
)
from forensics.investigate.tree.user_names import PresentName, UserNames, with_known_users
from forensics.investigate.tree.validity import Validities
from forensics.investigate.who.requesters import ids_of, subject_rows

_ONLY_ROOT = (
    "Only the root user itself can deactivate or delete its access keys; in a member account of an organization, the"
    " management account can delete them, by sts:AssumeRoot with the task policy IAMDeleteRootUserCredentials"
)


def tree(connection: Connection, identifier: Identifier, at: datetime | None = None) -> Tree:
    """Return the tree below a subject at a time, by default that of the latest event; empty if it is not logged."""
    return tree_and_credentials(connection, identifier, at)[0]


def tree_and_credentials(
    connection: Connection, identifier: Identifier, at: datetime | None = None
) -> tuple[Tree, dict[str, int]]:
    """Return the tree, and the first node of each of its credentials."""
    subject = Subject(identifier.type, identifier.id, account_of(identifier.id))
    moment = _utc(at) if at else next(iter(values(connection, datetime, "latest_event")), None)
    roots = _roots(connection, identifier)
    if not roots or moment is None:
        digests = digest_check(connection, [CheckedSpan(subject.account_id)])
        named = is_named(connection, identifier.id)
        return Tree(subject, moment, digests=digests, named=named, flags=unread_flags(connection)), {}
    facts = _TreeFacts(connection, roots, moment)
    nodes = facts.nodes()
    accounts = {node.account_id for node in nodes if node.parent is None}
    answer = Tree(
        subject=Subject(subject.type, subject.id, accounts.pop() if len(accounts) == 1 else subject.account_id),
        at=moment,
        nodes=nodes,
        containment=containment(nodes, facts.means(nodes), facts.workloads(nodes)),
        ancestors=tuple(values(connection, str, "tree/ancestors", ids=roots)),
        flags=tuple(sorted({flag for node in nodes for flag in node.flags if flag == "role_juggling"})),
        evidence=facts.evidence,
        digests=digest_check(connection, facts.spans()),
        exports=inactive_keys(connection, _long_term_keys(nodes)),
    )
    return answer, facts.credentials(nodes)


def nodes_below(connection: Connection, roots: list[str], at: datetime) -> tuple[tuple[Node, ...], dict[str, int]]:
    """Return the nodes below some credentials at a time, and the first node of each credential."""
    facts = _TreeFacts(connection, roots, at)
    nodes = facts.nodes()
    return nodes, facts.credentials(nodes)


def _long_term_keys(nodes: Iterable[Node]) -> Iterable[str]:
    return (key for node in nodes if node.kind == NodeKind.ACCESS_KEY for key in node.access_key_ids)


def _by_time(event: Evidence) -> tuple[str, ...]:
    return str(event.event_time), event.event_id or "", event.recipient_account_id or ""


def _utc(moment: datetime) -> datetime:
    """Convert to UTC without a zone, as in the tables. A time without a zone is UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _roots(connection: Connection, identifier: Identifier) -> list[str]:
    ids = ids_of(subject_rows(connection, identifier))
    if identifier.type == SubjectType.PRINCIPAL or not ids:
        ids += values(connection, str, "tree/planted_subject", id=identifier.id)
    return ids


class _TreeFacts:
    """The facts about everything derived from some roots."""

    def __init__(self, connection: Connection, roots: list[str], at: datetime) -> None:
        self._at = at
        edges = edges_below(connection, roots)
        ids = sorted({*roots, *(edge.child_id for edge in edges)})
        self._credentials = {row.id: row for row in rows(connection, DerivedRow, "tree/credentials", ids=ids)}
        self._plantings = {row.id: row for row in rows(connection, PlantingRow, "tree/plantings", ids=ids)}
        self._places = Places(edges, {id_: self._unit(id_) for id_ in ids}).below(roots)
        own = (row.own_event for row in self._credentials.values())
        cited = sorted({key for key in (*(edge.event_key for edge in edges), *own) if key})
        self._issuances = {row.id: row for row in rows(connection, IssuanceRow, "tree/issuances", ids=cited)}
        self._proofs = evidence_of(connection, cited)
        self.evidence = tuple(sorted({event for found in self._proofs.values() for event in found}, key=_by_time))
        facts: list[DerivedRow | PlantingRow] = [*self._credentials.values(), *self._plantings.values()]
        accounts = sorted({fact.account_id for fact in facts if fact.account_id})
        found = list(with_known_users(rows(connection, RevocationRow, "tree/revocations", accounts=accounts, at=at)))
        regions = sorted({event.aws_region for event in found if event.aws_region})
        hours = rows(connection, HourRow, "tree/hours", accounts=accounts, regions=regions) if regions else []
        users = sorted({id_ for fact in facts for id_ in _user_ids(fact)})
        seen = rows(connection, NameRow, "tree/user_names", ids=users, at=at) if users else []
        self._names = UserNames(found, seen)
        policies = rows(connection, LaterPolicyRow, "tree/later_policies", ids=sorted(self._plantings), at=at)
        self._validities = Validities(Revocations(found, self._names, policies), LoadedHours(hours), at)
        self._unloaded = set(values(connection, str, "tree/unloaded_accounts", accounts=accounts))
        self._lives = Lives(connection, self._places, self._credentials, self._plantings, self._issuances, at)
        self._members: list[tuple[str, ...]] = []

    def spans(self) -> list[CheckedSpan]:
        """Return the spans behind the tree: the cited events, and everything since the subject was issued."""
        began = [row.session_creation_date or row.first_use for row in self._credentials.values()]
        start = min((time for time in began if time), default=None)
        accounts = {row.account_id for row in self._credentials.values()}
        after = [CheckedSpan(account, None, start, self._at) for account in accounts]
        return [*spans_of_events(self.evidence), *after]

    # nodes

    def nodes(self) -> tuple[Node, ...]:
        """Return the nodes depth first, children ordered by time."""
        drafts = [self._draft(number, place) for number, place in enumerate(self._places)]
        numbers: dict[int, int] = {}
        self._members = []
        found: list[Node] = []
        waiting = self._in_order([n for n, place in enumerate(self._places) if place.parent is None], drafts)
        while waiting:
            number = waiting.pop()
            place = self._places[number]
            numbers[number] = len(found)
            parent = numbers[place.parent] if place.parent is not None else None
            node = replace(drafts[number], id=len(found), parent=parent)
            node = self._lasting_as(node, found[parent]) if parent is not None else node
            found.append(node)
            self._members.append(place.members)
            waiting += self._in_order(place.children, drafts)
        return _flagged(found)

    @staticmethod
    def _in_order(numbers: Iterable[int], drafts: Sequence[Node]) -> list[int]:
        """Return places latest first, because they are taken from the end."""
        return sorted(
            numbers,
            key=lambda n: (str(drafts[n].issued_at or drafts[n].first_use or "unknown"), drafts[n].access_key_ids, n),
            reverse=True,
        )

    @staticmethod
    def _lasting_as(node: Node, parent: Node) -> Node:
        """Return forward access with the validity of the session that it was used for, unless it shows its own."""
        if node.relation != Relation.FORWARD_ACCESS or parent.kind != NodeKind.SESSION or node.ended:
            return node
        return replace(
            node,
            expires_at=parent.expires_at,
            valid_at=parent.valid_at,
            state=parent.state,
            ended=parent.ended,
        )

    def _draft(self, number: int, place: TreePlace) -> Node:
        first = place.members[0]
        credentials = [self._credentials[id_] for id_ in place.members if id_ in self._credentials]
        planting = self._plantings.get(first)
        life = self._lives[number]
        validity = self._validities.of(life)
        facts: list[DerivedRow | PlantingRow] = [*credentials, *([planting] if planting else [])]
        keys = {fact.access_key_id for fact in facts if fact.access_key_id}
        flags = ["expiry_assumed"] if life.is_assumed else []
        flags += ["shown_elsewhere"] if not place.fresh else []
        flags += [validity.doubt] if validity.doubt else []
        flags += ["account_not_loaded"] if facts[0].account_id in self._unloaded else []
        return Node(
            id=0,
            kind=life.kind,
            parent=None,
            relation=place.relation,
            depth=place.depth,
            certain=place.certain,
            access_key_ids=tuple(sorted(keys)),
            principal_id=facts[0].principal_id,
            arn=facts[0].arn,
            account_id=facts[0].account_id,
            issued_at=life.issued_at,
            expires_at=life.expires_at,
            valid_at=validity.valid_at,
            first_use=min((row.first_use for row in credentials if row.first_use), default=None),
            last_use=life.last_use,
            events=sum(row.events for row in credentials),
            event_ids=self._cited(place, credentials),
            name=_name(credentials[0] if credentials else None, planting),
            state=validity.state,
            flags=tuple(flags),
            ended=validity.ended,
        )

    def _cited(self, place: TreePlace, credentials: Sequence[DerivedRow]) -> tuple[str, ...]:
        keys = place.event_keys or tuple(key for row in credentials if (key := row.own_event))
        events = {event.event_id: event.event_time for key in keys for event in self._proofs[key] if event.event_id}
        return tuple(sorted(events, key=lambda event_id: (str(events[event_id]), event_id)))

    def _unit(self, id_: str) -> Unit:
        credential = self._credentials.get(id_)
        if credential is None:
            planting = self._plantings.get(id_)
            is_key = planting is not None and planting.kind == NodeKind.ACCESS_KEY
            return ("key", planting.account_id, planting.access_key_id) if planting and is_key else ("planting", id_)
        if credential.is_long_term:
            return ("key", credential.account_id, credential.access_key_id)
        began = credential.session_creation_date
        if credential.principal_id is None or began is None:
            return ("credential", id_)
        return ("session", credential.account_id, credential.principal_id, began)

    def credentials(self, nodes: Sequence[Node]) -> dict[str, int]:
        """Return the first node of each credential, certain nodes before others."""
        found: dict[str, int] = {}
        for node in sorted(nodes, key=lambda node: not node.certain):
            for member in self._members[node.id]:
                if member in self._credentials:
                    found.setdefault(member, node.id)
        return found

    # containment

    def means(self, nodes: Sequence[Node]) -> dict[int, Means]:
        """Return the means that ends each node. A key of a created user is ended with the user."""
        found: dict[int, Means] = {}
        for node in nodes:
            above = nodes[node.parent] if node.parent is not None else None
            # a key that is possibly another user's is ended on its own
            if node.kind == NodeKind.ACCESS_KEY and node.certain and above and above.kind == NodeKind.USER:
                user = self._planted_name(above)
                found[node.id] = denying(above.account_id, user.name, self._planted_arn(above), user.limit)
            else:
                found[node.id] = self._means(node)
        return found

    def _means(self, node: Node) -> Means:
        match node.kind:
            case NodeKind.ACCESS_KEY:
                key = node.access_key_ids[0]
                is_for_service = is_service_specific(key)
                action = Action.DEACTIVATE_SERVICE_CREDENTIAL if is_for_service else Action.DEACTIVATE_ACCESS_KEY
                is_of_root = node.principal_id is not None and node.principal_id == node.account_id
                return Means(action, node.account_id, key, key, _ONLY_ROOT if is_of_root else None)
            case NodeKind.USER:
                user = self._planted_name(node)
                target = self._planted_arn(node) or user.name
                return Means(Action.DELETE_CREATED_USER, node.account_id, user.name, target, user.limit)
            case NodeKind.LOGIN_PROFILE:
                user = self._planted_name(node)
                return Means(Action.DISABLE_CONSOLE_LOGIN, node.account_id, user.name, user.name, user.limit)
            case NodeKind.ROLE:
                name = (node.arn or node.name or "").rpartition("/")[2]  # as the role was created
                return Means(Action.RESTORE_TRUST_POLICY, node.account_id, name, node.arn or name)
        session = self._credentials[self._members[node.id][0]]
        user_id, user_name = user_of(session)
        since = session.last_use or session.session_creation_date or session.issuance_time
        return means_of_session(session, self._names.present(node.account_id, user_id, user_name or "", since))

    def _planted_name(self, node: Node) -> PresentName:
        """Return the present name of a planted user, or of the user with a planted password."""
        planting = self._plantings[self._members[node.id][0]]
        return self._names.present(
            planting.account_id, planting.user_principal_id, planting.name or "", planting.event_time
        )

    def _planted_arn(self, node: Node) -> str | None:
        """Return the ARN of a planted user, unless it was renamed."""
        return node.arn if (node.arn or "").endswith(f"/{self._planted_name(node).name}") else None

    def workloads(self, nodes: Sequence[Node]) -> tuple[Means, ...]:
        """Return the workloads whose own sessions are roots of the tree."""
        found: dict[str, Means] = {}
        for node in nodes:
            row = self._credentials.get(self._members[node.id][0])
            is_root = node.parent is None and node.valid_at is not False
            if is_root and row and row.actor_kind == ActorKind.WORKLOAD and (name := row.actor_id):
                found[name] = Means(Action.REPLACE_WORKLOAD_CREDENTIALS, node.account_id, name, name)
        return tuple(found.values())


def _user_ids(fact: DerivedRow | PlantingRow) -> Iterable[str]:
    """Return the ID of the user behind a credential or planting."""
    user_id = fact.user_principal_id if isinstance(fact, PlantingRow) else user_of(fact)[0]
    return (user_id,) if user_id else ()


def _flagged(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Flag a session that was renewed from its own role and lasts longer than the first session of that role."""
    found: list[Node] = []
    ends: list[dict[tuple[str | None, str], datetime]] = []  # by role, the first expiry above each node
    for node in nodes:
        above = ends[node.parent] if node.parent is not None else {}
        role = _session_role(node)
        first = above.get(role) if role else None
        juggled = first is not None and node.expires_at is not None and node.expires_at > first
        renewing = node.relation in (None, Relation.ASSUMED_ROLE)
        found.append(replace(node, flags=(*node.flags, "role_juggling")) if juggled and renewing else node)
        ends.append({role: node.expires_at, **above} if role and node.expires_at else above)
    return tuple(found)


def _session_role(node: Node) -> tuple[str | None, str] | None:
    name = role_in(node.arn) if node.kind == NodeKind.SESSION else None
    return (node.account_id, name) if name else None


def _name(credential: DerivedRow | None, planting: PlantingRow | None) -> str | None:
    if planting:
        return planting.name or None
    return credential.user_name or credential.role_session_name if credential else None
