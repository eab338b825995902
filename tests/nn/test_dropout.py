import copy
import pickle
import random

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.nn.sequential import Residual, Sequential

ONES = [1.0] * 1000


class Net(nn.Module):
    def __init__(self):
        self.layer = nn.Layer(3, 3, activation="identity", seed=0)
        self.dropout = nn.Dropout(0.5, seed=1)

    def __call__(self, x):
        return ag.total([*self.dropout(self.layer(x)), ag.Value(0.0)])


def test_a_unit_is_left_out_with_the_rate_and_the_mean_stays():
    kept = nn.Dropout(0.2, seed=0)(ONES)
    assert set(kept) == {0.0, 1.25}
    # The standard deviation of the mean of so many is 0.5 / √1000 < 0.016.
    assert abs(sum(kept) / len(kept) - 1.0) < 5 * 0.016


def test_what_is_left_out_receives_no_derivative():
    xs = [ag.Value(1.0) for _ in range(20)]
    kept = nn.Dropout(0.5, seed=0)(xs)
    assert ag.gradients(ag.total(kept), xs) == [y.data if isinstance(y, ag.Value) else y for y in kept]


def test_after_eval_nothing_is_left_out_anywhere_in_a_module_and_after_train_again():
    net = Net()
    x = [1.0, 2.0, 3.0]
    assert len({net(x).data for _ in range(20)}) > 1
    assert net.eval() is net
    assert {net(x).data for _ in range(3)} == {ag.total(net.layer(x)).data}
    assert len({net.train()(x).data for _ in range(20)}) > 1


def test_the_mode_is_no_parameter():
    assert len(Net().parameters()) == 12


def test_a_seed_repeats_the_masks_and_a_generator_goes_on():
    assert nn.Dropout(0.5, seed=3)(ONES) == nn.Dropout(0.5, seed=3)(ONES)
    generator = random.Random(3)
    assert nn.Dropout(0.5, seed=generator)(ONES) != nn.Dropout(0.5, seed=generator)(ONES)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_rate_that_is_no_probability_below_one_is_refused(rate):
    with pytest.raises(ValueError, match="probability"):
        nn.Dropout(rate)


def test_compiled_masks_differ_from_call_to_call_and_from_lane_to_lane():
    dropout = nn.Dropout(0.5, seed=0)
    masks = ag.jit(lambda xs: ag.vmap(lambda x: ag.total([y * 2.0**k for k, y in enumerate(dropout([x] * 16))]))(xs))
    lanes = np.ones(200)
    first, second = masks(lanes), masks(lanes)
    assert len(set(first)) > 190  # 2^16 masks: that two of 200 are the same happens, that ten are does not
    assert (first != second).any()


def test_compiled_dropout_keeps_the_mean_and_its_derivative_is_its_mask():
    dropout = nn.Dropout(0.25, seed=0)
    f = ag.jit(ag.value_and_grad(lambda xs: ag.total(ag.vmap(lambda x: dropout([x])[0])(xs))))
    value, slopes = f(np.ones(2000))
    assert set(slopes) == {0.0, 1.0 / 0.75}
    assert value == pytest.approx(slopes.sum(), rel=1e-12)
    assert abs(slopes.mean() - 1.0) < 5 * 0.58 / np.sqrt(2000)  # the standard deviation of one is √(1/3)


def test_a_compiled_function_sees_the_mode_change_whether_it_has_the_module_as_argument_or_by_closure():
    net, xs = Net(), np.ones((50, 3))
    for f, args in ((lambda m, x: m(x), (net, xs)), (lambda x: net(x), (xs,))):
        axes = (None, 0) if len(args) == 2 else 0
        compiled = ag.jit(ag.vmap(f, in_axes=axes))
        assert len(set(compiled(*args))) > 1
        net.eval()
        assert compiled(*args) == pytest.approx(ag.total(net.layer([1.0] * 3)).data, rel=1e-12)
        net.train()
        assert len(set(compiled(*args))) > 1


def test_nested_lists_keep_their_shape_and_each_number_is_left_out_on_its_own():
    channels = nn.Dropout(0.5, seed=0)([[[1.0, 1.0], [1.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    assert [[len(row) for row in channel] for channel in channels] == [[2, 2], [2, 2]]
    assert {x for channel in channels for row in channel for x in row} == {0.0, 2.0}
    assert nn.Dropout(0.5, seed=0).eval()(np.ones((1, 2))) == [[1.0, 1.0]]


def test_the_mode_reaches_through_sequential_and_residual_also_of_what_is_compiled():
    model = Sequential(nn.Layer(3, 4, activation="tanh", seed=0), Residual(Sequential(nn.Dropout(0.5, seed=1), "tanh")))
    summed, samples = ag.jit(ag.vmap(lambda x: ag.total(model(x)))), np.ones((50, 3))
    assert len(set(summed(samples))) > 1
    model.eval()
    hidden = [h.data for h in model[0]([1.0] * 3)]
    assert summed(samples) == pytest.approx(sum(h + np.tanh(h) for h in hidden), rel=1e-12)
    assert len(set(summed(samples))) == 1
    model.train()
    assert len(set(summed(samples))) > 1


@pytest.mark.parametrize("seed", [None, 0])
def test_a_copy_goes_on_with_the_masks_of_the_original(seed):
    dropout = nn.Dropout(0.5, seed=seed)
    copies = [copy.deepcopy(dropout), pickle.loads(pickle.dumps(dropout))]
    wanted = dropout(ONES)
    assert all(other(ONES) == wanted for other in copies)
    copies[0].eval()
    assert dropout.training


def test_without_a_seed_pythons_shared_generator_decides():
    random.seed(5)
    first = nn.Dropout(0.5)(ONES)
    assert nn.Dropout(0.5)(ONES) != first
    random.seed(5)
    assert nn.Dropout(0.5)(ONES) == first
