"""Scopes: which part of a program made a node."""

import gc
import threading
import weakref

import pytest

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.engine.scope import Call, Scope, marks
from autograd_lite.nn import MLP, Dropout, Layer, Module, Neuron


def names(node):
    """The names of the scopes that a node was made in, the outermost first."""
    found = []
    scope = marks(node)[0] if marks(node) else None
    while scope is not None:
        found.append(scope.owner)
        scope = scope.parent
    return found[::-1]


def test_scopes_nest_and_end():
    x = Value(2.0)
    with ag.name_scope("outer"):
        a = x * x
        with ag.name_scope("inner"):
            b = a + x
        c = b.exp()
    d = c + 1.0
    assert [names(node) for node in (a, b, c, d)] == [["outer"], ["outer", "inner"], ["outer"], []]


def test_leaves_are_made_in_scopes_too():
    outside = Value(1.0)
    with ag.name_scope("here"):
        inside = Value(2.0)
    assert (names(outside), names(inside)) == ([], ["here"])


def test_a_scope_is_a_decorator():
    @ag.name_scope("square")
    def square(x):
        return x * x

    x = Value(3.0)
    first, second = square(x), square(x)
    assert names(first) == names(second) == ["square"]
    assert marks(first)[0] is not marks(second)[0]  # two runs


def test_an_error_ends_a_scope():
    with pytest.raises(ZeroDivisionError), ag.name_scope("doomed"):
        raise ZeroDivisionError
    assert names(Value(1.0) + 1.0) == []


def test_other_threads_do_not_see_a_scope():
    made = []
    x = Value(1.0)
    with ag.name_scope("here"):
        thread = threading.Thread(target=lambda: made.append(x * x))
        thread.start()
        thread.join()
    assert names(made[0]) == []


@pytest.mark.parametrize(("name", "error"), [(3, TypeError), (None, TypeError), ("", ValueError), (" \n", ValueError)])
def test_a_name_is_a_text_that_shows(name, error):
    with pytest.raises(error, match="name_scope: the name is"), ag.name_scope(name):
        pass


def test_what_a_call_returns_is_marked_from_the_inside_out():
    model = MLP(2, [1], seed=0)
    score = model([Value(1.0), 2.0])
    assert [mark.owner for mark in marks(score)] == [model.layers[0], model]
    assert all(type(mark) is Call for mark in marks(score))


def test_calls_within_a_scope_are_scopes():
    model = MLP(2, [1], seed=0)
    with ag.name_scope("model"):
        score = model([1.0, 2.0])
    assert type(marks(score)[0]) is Scope
    assert names(score) == ["model", model, model.layers[0]]


def test_leaves_and_what_was_there_before_are_not_marked():
    layer, handing_on = Layer(2, 2, seed=0), Dropout(0.5).eval()
    hidden = layer([1.0, 2.0])
    before = [marks(node) for node in hidden]
    for _ in range(3):
        assert handing_on(hidden) == hidden
    assert [marks(node) for node in hidden] == before
    leaf = Value(1.0)
    handing_on([leaf])
    assert marks(leaf) == ()


def test_a_generator_is_read_once():
    model = MLP(2, [1], seed=0)
    given = model(Value(x) for x in (1.0, 2.0))
    assert given.data == model([1.0, 2.0]).data


def test_an_iterator_is_read_no_further_than_the_module_reads_it():
    class Noisy(Module):
        def __call__(self, x, noise, *, more):
            return x * next(noise) + next(more)

    noise, more = iter([0.5, 0.25]), (k / 4.0 for k in range(10**9))
    module = Noisy()
    assert module(Value(2.0), noise, more=more).data == 1.0
    assert module(Value(2.0), noise, more=more).data == 0.75


def test_calls_of_other_kinds_than_methods_stay_as_they_are():
    class Still(Module):
        @staticmethod
        def __call__(x):
            return x * x

    class Named(Module):
        @classmethod
        def __call__(cls, x):
            return x * x

    assert Still()(Value(3.0)).data == Named()(Value(3.0)).data == 9.0


def test_what_holds_itself_is_looked_at_once():
    class Knot(Module):
        def __call__(self, x):
            knot = [x * x]
            knot.append(knot)
            return knot

    knot = Knot()
    assert [mark.owner for mark in marks(knot(Value(2.0))[0])] == [knot]


def test_a_wrong_name_is_refused_where_it_is_given():
    with pytest.raises(ValueError, match="must not be empty"):
        ag.name_scope("")


def test_a_model_s_graph_is_freed_without_the_collector():
    model = MLP(2, [3, 1], activation="tanh", seed=0)
    gc.collect()
    gc.disable()
    try:
        x = [Value(1.0), Value(2.0)]
        score = model(x)
        gone = weakref.ref(score)
        del score
        assert gone() is None
    finally:
        gc.enable()


def test_nothing_is_marked_where_nothing_is_recorded():
    neuron = Neuron(1, seed=0)
    with ag.no_grad():
        assert marks(neuron([1.0])) == ()


def test_scopes_and_modules_compile():
    model = MLP(1, [2, 1], activation="tanh", seed=0)

    @ag.jit
    def loss(model, x):
        with ag.name_scope("loss"):
            return (model([x]) - 1.0) ** 2

    with ag.name_scope("outside"):
        assert loss(model, 0.5) == pytest.approx(((model([0.5]) - 1.0) ** 2).data, rel=1e-14)


def test_modules_of_modules_are_named_by_their_places():
    class Pair(Module):
        def __init__(self):
            self.first, self.others = Neuron(1, seed=0), {"second": (Neuron(1, seed=1),)}
            self.again = self.first

    pair = Pair()
    named = dict(pair.named_modules())
    assert list(named) == ["", "first", "others.second.0"]
    assert list(named.values()) == list(pair.modules()) == [pair, pair.first, pair.others["second"][0]]
