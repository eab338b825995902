"""The table's operations on a sequence, one row and one node for any number of elements.

Each gives all its partials at once, in linear time, and spares those that are not needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd_lite.engine import notation as forms
from autograd_lite.engine.domain import REAL, sequence
from autograd_lite.engine.operations import choose, divide, equal, exp, less
from autograd_lite.engine.primitive import Scalar, declare_nary


def _swap(args: Sequence[Scalar], out: Scalar, needed: Sequence[object]) -> Sequence[Scalar]:
    half = len(args) // 2
    return [*args[half:], *args[:half]]


def _products_of_others(args: Sequence[Scalar], out: Scalar, needed: Sequence[object]) -> Sequence[Scalar]:
    """Each the product of all arguments before and all after: no division, so that zeros do no harm."""
    before, after = [1.0], [1.0]
    for x in args[:-1]:
        before.append(x * before[-1])
    for x in args[:0:-1]:
        after.append(x * after[-1])
    return [b * a for b, a in zip(before, reversed(after), strict=True)]


def _deviations(args: Sequence[Scalar], scale: Scalar, needed: Sequence[object]) -> Sequence[Scalar | None]:
    middle = divide(total(args), float(len(args)))
    return [(x - middle) * scale if need else None for x, need in zip(args, needed, strict=True)]


def _share_of_ties(args: Sequence[Scalar], out: Scalar, needed: Sequence[object]) -> Sequence[Scalar | None]:
    share = divide(1.0, total([equal(x, out) for x in args]))
    return [equal(x, out) * share if need else None for x, need in zip(args, needed, strict=True)]


SOME_REALS = sequence(REAL)

total = declare_nary(
    "total",
    partials=lambda args, out, needed: [1.0] * len(args),
    domain=SOME_REALS,
    symbol="Σ",
    doc="the sum of a sequence",
    notation=forms.chain(forms.PLUS),
)
product = declare_nary(
    "product",
    partials=_products_of_others,
    domain=SOME_REALS,
    symbol="Π",
    doc="the product of a sequence",
    notation=forms.chain(forms.TIMES),
)
dot = declare_nary(
    "dot",
    partials=_swap,
    domain=sequence(REAL, least=2, multiple=2),
    symbol="·",
    doc="Σ x[k]·y[k] over two sequences",
    notation=forms.sum_of_products(forms.PLUS, forms.TIMES),
)
norm = declare_nary(
    "norm",
    partials=lambda args, out, needed: [divide(x, out) if need else None for x, need in zip(args, needed, strict=True)],
    domain=SOME_REALS.where(lambda *xs: any(x != 0.0 for x in xs), "not all 0"),
    doc="√(Σ x²), without overflow",
    notation=r"\left\lVert #* \right\rVert",
)
var = declare_nary(
    "var",
    partials=lambda args, out, needed: _deviations(args, 2.0 / len(args), needed),
    domain=SOME_REALS,
    doc="the mean squared deviation from the mean",
    notation=r"\operatorname{Var}",
)
std = declare_nary(
    "std",
    partials=lambda args, out, needed: _deviations(args, choose(equal(out, 0.0), 0.0, divide(1.0 / len(args), out)), needed),
    domain=SOME_REALS.where(lambda *xs: any(x != xs[0] for x in xs), "not all equal"),
    doc="the square root of the variance; its partials at equal values are 0",
)
logsumexp = declare_nary(
    "logsumexp",
    partials=lambda args, out, needed: [exp(x - out) if need else None for x, need in zip(args, needed, strict=True)],
    domain=SOME_REALS,
    doc="log(Σ exp(x)), without overflow",
)
UNTIED = SOME_REALS.where(lambda *xs: len(set(xs)) == len(xs), "no two equal")
max = declare_nary(
    "max",
    partials=_share_of_ties,
    active=lambda args, out: [1.0 - less(x, out) for x in args],
    domain=UNTIED,
    doc="the largest of a sequence; n that tie share the derivative, 1/n each",
    notation=r"\max",
)
min = declare_nary(
    "min",
    partials=_share_of_ties,
    active=lambda args, out: [1.0 - less(out, x) for x in args],
    domain=UNTIED,
    doc="the smallest of a sequence; n that tie share the derivative, 1/n each",
    notation=r"\min",
)
pick = declare_nary(
    "pick",
    partials=lambda args, out, needed: [1.0] * len(args),
    active=lambda args, out: [*[equal(args[-1], float(k)) for k in range(len(args) - 1)], 0.0],
    domain=sequence(REAL, least=2).where(
        lambda *xs: xs[-1] == math.floor(xs[-1]) and 0.0 <= xs[-1] < len(xs) - 1, "last a place among the others"
    ),
    symbol="[ ]",
    doc="the element whose place stands last",
    notation=forms.ELEMENT,
)
