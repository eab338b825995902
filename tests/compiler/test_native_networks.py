"""Networks as machine code: derivatives of losses over many shapes, whose buffers share memory in many ways."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.compiler.backends.native import machine as native_machine
from tests.strategies import examples

pytestmark = pytest.mark.skipif(
    not native_machine.has_native(), reason="native code needs llvmlite: pip install 'autograd_lite[native]'"
)

LOSSES = {
    "cross entropy": nn.softmax_cross_entropy,
    "squares": lambda outputs, label: ag.dot(outputs, outputs) - 2.0 * ag.pick(outputs, label),
    "logsumexp": lambda outputs, label: ag.logsumexp(outputs) * (1.0 + label),
}


def layers(kind, inputs, hidden, outputs, activation, rate):
    """A network: layers, with what lies between them."""
    first = nn.Layer(inputs, hidden, activation=activation, init="he", seed=0)
    last = nn.Layer(hidden, outputs, activation="identity", init="he", seed=1)
    between = {
        "plain": [],
        "dropout": [nn.Dropout(rate, seed=2)],
        "residual": [nn.Residual(nn.Layer(hidden, hidden, activation=activation, init="he", seed=3)), "tanh"],
        "maxout": [nn.Maxout(hidden, hidden, 2, seed=4), nn.Dropout(rate, seed=5)],
    }
    return nn.Sequential(first, *between[kind], last)


@examples(40)
@given(
    kind=st.sampled_from(["plain", "dropout", "residual", "maxout"]),
    inputs=st.integers(1, 20),
    hidden=st.sampled_from([1, 2, 3, 8, 15, 16, 33, 40, 64]),
    outputs=st.integers(2, 12),
    samples=st.sampled_from([1, 2, 7, 8, 9, 33, 100]),
    activation=st.sampled_from(["relu", "tanh", "sigmoid", "softplus"]),
    loss=st.sampled_from(sorted(LOSSES)),
    rate=st.sampled_from([0.2, 0.5]),
)
def test_the_derivative_of_a_network_s_loss_is_that_of_numpy(kind, inputs, hidden, outputs, samples, activation, loss, rate):
    dice = np.random.default_rng(0)
    rows, labels = dice.normal(size=(samples, inputs)), (np.arange(samples) % outputs).astype(float)

    def step(model, rows, labels):
        return ag.mean(ag.vmap(lambda row, label: LOSSES[loss](model(row), label))(rows, labels))

    found = {}
    for backend in ("numpy", "native"):
        model = layers(kind, inputs, hidden, outputs, activation, rate)
        gradient = ag.jit(ag.value_and_grad(step), backend=backend)
        found[backend] = [gradient(model, rows, labels) for _ in range(2)]  # masks are drawn anew, alike for both
    for (value, slopes), (wanted, wanted_slopes) in zip(found["native"], found["numpy"], strict=True):
        # Sums of hundreds of terms in another order; each is at most some times as large as the largest slope.
        assert value == pytest.approx(wanted, rel=1e-12, abs=1e-12)
        assert np.abs(np.asarray(slopes) - np.asarray(wanted_slopes)).max() <= 1e-11 * (1.0 + np.abs(wanted_slopes).max())
