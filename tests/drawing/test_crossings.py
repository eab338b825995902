"""Few arrows cross: no more than half as many again as in Graphviz's picture of the same boxes and arrows, and two."""

from __future__ import annotations

import itertools
import math
import random
import shutil
import subprocess

import numpy as np
import pytest
from scipy.optimize import linprog

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing.layout import Arrow, Box, lay_out
from autograd_lite.drawing.order import grid_of
from autograd_lite.drawing.scene import scene_of

pytestmark = pytest.mark.slow  # numbers that no interpreter changes

POINTS_PER_PART = 16
"""On every part of a curve, but neither where parts meet nor in the middle: there curves like to cross, corner on corner."""
POINTS = 72.0
"""To the inch, which is Graphviz's unit of length."""

# --- graphs --------------------------------------------------------------------------------------------------------------

UNARY = [ag.exp, ag.tanh, ag.relu, ag.sin, ag.abs]
BINARY = [lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y, ag.maximum]
SEQUENCES = [ag.total, ag.logsumexp, lambda xs: ag.dot(xs, xs[::-1])]


def leaves(dice, count):
    return [Value(dice.uniform(-1.0, 1.0), label=f"x{k}") for k in range(count)]


def woven(dice, size):
    """Operations on results made lately, now and then on old ones, and the total of what is left."""
    nodes, used = leaves(dice, dice.randint(2, 6)), set()
    while len(nodes) < size:
        recent = nodes[-dice.randint(3, 12) :]
        some = [dice.choice(recent if dice.random() < 0.85 else nodes) for _ in range(dice.randint(2, 4))]
        kind = dice.random()
        if kind < 0.35:
            some = some[:1]
            nodes.append(dice.choice(UNARY)(*some))
        elif kind < 0.9:
            some = some[:2]
            nodes.append(dice.choice(BINARY)(*some))
        else:
            nodes.append(dice.choice(SEQUENCES)(some))
        used |= set(some)
    return ag.total([node for node in nodes if node not in used])


def scattered(dice, size):
    """Operations on any results made so far, whether near or far."""
    nodes, used = leaves(dice, dice.randint(3, 8)), set()
    while len(nodes) < size // 2:
        x, y = dice.choice(nodes), dice.choice(nodes)
        nodes.append(dice.choice(BINARY)(x, y) if dice.random() < 0.7 else dice.choice(UNARY)(x))
        used |= {x, y} & set(nodes[-1].args)
    return ag.total([node for node in nodes if node not in used])


def formula(dice, size):
    """A tree of operations whose leaves are a few variables, used many times."""
    variables = leaves(dice, dice.randint(3, 7))
    parts = [dice.choice(variables) for _ in range(size // 3)]
    while len(parts) > 1:
        x, y = (parts.pop(dice.randrange(len(parts))) for _ in range(2))
        z = dice.choice(BINARY)(x, y)
        parts.append(dice.choice(UNARY)(z) if dice.random() < 0.4 else z)
    return parts[0] * 1.0


def network(dice, size):
    """Layers of neurons, each from all of the layer before or some of it, with weights of their own or none."""
    layer = leaves(dice, dice.randint(2, 4))
    nodes, weighted = len(layer), dice.random() < 0.5
    while nodes < 0.8 * size:
        neurons = []
        for k in range(dice.randint(2, 5)):
            some = dice.sample(layer, dice.randint(min(2, len(layer)), len(layer)))
            weights = [Value(dice.uniform(-1.0, 1.0), label=f"w{k}") for _ in some] if weighted else [0.5] * len(some)
            neurons.append(ag.tanh(ag.dot(some, weights)))
            nodes += 2 + len(some) * weighted
        layer = neurons
    return ag.total(layer)


def loss(dice, size):
    """The loss of a small network, whose weights all samples share."""
    inputs, hidden = dice.randint(1, 2), dice.randint(1, 3)
    weights = [leaves(dice, inputs) for _ in range(hidden)]
    out = leaves(dice, hidden)
    terms = []
    for _ in range(max(2, size // (8 + 4 * hidden))):
        x = [dice.uniform(-1.0, 1.0) for _ in range(inputs)]
        score = ag.dot(out, [ag.tanh(ag.dot(w, x)) for w in weights])
        terms.append(ag.relu(1.0 - dice.choice([-1.0, 1.0]) * score))
    return ag.total(terms)


KINDS = [woven, network, scattered, formula, loss]


def picture_of(seed):
    """Boxes and arrows of the graph of a seed: some 20 to 150 boxes; without constants, which stand beside their users."""
    dice = random.Random(seed)
    scene = scene_of(KINDS[seed % len(KINDS)](dice, dice.randint(20, 150)), 4, 1000)
    number = {k: at for at, k in enumerate(k for k, shown in enumerate(scene.boxes) if shown.kind != "constant")}
    boxes = [Box(7.2 * len(scene.number(scene.boxes[k].value)) + 14.0, 53.0) for k in number]
    arrows = [
        Arrow(number[mark.source], number[mark.target], 7.0 * len(mark.text) + 4.0, 12.0)
        for mark in scene.marks
        if mark.source in number
    ]
    return boxes, arrows


# --- curves --------------------------------------------------------------------------------------------------------------


def bezier(a, b, c, d):
    t = ((np.arange(POINTS_PER_PART) + 0.5) / POINTS_PER_PART)[:, None]
    return (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d


def our_curves(boxes, arrows):
    """The arrows as they are drawn, level at each point that they pass."""
    layout = lay_out(boxes, arrows)
    curves = []
    for path in layout.paths:
        parts = []
        for (left, y), (right, end) in itertools.pairwise(path):
            middle = (left + right) / 2.0
            parts.append(bezier(*np.array([(left, y), (middle, y), (middle, end), (right, end)])))
        curves.append(np.concatenate([path[:1], *parts, path[-1:]]))
    return curves


def dots_curves(boxes, arrows):
    """The arrows as `dot` draws them: without texts, which it would have to lead them around, and up to the very box."""
    lines = ['digraph { rankdir=LR; node [shape=box, fixedsize=true, label=""]; edge [arrowhead=none]']
    lines += [f"{k} [width={box.width / POINTS:.4f}, height={box.height / POINTS:.4f}]" for k, box in enumerate(boxes)]
    lines += [f"{arrow.source} -> {arrow.target}" for arrow in arrows]
    done = subprocess.run(["dot", "-Tplain"], input="\n".join([*lines, "}"]), capture_output=True, text=True, check=True)
    curves, waiting = [None] * len(arrows), {}
    for k, arrow in enumerate(arrows):
        waiting.setdefault((arrow.source, arrow.target), []).append(k)
    for words in map(str.split, done.stdout.splitlines()):
        if words[0] == "edge":
            numbers = np.array(words[4 : 4 + 2 * int(words[3])], dtype=float).reshape(-1, 2) * POINTS
            parts = [bezier(*numbers[k : k + 4]) for k in range(0, len(numbers) - 1, 3)]
            curves[waiting[int(words[1]), int(words[2])].pop(0)] = np.concatenate([numbers[:1], *parts, numbers[-1:]])
    return curves


def side(a, b, c):
    """On which side of the line from a to b the point c is."""
    return np.sign((b[..., 0] - a[..., 0]) * (c[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (c[..., 0] - a[..., 0]))


def overlap(one, other):
    """Whether two rectangles (left, top, right, bottom) do."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def cross(one, other):
    """Whether two curves of straight pieces properly cross anywhere."""
    a, b, c, d = one[:-1, None], one[1:, None], other[None, :-1], other[None, 1:]
    return bool(((side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)).any())


def crossings(curves, arrows):
    """How many pairs of arrows cross; pairs that share an end are left out, since `dot` leads them into each other there."""
    corners = [(*curve.min(axis=0), *curve.max(axis=0)) for curve in curves]
    return sum(
        not {*one[:2]} & {*other[:2]} and overlap(corners[i], corners[j]) and cross(curves[i], curves[j])
        for (i, one), (j, other) in itertools.combinations(enumerate(arrows), 2)
    )


# --- claims --------------------------------------------------------------------------------------------------------------

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the program 'dot' of Graphviz is not installed")
engines = pytest.mark.parametrize("curves_of", [our_curves, pytest.param(dots_curves, marks=needs_dot)])


@engines
@pytest.mark.parametrize(("left", "right"), [(2, 2), (3, 4), (5, 3), (6, 6)])
def test_between_two_full_layers_every_two_pairs_cross_once_in_any_order(curves_of, left, right):
    boxes = [Box(50.0, 30.0)] * (left + right)
    arrows = [Arrow(j, left + k, 20.0, 12.0) for k in range(right) for j in range(left)]
    count = crossings(curves_of(boxes, arrows), arrows)
    assert count == math.comb(left, 2) * math.comb(right, 2)


@engines
def test_a_cycle_drawn_in_a_plane_has_no_crossings(curves_of):
    boxes = [Box(50.0, 30.0)] * 6
    arrows = [Arrow(*ends, 20.0, 12.0) for ends in [(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 5), (0, 5)]]
    assert crossings(curves_of(boxes, arrows), arrows) == 0


@pytest.mark.parametrize("seed", range(20))
def test_arrows_pass_at_most_a_tenth_more_columns_than_they_must(seed):
    boxes, arrows = picture_of(seed)
    column = grid_of([False] * len(boxes), [arrow[:2] for arrow in arrows]).column
    ends = np.zeros((len(arrows), len(boxes)))
    for row, arrow in zip(ends, arrows, strict=True):
        row[arrow.target], row[arrow.source] = 1.0, -1.0
    # A linear program whose matrix is that of a network, so that its least sum is one of whole columns.
    least = linprog(ends.sum(axis=0), A_ub=-ends, b_ub=-np.ones(len(arrows)), bounds=(0.0, None))
    assert least.status == 0
    assert least.fun - 1e-6 <= sum(column[arrow.target] - column[arrow.source] for arrow in arrows) <= 1.1 * least.fun


@needs_dot
@pytest.mark.parametrize("seed", range(20))
def test_no_more_than_half_as_many_again_cross_as_in_the_picture_by_graphviz(seed):
    boxes, arrows = picture_of(seed)
    ours, theirs = (crossings(curves_of(boxes, arrows), arrows) for curves_of in (our_curves, dots_curves))
    assert ours <= 1.5 * theirs + 2
