"""Tree, for a responder: what came of the subject, what of it still works, then what to do, step by step.

Numbers in brackets are the nodes of the JSON. `branches` says which nodes are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from forensics.answers.core import Exported
from forensics.answers.tree_answer import Action, Node, NodeKind, Relation, State, Step, Tree
from forensics.output.branches import Branches, Hidden, counted, may_be_used
from forensics.output.evidence_text import OPEN_WINDOWS, digest_lines, open_window_lines
from forensics.output.exports_text import source
from forensics.output.identity_text import short_name, subject_line
from forensics.output.lines import Line, Span, and_more, labelled, line, part, with_prefix
from forensics.output.words import ACTIONS, DISAGREEMENTS, RELATIONS, STATES, at_time, count, first_few, readable_time

_SHOWN = 60  # nodes in the tree
_VALID_SHOWN = 40
_IDS_SHOWN = 12
_KEYS_SHOWN = 2
_LABEL = 9

_EXPIRY = {State.VALID: " until", State.UNKNOWN: ", until", State.NOT_YET: ", until", State.EXPIRED: ""}
_FLAGS = {
    "role_juggling": ("renewed from itself: lasts longer than the session that it came of (role juggling)", "bad"),
    "shown_elsewhere": ("stands above, too; what came of it is there", "dim"),
    "expiry_assumed": ("the expiry is not logged, this is STS's default", "dim"),
}


def render_tree(answer: Tree, *, drawn: bool = False) -> Iterator[Line]:
    """The parts of an answer, top to bottom; without the tree itself where that is `drawn`."""
    yield subject_line(answer.subject)
    if not answer.nodes or answer.at is None:
        yield line("it is in none of the loaded logs", indent=2)
        yield from digest_lines(answer.digests, _LABEL)
        yield from part(OPEN_WINDOWS, open_window_lines(answer.digests))
        return
    yield from _headline(answer)
    yield from digest_lines(answer.digests, _LABEL)
    if not drawn:
        yield from part("What came of it", _Branching(answer).lines())
    yield from part(f"What may be used at {readable_time(answer.at)}", _valid(answer))
    yield from part("What to do, in this order", _plan(answer))
    yield from part(OPEN_WINDOWS, open_window_lines(answer.digests))


def _headline(answer: Tree) -> Iterator[Line]:
    assert answer.at is not None
    own = [node for node in answer.nodes if node.relation != Relation.FORWARD_ACCESS]
    below = [node for node in own if node.parent is not None]
    accounts = {node.account_id for node in own if node.account_id}
    told = ", ".join(counted(below)) or "nothing"
    yield _labelled("came", f"{told}; {count(len(accounts), 'account')}")
    working = sum(node.valid_at is True for node in own)
    perhaps = sum(node.valid_at is None for node in own)
    doubt = f", {perhaps:,} more perhaps" if perhaps else ""
    style = "bad" if working or perhaps else "good"
    yield _labelled("valid", (f"{working:,} of {len(own):,}{doubt}", style), f" at {readable_time(answer.at)}")
    if answer.ancestors:
        yield _labelled("first", ("it was itself requested", "warn"), f": begin at {answer.ancestors[-1]},")
        yield line("or whoever holds that requests another", indent=2 + _LABEL)
    if "role_juggling" in answer.flags:
        yield _labelled("note", ("role juggling", "bad"), ": a session renews itself beyond its end")


def _labelled(label: str, *parts: str | Span) -> Line:
    return labelled(label, *parts, width=_LABEL)


# the tree


class _Branching:
    """The tree as lines: a node with what there is to say of it, then what came of it."""

    def __init__(self, answer: Tree) -> None:
        self._branches = Branches(answer.nodes, _SHOWN)
        self._inactive = _inactive(answer)

    def lines(self) -> Iterator[Line]:
        yield from self._below(None, "", is_root=True)

    def _below(self, parent: int | None, guide: str, *, is_root: bool = False) -> Iterator[Line]:
        shown, hidden = self._branches.below(parent)
        branches: list[Callable[[str, str], Iterator[Line]]] = [self._drawer(node) for node in shown]
        branches += [_teller(_told(one)) for one in hidden]
        for branch in branches:
            is_last = branch is branches[-1]
            first = "" if is_root else f"{guide}{'└─ ' if is_last else '├─ '}"
            rest = guide if is_root else f"{guide}{'   ' if is_last else '│  '}"
            yield from branch(first, rest)

    def _drawer(self, node: Node) -> Callable[[str, str], Iterator[Line]]:
        def draw(first: str, rest: str) -> Iterator[Line]:
            bar = f"{rest}{'│  ' if self._branches.has_children(node) else '   '}"
            yield with_prefix(_title(node), first, f"{bar}   ")
            forwarded = self._branches.forwarded[node.id]
            details = (*_details(node, forwarded), *_said_inactive(node, self._inactive))
            yield from (with_prefix(detail, bar, bar) for detail in details)
            yield from self._below(node.id, rest)

        return draw


def _told(hidden: Hidden) -> Line:
    """What was left out, and what is below it."""
    more = f", with {hidden.below:,} more below" if hidden.below else ""
    state = f"{hidden.loud:,} of them valid or with plantings" if hidden.loud else "none valid"
    return line((f"and {hidden.nodes:,} more: {hidden.alike}{more}; {state}; --format json has all", "dim"))


def _teller(told: Line) -> Callable[[str, str], Iterator[Line]]:
    def tell(first: str, rest: str) -> Iterator[Line]:
        yield with_prefix(told, first, rest)

    return tell


def _title(node: Node) -> Line:
    name = short_name(node.arn, node.name, node.principal_id)
    account = f"  {node.account_id}" if node.account_id else ""
    return line((f"[{node.id}] ", "dim"), (called(node), "bold"), f"  {name}" if name else "", account, hang=0)


def called(node: Node) -> str:
    """Its keys; of many, the first two."""
    keys = node.access_key_ids
    if not keys:
        return {
            NodeKind.USER: "user",
            NodeKind.ROLE: "trust policy",
            NodeKind.LOGIN_PROFILE: "console password",
        }.get(node.kind, "session without key")
    return first_few(keys, _KEYS_SHOWN)


def _details(node: Node, forwarded: Sequence[Node]) -> Iterator[Line]:
    doubt: list[Span] = [] if node.certain else [("perhaps: ", "warn")]
    how = f"{RELATIONS[node.relation]}  " if node.relation else ""
    yield line(*doubt, f"{how}{at_time(node.issued_at)}", STATES[node.state], until(node))
    if node.events:
        last = f", last used {readable_time(node.last_use)}" if node.last_use else ""
        yield line((f"{count(node.events, 'event')}{last}", "dim"))
    if forwarded:
        keys = sum(len(one.access_key_ids) for one in forwarded)
        yield line(
            *_numbers([one.id for one in forwarded]),
            (f" AWS services used {count(keys, 'key')} on its behalf", "dim"),
        )
    for flag in node.flags:
        yield line(_FLAGS[flag])


def _inactive(answer: Tree) -> dict[str, Exported]:
    """What IAM says of the keys that it called inactive."""
    return {said.about: said for said in answer.exports}


def _said_inactive(node: Node, inactive: Mapping[str, Exported]) -> Iterator[Line]:
    if node.kind == NodeKind.ACCESS_KEY:
        yield from (line(*_by_iam(inactive[key])) for key in node.access_key_ids if key in inactive)


def _by_iam(said: Exported) -> Iterator[Span]:
    when = f" as of {readable_time(said.as_of)}" if said.as_of else ""
    yield (f"inactive by IAM{when}", "warn")
    if said.disagreement:
        yield (f", {DISAGREEMENTS[said.disagreement]}", "bad")


def until(node: Node) -> str:
    if not node.expires_at:
        return ""
    return f"{_EXPIRY.get(node.state, ', would have expired')} {readable_time(node.expires_at)}"


# what works


def _valid(answer: Tree) -> Iterator[Line]:
    inactive = _inactive(answer)
    found = [node for node in answer.nodes if may_be_used(node)]
    for node in found[:_VALID_SHOWN]:
        yield line(*_title(node).spans, "  ", STATES[node.state], until(node))
        yield from (with_prefix(one, "    ", "    ") for one in _said_inactive(node, inactive))
    if len(found) > _VALID_SHOWN:
        yield and_more(f"{len(found) - _VALID_SHOWN:,} more")
    if not found:
        yield line("nothing: all of it has expired or was ended")


# what to do


def _plan(answer: Tree) -> Iterator[Line]:
    said = set[str]()
    for step in answer.containment:
        yield from _step(step, is_new=step.why not in said)
        yield from (with_prefix(one, "    ", "    ") for one in already_lines(answer, step))
        said.add(step.why)
    if not answer.containment:
        yield line("nothing is left to end")
        return
    yield line(("A policy takes minutes to hold everywhere; look for calls after it, and run this again.", "dim"))


def already_lines(answer: Tree, step: Step) -> Iterator[Line]:
    """Of the step of a key that IAM called inactive, that it may be done, and which export says so."""
    said = _inactive(answer).get(step.target)
    if said and step.action == Action.DEACTIVATE_ACCESS_KEY:
        yield line("already ", *_by_iam(said), "; see that it still is")
        yield line((source(said), "dim"))


def _step(step: Step, *, is_new: bool) -> Iterator[Line]:
    number = f"{step.order}. ".rjust(4)
    account = f"  in account {step.account_id}" if step.account_id and step.target != step.account_id else ""
    yield line((number, "dim"), f"{ACTIONS[step.action]} ", (step.target, "bold"), account, hang=4)
    if step.ends:
        yield line("ends ", *_numbers(step.ends), indent=4, hang=9)
    if step.survives:
        yield line("goes on ", *_numbers(step.survives), indent=4, hang=12)
    if is_new:
        yield line((step.why, "dim"), indent=4, hang=4)


def _numbers(ids: Sequence[int]) -> Iterator[Span]:
    shown = " ".join(f"[{id_}]" for id_ in ids[:_IDS_SHOWN])
    yield (shown, "bold")
    if len(ids) > _IDS_SHOWN:
        yield (f" and {len(ids) - _IDS_SHOWN:,} more", "")
