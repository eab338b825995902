"""Maxout: the largest of linear pieces."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite.nn.maxout import Maxout
from tests.strategies import examples

SIZES = st.integers(1, 3)


@examples(50)
@given(st.data())
def test_a_unit_is_the_largest_of_its_linear_pieces_and_only_that_one_has_a_derivative(data):
    nin, nout, pieces = data.draw(SIZES), data.draw(SIZES), data.draw(SIZES)
    maxout = Maxout(nin, nout, pieces, seed=data.draw(st.integers(0, 99)))
    x = np.array(data.draw(st.lists(st.floats(-4.0, 4.0), min_size=nin, max_size=nin)))
    for unit in maxout.units:
        for piece in unit:
            piece.b.data = data.draw(st.floats(-4.0, 4.0))
    outputs = maxout(x)
    outputs = [outputs] if nout == 1 else outputs
    for unit, out in zip(maxout.units, outputs, strict=True):
        sums = np.array([np.dot([w.data for w in piece.w], x) + piece.b.data for piece in unit])
        assert out.data == pytest.approx(sums.max(), abs=1e-13)
        slopes = ag.gradients(out, [piece.b for piece in unit])
        if len(sums) == 1 or np.diff(np.sort(sums))[-1] > 1e-12:
            assert slopes == [float(k == sums.argmax()) for k in range(pieces)]
    samples = np.stack([x, x + 1.0])
    compiled = ag.jit(ag.vmap(lambda m, x: ag.total([*m(x), 0.0]) if nout > 1 else m(x), in_axes=(None, 0)))
    wanted = [y.data if nout == 1 else sum(item.data for item in y) for y in map(maxout, samples)]
    assert compiled(maxout, samples) == pytest.approx(wanted, abs=1e-12)


def test_derivatives_stand_up_to_differences():
    assert ag.gradcheck(lambda maxout, x: maxout(x), Maxout(3, 2, 4, seed=3), np.array([0.5, -1.0, 2.0]))


def test_pieces_that_tie_share_the_derivative():
    maxout = Maxout(1, 1, 4, init="constant", seed=0)
    maxout.units[0][3].b.data = -1.0
    assert ag.gradients(maxout([2.0]), [piece.b for piece in maxout.units[0]]) == [1 / 3, 1 / 3, 1 / 3, 0.0]


def test_two_pieces_are_an_absolute_value_and_with_one_that_is_flat_a_relu():
    maxout = Maxout(1, 2, 2, bias=False)
    for piece, weight in zip([piece for unit in maxout.units for piece in unit], (1.0, -1.0, 1.0, 0.0), strict=True):
        piece.w[0].data = weight
    assert [[y.data for y in maxout([x])] for x in (-3.0, 2.0)] == [[3.0, 0.0], [2.0, 2.0]]
    assert repr(maxout) == "Maxout(1 -> 2 of 2 pieces, 4 parameters)"


def test_the_sizes_that_initialisers_ask_for_are_those_of_all_units():
    asked = []
    Maxout(2, 3, 4, init=lambda generator, nin, nout: asked.append((nin, nout)) or [0.0] * nin)
    assert asked == [(2, 3)] * 12


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Maxout(0, 1, 1), "number of inputs is 0"),
        (lambda: Maxout(1, 0, 1), "number of units is 0"),
        (lambda: Maxout(1, 1, 0), "number of pieces is 0"),
        (lambda: Maxout(1, 1, 1, init="magic"), "unknown initialiser 'magic'"),
        (lambda: Maxout(2, 1, 2)([1.0]), "neuron of 2 inputs was given 1"),
    ],
)
def test_what_does_not_fit_raises_with_what_was_given(make, message):
    with pytest.raises(ValueError, match=message):
        make()
