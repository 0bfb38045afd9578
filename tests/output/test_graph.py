"""The lineage as Mermaid and DOT."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forensics.case import Case
from forensics.output.graph import Graph, to_dot, to_mermaid, tree_graph, who_graph
from tests.simulator import sample

HOSTILE = '"]; click n0 call alert()\n%%{init: {"theme":"x"}}%% <script>`**b**`</script> \\N \\" }'
MERMAID_LINE = re.compile(
    r'    n\d+\["(?P<label>[^"\[\]{}()<>%`\\|]*)"\](:::\w+)?'
    r'|    n\d+ (-->|-\.->)(\|"[^"\[\]{}()<>%`\\|]*"\|)? n\d+'
    r"|    classDef \w+ [\w#:,-]+"
)
STRING = r'"(?:[^"\\\n]|\\.)*"'
DOT_LINE = re.compile(rf"    (?:n\d+|n\d+ -> n\d+|node|edge) \[(?:\w+=(?:{STRING}|\w+)(?:, )?)+\];")


@pytest.fixture
def case(sample_case: Path) -> Case:
    return Case.open(sample_case)


def check_mermaid(text: str) -> None:
    """Assert that every line has one of the known forms, for any label."""
    head, *lines = text.splitlines()
    assert head == "flowchart TD"
    for line in lines:
        assert MERMAID_LINE.fullmatch(line.replace("<br/>", " ")), line


def check_dot(text: str) -> None:
    first, *inner, last = text.splitlines()
    assert (first, last) == ("digraph lineage {", "}")
    for line in inner:
        assert DOT_LINE.fullmatch(line), line


def check(graph: Graph) -> None:
    check_mermaid(to_mermaid(graph))
    check_dot(to_dot(graph))


def test_a_chain_runs_from_the_actor_to_the_subject(case: Case) -> None:
    graph = who_graph([case.who(sample.DEEP_KEY)])
    check(graph)
    labels = {id_: texts for id_, (texts, _) in graph.nodes.items()}
    ways = [(labels[edge.parent][0], labels[edge.child][0]) for edge in graph.edges]
    assert ways == [
        (sample.SECOND_HOP_KEY, sample.DEEP_KEY),
        (sample.FIRST_HOP_KEY, sample.SECOND_HOP_KEY),
        (sample.LEAKED_KEY, sample.FIRST_HOP_KEY),
        ("IAM user", sample.LEAKED_KEY),
    ]
    assert all(edge.is_certain for edge in graph.edges)


def test_what_several_answers_go_through_is_one_node(case: Case) -> None:
    graph = who_graph(case.who_all([sample.DEEP_KEY, sample.SECOND_HOP_KEY]))
    assert len(graph.nodes) == 5


def test_nobody_is_named_who_is_not_known(case: Case) -> None:
    for subject in (sample.BEFORE_COVERAGE_KEY, "ASIAQQQQQQQQQQQQQQQQ"):
        graph = who_graph([case.who(subject)])
        check(graph)
        (edge,) = graph.edges
        assert not edge.is_certain
        assert graph.nodes[edge.parent][0][0] == "unknown"


def test_a_tree_has_all_its_nodes_and_marks_what_is_doubtful(case: Case) -> None:
    answer = case.tree(sample.LEAKED_KEY)
    graph = tree_graph(answer)
    check(graph)
    assert len(graph.nodes) == len(answer.nodes) == len(graph.edges) + 1
    assert sum(not edge.is_certain for edge in graph.edges) == sum(not node.certain for node in answer.nodes[1:])
    assert tree_graph(case.tree("ASIAQQQQQQQQQQQQQQQQ")).nodes


def test_a_label_is_only_text() -> None:
    graph = Graph()
    one, other = graph.node("a", [HOSTILE, None, "x" * 10_000]), graph.node("b", ["end"])
    graph.edge(one, other, [HOSTILE], is_certain=False)
    check(graph)
    assert len(to_dot(graph)) < 2_000


def test_a_label_has_the_lines_that_it_was_given() -> None:
    """Mermaid breaks a line at a backslash followed by n, even if they are entities."""
    graph = Graph()
    graph.node("a", ["one\ntwo", "C:\\new"])
    (label,) = re.findall(r'"(.*)"', to_mermaid(graph))
    assert label == "one#8726;ntwo<br/>C:#8726;new"


def test_the_same_way_is_drawn_once() -> None:
    graph = Graph()
    for _ in range(2):
        graph.edge(graph.node("a", ["a"]), graph.node("b", ["b"]), ["x"])
    assert len(graph.edges) == 1
