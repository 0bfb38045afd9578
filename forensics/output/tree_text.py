"""Tree on screen: everything derived from the subject, what is still valid, and the containment steps.

Numbers in brackets are the node IDs of the JSON. `branches` selects the nodes to show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from forensics.answers.core import Exported, StopReason
from forensics.answers.tree_answer import Action, Node, NodeKind, Relation, State, Step, Tree
from forensics.output.branches import Branches, Hidden, counted, distinct, may_be_used
from forensics.output.evidence_text import OPEN_WINDOWS, digest_lines, open_window_lines
from forensics.output.exports_text import source
from forensics.output.identity_text import short_name, subject_line
from forensics.output.lines import Line, Span, and_more, command_line, labelled, line, part, with_prefix
from forensics.output.words import (
    ACTIONS,
    DISAGREEMENTS,
    FLAGS,
    ONLY_NAMED,
    RELATIONS,
    STATES,
    STOPS,
    at_time,
    count,
    first_few,
    readable_time,
)

_SHOWN = 60  # nodes in the tree
_VALID_SHOWN = 40
_STEPS_SHOWN = 40
_IDS_SHOWN = 12
_KEYS_SHOWN = 2
_LABEL = 9

COMMANDS = "Run each command in a POSIX shell, with administrator credentials of the account of its step."
_EXPIRY = {State.VALID: " until", State.UNKNOWN: ", until", State.NOT_YET: ", until", State.EXPIRED: ""}
_FLAGS = {
    "used_after_end": ("it has not ended: contain it again", "bad"),
    "nothing_later_loaded": ("possibly restored since: not every hour after that is loaded", "warn"),
    "possibly_undone": ("possibly restored or used since: the record of it is not evidence", "warn"),
    "possibly_kept": ("a later trust policy possibly keeps it: check whom the role trusts", "warn"),
    "account_not_loaded": ("no logs of its account are loaded, so its calls and further sessions are unknown", "warn"),
    "role_juggling": ("renewed by itself: outlives its parent session (role juggling)", "bad"),
    "shown_elsewhere": ("also shown above, with everything derived from it", "dim"),
    "expiry_assumed": ("expiry not logged; STS's default is assumed", "dim"),
}


def render_tree(answer: Tree, *, drawn: bool = False) -> Iterator[Line]:
    """Return the parts of an answer, top to bottom. `drawn`: leave out the tree, because it is drawn elsewhere."""
    yield subject_line(answer.subject)
    if not answer.nodes or answer.at is None:
        yield line(ONLY_NAMED if answer.named else STOPS[StopReason.NOT_FOUND], indent=2)
        yield from (line(FLAGS[flag], indent=2) for flag in answer.flags)
        yield from digest_lines(answer.digests, _LABEL)
        yield from part(OPEN_WINDOWS, open_window_lines(answer.digests))
        return
    yield from _headline(answer)
    yield from digest_lines(answer.digests, _LABEL)
    if not drawn:
        yield from part("Derived from it", _Branching(answer).lines())
    yield from part(f"Valid or possibly valid at {readable_time(answer.at)}", _valid(answer))
    yield from part("Containment steps, in this order", _plan(answer))
    yield from part(OPEN_WINDOWS, open_window_lines(answer.digests))


def _headline(answer: Tree) -> Iterator[Line]:
    assert answer.at is not None
    own = distinct(node for node in answer.nodes if node.relation != Relation.FORWARD_ACCESS)
    below = [node for node in own if node.parent is not None]
    accounts = {node.account_id for node in own if node.account_id}
    derived = ", ".join(counted(below)) or "nothing"
    yield _labelled("derived", f"{derived}; {count(len(accounts), 'account')}")
    valid = sum(node.valid_at is True for node in own)
    possibly = sum(node.valid_at is None for node in own)
    doubt = f", {possibly:,} more possibly" if possibly else ""
    style = "bad" if valid or possibly else "good"
    yield _labelled("valid", (f"{valid:,} of {len(own):,}{doubt}", style), f" at {readable_time(answer.at)}")
    if answer.ancestors:
        yield _labelled(
            "first", ("requested by another credential", "warn"), f": contain {answer.ancestors[-1]} first;"
        )
        yield line("otherwise its holder can request a new one", indent=2 + _LABEL)
    if "role_juggling" in answer.flags:
        yield _labelled("note", ("role juggling", "bad"), ": a session renews itself past its expiry")


def _labelled(label: str, *parts: str | Span) -> Line:
    return labelled(label, *parts, width=_LABEL)


# the tree


class _Branching:
    """The tree as lines: each node with its details, then the nodes derived from it."""

    def __init__(self, answer: Tree) -> None:
        self._branches = Branches(answer.nodes, _SHOWN)
        self._inactive = _inactive(answer)

    def lines(self) -> Iterator[Line]:
        yield from self._below(None, "", is_root=True)

    def _below(self, parent: int | None, guide: str, *, is_root: bool = False) -> Iterator[Line]:
        shown, hidden = self._branches.below(parent)
        branches: list[Callable[[str, str], Iterator[Line]]] = [self._drawer(node) for node in shown]
        branches += [_hidden_drawer(one) for one in hidden]
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
            details = (*_details(node, forwarded), *_inactive_lines(node, self._inactive))
            yield from (with_prefix(detail, bar, bar) for detail in details)
            yield from self._below(node.id, rest)

        return draw


def _hidden_drawer(hidden: Hidden) -> Callable[[str, str], Iterator[Line]]:
    more = f", with {hidden.below:,} more below" if hidden.below else ""
    state = f"{hidden.notable:,} of them valid or with persistence" if hidden.notable else "none valid"
    text = f"and {hidden.nodes:,} more: {hidden.group}{more}; {state}; --format json lists all"
    return lambda first, rest: iter([with_prefix(line((text, "dim")), first, rest)])


def _title(node: Node) -> Line:
    is_root = node.principal_id is not None and node.principal_id == node.account_id
    name = short_name(node.arn, node.name, "root" if is_root else node.principal_id)
    account = f"  {node.account_id}" if node.account_id else ""
    return line((f"[{node.id}] ", "dim"), (called(node), "bold"), f"  {name}" if name else "", account, hang=0)


def called(node: Node) -> str:
    """Return the keys of a node, the first two of many; its kind if it has no key."""
    keys = node.access_key_ids
    if not keys:
        return {
            NodeKind.USER: "user",
            NodeKind.ROLE: "trust policy",
            NodeKind.LOGIN_PROFILE: "console password",
            NodeKind.ACCESS_KEY: "access key without a logged ID",
        }.get(node.kind, "session without key")
    return first_few(keys, _KEYS_SHOWN)


def _details(node: Node, forwarded: Sequence[Node]) -> Iterator[Line]:
    doubt: list[Span] = [] if node.certain else [("possibly: ", "warn")]
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
    """Return the statements of IAM about inactive keys, by key."""
    return {one.about: one for one in answer.exports}


def _inactive_lines(node: Node, inactive: Mapping[str, Exported]) -> Iterator[Line]:
    if node.kind == NodeKind.ACCESS_KEY:
        yield from (line(*_inactive_text(inactive[key])) for key in node.access_key_ids if key in inactive)


def _inactive_text(one: Exported) -> Iterator[Span]:
    when = f" as of {readable_time(one.as_of)}" if one.as_of else ""
    yield (f"inactive in IAM{when}", "warn")
    if one.disagreement:
        yield (f", {DISAGREEMENTS[one.disagreement]}", "bad")


def until(node: Node) -> str:
    """Return the expiry of a node, as a text to follow its state; an empty text if it is unknown.

    For a node that was used after its logged end, return both facts.
    """
    if (end := node.ended) and end.last_success:
        return (
            f": {STATES[end.state][0]} {readable_time(end.at)}, but a call succeeded {readable_time(end.last_success)}"
        )
    if end:
        return f" {readable_time(end.at)}"
    if not node.expires_at:
        return ""
    return f"{_EXPIRY.get(node.state, ', would have expired')} {readable_time(node.expires_at)}"


def _valid(answer: Tree) -> Iterator[Line]:
    inactive = _inactive(answer)
    found = distinct(node for node in answer.nodes if may_be_used(node))
    for node in found[:_VALID_SHOWN]:
        yield line(*_title(node).spans, "  ", STATES[node.state], until(node))
        yield from (with_prefix(one, "    ", "    ") for one in _inactive_lines(node, inactive))
    if len(found) > _VALID_SHOWN:
        yield and_more(f"{len(found) - _VALID_SHOWN:,} more")
    if not found:
        yield line("nothing: everything has expired or was ended")


# containment


def _plan(answer: Tree) -> Iterator[Line]:
    explained = set[str]()
    for step in answer.containment[:_STEPS_SHOWN]:
        yield from _step(step, is_new=step.why not in explained)
        yield from (with_prefix(one, "    ", "    ") for one in already_lines(answer, step))
        explained.add(step.why)
    if len(answer.containment) > _STEPS_SHOWN:
        yield and_more(f"{len(answer.containment) - _STEPS_SHOWN:,} more steps")
    if not answer.containment:
        yield line("nothing is left to contain")
        return
    if any(step.command for step in answer.containment):
        yield line((COMMANDS, "dim"))
    yield line(("Policy changes take minutes to propagate; check for later calls, and run this again.", "dim"))


def already_lines(answer: Tree, step: Step) -> Iterator[Line]:
    """Return that the key of a step is inactive by IAM, and the export; nothing if IAM does not report that."""
    one = _inactive(answer).get(step.target)
    if one and step.action == Action.DEACTIVATE_ACCESS_KEY:
        yield line("already ", *_inactive_text(one), "; check that it still is")
        yield line((source(one), "dim"))


def _step(step: Step, *, is_new: bool) -> Iterator[Line]:
    number = f"{step.order}. ".rjust(4)
    account = f"  in account {step.account_id}" if step.account_id and step.target != step.account_id else ""
    yield line((number, "dim"), f"{ACTIONS[step.action]} ", (step.target, "bold"), account, hang=4)
    if step.ends:
        yield line("ends ", *_numbers(step.ends), indent=4, hang=9)
    if step.survives:
        yield line("still works ", *_numbers(step.survives), indent=4, hang=16)
    yield from command_lines(step, indent=4)
    if is_new:
        yield line((step.why, "dim"), indent=4, hang=4)


def command_lines(step: Step, *, indent: int = 0) -> Iterator[Line]:
    """Return the command of a step, and what to fill in by hand or to do after it."""
    if step.command:
        yield command_line(step.command, indent=indent)
    if step.command_note:
        yield line((step.command_note, "warn"), indent=indent, hang=indent)


def _numbers(ids: Sequence[int]) -> Iterator[Span]:
    shown = " ".join(f"[{id_}]" for id_ in ids[:_IDS_SHOWN])
    yield (shown, "bold")
    if len(ids) > _IDS_SHOWN:
        yield (f" and {len(ids) - _IDS_SHOWN:,} more", "")
