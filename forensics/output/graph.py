"""Graph: the lineage of `who` and `tree` as Mermaid and as DOT. Arrows go from the requester to the requested.

The graph is complete; only labels longer than any ID or ARN are truncated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from forensics.answers.core import Actor, ActorKind
from forensics.answers.tree_answer import Node, Tree
from forensics.answers.who_answer import Hop, Link, Who
from forensics.output.escape import for_dot, for_mermaid
from forensics.output.identity_text import short_name
from forensics.output.lines import cut
from forensics.output.words import ACTOR_KINDS, RELATIONS, STATES, STOPS, readable_time

_LONGEST = 200
_KEYS_SHOWN = 3
MERMAID_EDGES = 500
"""Mermaid's default limit of edges (`maxEdges`)."""


@dataclass(frozen=True, slots=True)
class _Edge:
    parent: str
    child: str
    texts: tuple[str, ...]
    is_certain: bool


@dataclass(slots=True)
class Graph:
    """Nodes by ID, each with the lines of its label and a style; and the edges between them."""

    nodes: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    edges: dict[_Edge, None] = field(default_factory=dict)
    _ids: dict[object, str] = field(default_factory=dict)

    def node(self, identity: object, texts: Iterable[str | None], style: str = "") -> str:
        """Add a node unless one of the same identity exists, and return its ID."""
        id_ = self._ids.setdefault(identity, f"n{len(self._ids)}")
        self.nodes.setdefault(id_, (tuple(cut(text, _LONGEST) for text in texts if text), style))
        return id_

    def edge(self, parent: str, child: str, texts: Iterable[str | None], *, is_certain: bool = True) -> None:
        """Add an edge between two node IDs, with the lines of its label, unless the graph has it."""
        self.edges[_Edge(parent, child, tuple(cut(text, _LONGEST) for text in texts if text), is_certain)] = None


def who_graph(answers: Sequence[Who]) -> Graph:
    """Return the chain and the candidates of each answer; a credential in several chains is one node."""
    graph = Graph()
    for answer in answers:
        for one in answer.sessions or (answer,):
            _add_chain(graph, one)
    return graph


def tree_graph(answer: Tree) -> Graph:
    """Return everything derived from the subject; dashed edges lead to nodes that are only possibly derived."""
    graph = Graph()
    ids = {
        node.id: graph.node(node.id, _node_texts(node), "subject" if node.parent is None else _state(node))
        for node in answer.nodes
    }
    for node in answer.nodes:
        if node.parent is not None:
            relation = RELATIONS[node.relation] if node.relation else None
            graph.edge(ids[node.parent], ids[node.id], [relation, *node.event_ids[:1]], is_certain=node.certain)
    if not answer.nodes:
        graph.node("subject", [answer.subject.id, "not found in the loaded logs"], "subject")
    return graph


def to_mermaid(graph: Graph) -> str:
    """Return a graph as a Mermaid flowchart."""
    lines = ["flowchart TD"]
    for id_, (texts, style) in graph.nodes.items():
        label = "<br/>".join(map(for_mermaid, texts))
        lines.append(f'    {id_}["{label}"]{f":::{style}" if style else ""}')
    for edge in graph.edges:
        label = "<br/>".join(map(for_mermaid, edge.texts))
        text = f'|"{label}"|' if label else ""
        lines.append(f"    {edge.parent} {'-->' if edge.is_certain else '-.->'}{text} {edge.child}")
    lines += [
        "    classDef subject stroke-width:3px",
        "    classDef actor stroke:#36c,stroke-width:2px",
        "    classDef valid stroke:#c33,stroke-width:2px",
        "    classDef over stroke-dasharray:4",
    ]
    return "\n".join(lines) + "\n"


def to_dot(graph: Graph) -> str:
    """Return a graph in Graphviz's DOT language."""
    styles = {
        "subject": ", penwidth=3",
        "actor": ', color="#3366cc", penwidth=2',
        "valid": ', color="#cc3333", penwidth=2',
        "over": ', style="dashed"',
        "": "",
    }
    lines = ["digraph lineage {", '    node [shape=box, fontname="monospace"];', '    edge [fontname="monospace"];']
    for id_, (texts, style) in graph.nodes.items():
        label = "\\n".join(map(for_dot, texts))
        lines.append(f'    {id_} [label="{label}"{styles[style]}];')
    for edge in graph.edges:
        label = "\\n".join(map(for_dot, edge.texts))
        dashed = "" if edge.is_certain else ', style="dashed"'
        lines.append(f'    {edge.parent} -> {edge.child} [label="{label}"{dashed}];')
    return "\n".join([*lines, "}"]) + "\n"


def _add_chain(graph: Graph, answer: Who) -> None:
    hops = [
        graph.node((hop.access_key_ids, hop.principal_id, hop.issued_at), _hop_texts(hop), "" if place else "subject")
        for place, hop in enumerate(answer.chain)
    ] or [graph.node(answer.subject.id, [answer.subject.id], "subject")]
    for child, parent, hop in zip(hops, hops[1:], answer.chain, strict=False):
        graph.edge(parent, child, _link_texts(hop.link))
    last = answer.chain[-1].link if answer.chain else None
    if answer.actor.kind != ActorKind.UNKNOWN:
        graph.edge(_actor(graph, answer.actor), hops[-1], _link_texts(last) or [str(answer.grade)])
        return
    unknown = graph.node((hops[-1], answer.stop_reason), ["unknown", STOPS[answer.stop_reason]], "over")
    graph.edge(unknown, hops[-1], (), is_certain=False)
    for candidate in answer.candidates:
        graph.edge(_actor(graph, candidate.actor), hops[-1], _link_texts(candidate.link), is_certain=False)


def _actor(graph: Graph, actor: Actor) -> str:
    names = [actor.name or actor.id, actor.id if actor.name and actor.id != actor.name else None, actor.account_id]
    return graph.node(actor, [ACTOR_KINDS[actor.kind], *names], "actor")


def _hop_texts(hop: Hop) -> Iterator[str | None]:
    yield from _keys(hop.access_key_ids)
    yield (hop.arn or hop.principal_id or "").rpartition(":")[2]
    yield hop.account_id
    yield f"until {readable_time(hop.expires_at)}" if hop.expires_at else None


def _link_texts(link: Link | None) -> list[str | None]:
    if link is None:
        return []
    first = link.evidence[0] if link.evidence else None
    when = f"{first.event_name} {readable_time(first.event_time)}" if first and first.event_time else None
    return [f"{link.grade}: {link.rule}", when, *link.event_ids[:1]]


def _node_texts(node: Node) -> Iterator[str | None]:
    yield from _keys(node.access_key_ids)
    yield short_name(node.arn, node.name, node.principal_id)
    yield node.account_id
    end = f", expiry {readable_time(node.expires_at)}" if node.expires_at else ""
    yield f"{STATES[node.state][0]}{end}"


def _keys(key_ids: Sequence[str]) -> Iterator[str]:
    yield from key_ids[:_KEYS_SHOWN]
    if len(key_ids) > _KEYS_SHOWN:
        yield f"and {len(key_ids) - _KEYS_SHOWN:,} more keys"


def _state(node: Node) -> str:
    return "over" if node.valid_at is False else "valid"
