"""Programs and Plans of small functions, as text: what a change of the compiler does to them is to be seen in a diff.

The texts stand in `golden/`; after a change that is wanted, `AUTOGRAD_LITE_WRITE_GOLDEN=1 python -m pytest` on this file
writes them anew, to be read before they are kept.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.compiler.lowered import plan_text

GOLDEN = Path(__file__).parent / "golden"


def weighted_sum(w, x, b):
    s = b
    for wi, xi in zip(w, x, strict=True):
        s = s + wi * xi
    return s


def rosenbrock(x):
    s = 0.0
    for k in range(len(x) - 1):
        s = s + 100.0 * (x[k + 1] - x[k] ** 2) ** 2 + (1.0 - x[k]) ** 2
    return s


def perceptron(w, X, y):  # noqa: N803  # matrices have capital letters
    return ag.mean(ag.vmap(lambda x, t: ag.relu(1.0 - t * ag.dot(list(w), list(x))), in_axes=(0, 0))(X, y))


def branching(x):
    return x * x if x > 0.0 else -x


def convolved(kernel, signal):
    width = len(kernel)
    return [ag.dot(list(kernel), list(signal[k : k + width])) for k in range(len(signal) - width + 1)]


def recurrent(w, u, xs):
    h = 0.0
    for x in xs:
        h = ag.tanh(w * h + u * x)
    return h


def quadratic(A, x):  # noqa: N803  # as above
    return x @ A @ x


A = np.arange(9.0).reshape(3, 3)
V = np.array([1.0, -2.0, 0.5])
X = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25], [-1.0, 1.0]])
Y = np.array([1.0, -1.0, 1.0, -1.0])

CASES = {
    "product": (lambda x, y: x * y + y, (2.0, 3.0)),
    "gradient_of_sin": (ag.grad(lambda x: ag.sin(x) * x), (1.0,)),
    "weighted_sum": (weighted_sum, (V, V, 1.0)),
    "weighted_sum_gradient": (ag.grad(weighted_sum, (0, 1)), (V, V, 1.0)),
    "rosenbrock_gradient": (ag.grad(rosenbrock), (np.linspace(-1.0, 1.0, 6),)),
    "perceptron_gradient": (ag.value_and_grad(perceptron), (np.array([0.5, -0.5]), X, Y)),
    "branch_on_a_shared_value": (branching, (-2.0,)),
    "branch_in_every_lane": (lambda xs: ag.total(ag.vmap(branching)(xs)), (V,)),
    "convolution": (convolved, (np.array([1.0, 2.0]), np.arange(5.0))),
    "recurrence": (recurrent, (0.5, 0.25, V)),
    "quadratic_form": (ag.grad(quadratic, 1), (A, V)),
    "gathered": (lambda x: x[[3, 0, 4, 1]] * 2.0, (np.arange(5.0),)),
    "nested_vmap": (lambda a, b: ag.vmap(lambda x: ag.vmap(lambda y: x * y)(b))(a), (V, np.arange(2.0))),
}


@pytest.mark.parametrize("name", CASES)
def test_program_and_plan_are_as_they_were(name):
    f, args = CASES[name]
    compiled = ag.jit(f)
    compiled(*args)  # of a branch both ways
    lowered = compiled.lower(*args)
    text = f"{lowered.program}\n\n{plan_text(lowered.plan)}\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("AUTOGRAD_LITE_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
