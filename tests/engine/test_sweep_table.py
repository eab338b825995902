"""The reverse sweep written down, against the reverse sweep."""

import struct

import pytest
from hypothesis import given

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.printing import named
from autograd_lite.engine.sweep import local_derivatives, reverse, topological
from tests.engine.test_paths import MANY, diamonds
from tests.engine.test_random_graphs import on_values
from tests.strategies import examples, graphs


def bits(x):
    return None if x is None else struct.pack("d", x)


@examples(100)
@given(recipe=graphs())
def test_the_rows_are_the_sweep_to_the_bit(recipe):
    _, output = on_values(recipe)
    table, adjoint = ag.sweep_table(output), reverse(output)
    assert [row.node for row in table.rows] == list(reversed(adjoint))
    assert [bits(row.total) for row in table.rows] == [bits(adjoint[row.node]) for row in table.rows]
    for row in table.rows[1:]:
        total = None
        for term in row.terms:
            assert bits(term.s) == bits(adjoint[term.user])
            total = term.product if total is None else total + term.product
        assert bits(total) == bits(row.total)


@examples(60)
@given(recipe=graphs(largest=12))
def test_the_costs_are_those_of_counting_by_hand(recipe):
    inputs, output = on_values(recipe)
    if any(ag.count_paths(output, x) > MANY for x in inputs):
        return
    table, adjoint = ag.sweep_table(output), reverse(output)
    edges = sum(len(local_derivatives(node)) for node, s in adjoint.items() if s is not None)
    reached = sum(s is not None for s in adjoint.values())
    assert table.multiplications == edges
    assert table.additions == edges - (reached - 1)
    spent = [ag.pathwise_gradient(output, node) for node in topological(output) if node.op is None]
    assert table.pathwise_multiplications == sum(cost.multiplications for cost in spent)
    assert table.pathwise_additions == sum(cost.additions for cost in spent)
    assert [row.paths for row in table.rows] == [ag.count_paths(output, row.node) for row in table.rows]


def test_the_sign_of_a_zero_is_kept():
    x = Value(0.0)
    y = x * -0.0
    assert bits(ag.sweep_table(y).rows[-1].total) == bits(-0.0)


def test_the_table_reads_as_the_recurrence():
    a, b = Value(4.0, "a"), Value(3.0, "b")
    c = a + b
    d = a * c
    c.label, d.label = "c", "d"
    table = ag.sweep_table(d)
    assert (
        str(table)
        == repr(table)
        == (
            "node       value  S(node) ⇐ Σ S(user)·z        = S(node)  paths\n"
            "---------  -----  ---------------------------  ---------  -----\n"
            "d = a * c  28     the output                   1          1\n"
            "c = a + b  7      S(d)·z = 1·4                 4          1\n"
            "b          3      S(c)·z = 4·1                 4          1\n"
            "a          4      S(d)·z + S(c)·z = 1·7 + 4·1  11         2\n"
            "\n"
            "the sweep: 4 multiplications and 1 additions; path by path: 2 multiplications and 1 additions"
        )
    )
    assert [str(term) for term in table.rows[-1].terms] == ["S(d)·z = 1 · 7", "S(c)·z = 4 · 1"]


def test_a_node_behind_structural_zeros_has_no_derivative():
    x = Value(-1.0, "x")
    table = ag.sweep_table(x.relu())
    assert (table.rows[-1].total, table.rows[-1].terms, table.rows[-1].paths) == (None, (), 0)
    assert "no path" in str(table)


def test_the_sweep_grows_with_the_edges_where_paths_double():
    """Per diamond four products and two sums, so eight edges' work; all paths cost more than twice as much each time."""
    x = Value(1.0)
    tables = [ag.sweep_table(diamonds(x, count)) for count in range(1, 30)]
    assert [table.multiplications for table in tables] == [4 * count for count in range(1, 30)]
    assert [table.additions for table in tables] == list(range(1, 30))
    assert [table.pathwise_additions for table in tables] == [2**count - 1 for count in range(1, 30)]
    assert [table.pathwise_multiplications for table in tables] == [(2 * count - 1) * 2**count for count in range(1, 30)]


def test_large_tables_are_shown_in_part_and_larger_ones_refused():
    x = Value(1.0)
    shown = str(ag.sweep_table(diamonds(x, 1000)))
    assert len(shown.splitlines()) < 70
    assert "… 2,941 more" in shown
    assert "1.07e+301" in shown
    with pytest.raises(ValueError, match=r"10,001 nodes, the limit is 10,000; use gradients\(\)"):
        ag.sweep_table(ag.total([Value(1.0) for _ in range(10_000)]))


def test_a_node_with_many_users_shows_the_first():
    x = Value(1.0, "x")
    row = ag.sweep_table(ag.total([x] * 100)).rows[-1]
    assert (row.total, len(row.terms)) == (100.0, 100)
    assert max(map(len, row.cells())) < 125


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match="sweep_table: the output is of type int"):
        ag.sweep_table(3)


def test_labels_are_text_in_the_table():
    x = Value(2.0, "<img onerror=alert(1)>")
    html = ag.sweep_table(x * x)._repr_html_()
    assert "<img" not in html
    assert "&lt;img" in html


# --- names ---------------------------------------------------------------------------------------------------------------


def test_names_are_labels_made_unique_and_numbers_for_the_rest():
    labels = ["a", None, "v1", "a", None, "a_2", "", " \n ", "x" * 100, "x" * 101, "tab\there\x00\u202e", 7]
    names = list(named([Value(1.0, label) for label in labels]).values())
    assert names[:8] == ["a", "v2", "v1", "a_3", "v3", "a_2", "v4", "v5"]
    assert names[8:] == ["x" * 29 + "…", "x" * 29 + "…_2", "tab here", "7"]


def test_a_million_nodes_of_one_label_are_named_in_linear_time():
    names = named([Value(1.0, "w") for _ in range(10**5)])
    assert len(set(names.values())) == 10**5
