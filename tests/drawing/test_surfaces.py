"""The surface of a loss: its plane, its heights and the paths on it are those of the numbers given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.drawing import surfaces
from autograd_lite.drawing.axes import THEMES
from autograd_lite.drawing.surfaces import loss_surface
from tests.strategies import examples

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from matplotlib.colors import to_hex
from matplotlib.figure import Figure

WALK = [[2.0, 1.0], [1.0, 0.5], [0.5, -0.5]]


def bowl(p):
    return p[0] ** 2 + 4.0 * p[1] ** 2


@pytest.fixture
def grid(monkeypatch):
    """What the surface is drawn from: the sides and the heights of the last picture."""
    seen = {}
    draw = surfaces._draw_heights

    def watched(axes, colours, sides, heights):
        seen.update(sides=sides, heights=heights)
        draw(axes, colours, sides, heights)

    monkeypatch.setattr(surfaces, "_draw_heights", watched)
    return seen


def walks(figure):
    """The lines of the paths by their names."""
    axes = figure.axes[0]
    return dict(zip(axes.get_legend_handles_labels()[1], [line.get_xydata() for line in axes.lines[::3]], strict=True))


def line_network(numbers=(3.0, 4.0, 1.0)):
    model = nn.MLP(2, [1])
    model.storage.write(numbers)
    return model


# --- functions of two variables ------------------------------------------------------------------------------------------


def test_heights_are_those_of_the_function(grid):
    figure = loss_surface(bowl, (1.0, 2.0), span=((-1.0, 3.0), (0.0, 1.0)), resolution=5)
    xs, ys = grid["sides"]
    assert xs.tolist() == [-1.0, 0.0, 1.0, 2.0, 3.0]
    assert ys.tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert grid["heights"].tolist() == [[x**2 + 4.0 * y**2 for x in xs] for y in ys]
    assert figure.axes[0].get_xlabel() == "$x_1$"
    assert figure.axes[0].get_xlim() == (-1.0, 3.0)


def test_contours_lie_where_the_function_has_their_level():
    figure = loss_surface(bowl, (0.0, 0.0), span=1.0, resolution=201)
    _, lines = [found for found in figure.axes[0].collections if hasattr(found, "levels")]
    for level, path in zip(lines.levels[1:-1], lines.get_paths()[1:-1], strict=True):
        # Linear interpolation over a step h is off by h²/8 of the second derivative at most, 8 here, on two sides.
        assert np.allclose(path.vertices[:, 0] ** 2 + 4.0 * path.vertices[:, 1] ** 2, level, atol=0.01**2 * 8.0 / 4.0)
    assert (np.diff(lines.levels, n=2) > 0.0).all()  # the lower, the closer


def test_what_has_a_line_has_a_number_and_a_minimum_met_but_for_roundings_is_zero():
    figure = loss_surface(lambda p: bowl(p) + 1e-30, (0.0, 0.0))
    filled, lines = (found for found in figure.axes[0].collections if hasattr(found, "levels"))
    low, *others = figure.axes[1].yaxis.get_majorticklocs()
    assert set(lines.levels) < set(filled.levels)
    assert low == 0.0
    assert others == pytest.approx(lines.levels[1:])


@pytest.mark.parametrize("size", [1.0, 1e-6, 3e7])
def test_the_numbers_beside_the_colours_are_exact_but_for_the_ends(size):
    figure = loss_surface(lambda p: size * bowl(p), (0.0, 0.0), span=1.1)
    _, *inner, _ = figure.axes[1].yaxis.get_majorticklocs()
    assert len(inner) == 5
    assert [float(f"{tick:.3g}") for tick in inner] == pytest.approx(inner, rel=1e-12)  # the digits that are shown


@pytest.mark.parametrize("size", [1e-322, 5e-324, 1e307])
def test_a_surface_at_the_limits_of_floats_is_drawn(size):
    figure = loss_surface(lambda p: size * p[0] + 0.0 * p[1], (0.0, 0.0), resolution=3)
    levels = figure.axes[0].collections[0].levels
    assert (np.diff(levels) > 0.0).all()


def test_paths_are_drawn_point_by_point_from_a_ring_to_a_star():
    figure = loss_surface(bowl, paths={"descent": WALK, "other": WALK[::-1]})
    found = walks(figure)
    assert np.allclose(found["descent"], WALK)
    assert np.allclose(found["other"], WALK[::-1])
    _, ring, star, *_ = figure.axes[0].lines
    assert (ring.get_marker(), star.get_marker()) == ("o", "*")
    assert np.allclose(ring.get_xydata(), WALK[:1])
    assert np.allclose(star.get_xydata(), WALK[-1:])


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=5))
@examples(20)
def test_the_picture_shows_the_whole_of_every_path(walk):
    axes = loss_surface(bowl, paths=[walk], resolution=3).axes[0]
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert all(left < x < right and low < y < high for x, y in walk)


def test_one_path_is_taken_without_a_list_around_it():
    assert list(walks(loss_surface(bowl, paths=WALK))) == ["path 1"]
    assert list(walks(loss_surface(bowl, paths=[WALK, WALK]))) == ["path 1", "path 2"]


def test_a_function_may_branch_and_be_infinite_or_constant(grid):
    loss_surface(lambda p: p[0] if p[0] > 0.0 else ag.log(p[0] + 0.5), (0.0, 0.0), resolution=3)
    assert grid["heights"][0, 2] == 1.0
    assert np.isnan(grid["heights"][0, 0])
    assert loss_surface(lambda p: 0.0 * p[0] + 5.0, (0.0, 0.0))._repr_png_()
    with pytest.raises(ValueError, match="nowhere finite"):
        loss_surface(lambda p: ag.log(p[0] - 9.0), (0.0, 0.0))


# --- directions ----------------------------------------------------------------------------------------------------------


def test_principal_directions_are_those_of_the_path(grid):
    """Steps of 3, and of 1, along orthogonal axes that are not those of the variables: these are the directions."""
    first, second = np.array([1.0, 1.0, 0.0, 0.0]) / np.sqrt(2.0), np.array([0.0, 0.0, 1.0, -1.0]) / np.sqrt(2.0)
    end = np.array([1.0, 2.0, 3.0, 4.0])
    path = [end + 3.0 * first, end - 3.0 * first, end + second, end - second, end]

    def squares(p):
        return ag.total([(x - t) ** 2 for x, t in zip(p, end.tolist(), strict=True)])

    figure = loss_surface(squares, paths={"walk": path}, resolution=5)
    assert np.allclose(np.abs(walks(figure)["walk"]), [[3.0, 0.0], [3.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    xs, ys = grid["sides"]
    assert np.allclose(grid["heights"], [[x**2 + y**2 for x in xs] for y in ys])  # orthonormal, around the end
    assert figure.axes[0].get_xlabel() == "principal direction 1 (90% of the path)"
    assert figure.axes[0].get_ylabel() == "principal direction 2 (10% of the path)"


def test_paths_beside_the_plane_are_drawn_where_they_come_nearest():
    figure = loss_surface(
        lambda p: ag.total(p), [0.0] * 3, directions=([2.0, 0.0, 0.0], [1.0, 1.0, 0.0]), paths={"p": [[3.0, 1.0, 9.0]]}
    )
    assert np.allclose(walks(figure)["p"], [[1.0, 1.0]])  # 1·(2, 0, 0) + 1·(1, 1, 0) is (3, 1, 0)


def test_random_directions_have_the_lengths_of_the_weights_of_each_unit_and_leave_biases():
    model = nn.MLP(3, [4, 2], seed=1)
    pair = surfaces._random(np.array([p.data for p in model.parameters()]), model, seed=0)
    place = {p: k for k, p in enumerate(model.parameters())}
    for layer in model.layers:
        for neuron in layer.neurons:
            length = np.linalg.norm([w.data for w in neuron.w])
            assert np.allclose(np.linalg.norm(pair[:, [place[w] for w in neuron.w]], axis=1), length)
            assert (pair[:, place[neuron.b]] == 0.0).all()
    assert not np.allclose(pair[0], pair[1])


def test_random_directions_are_those_of_their_seed(grid):
    def loss(model):
        return nn.half_squared_error(model([1.0, -2.0]), 0.5)

    found = []
    for seed in (0, 0, 1):
        loss_surface(loss, line_network(), seed=seed, resolution=5)
        found.append(grid["heights"])
    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_a_network_with_its_weights_on_another_scale_has_the_same_surface(grid):
    """relu(c·s)/c = relu(s): what normalisation by filters is for, in Li et al., section 3."""

    def loss(model):
        return ag.mean([nn.half_squared_error(model([x]), abs(x)) for x in (-1.0, 0.5, 2.0)])

    found = []
    for c in (1.0, 8.0):
        model = nn.MLP(1, [2, 1], bias=False)
        model.storage.write([1.0 * c, -0.5 * c, 0.75 / c, 1.5 / c])
        loss_surface(loss, model, resolution=7)
        found.append(grid["heights"])
    assert np.allclose(found[0], found[1], rtol=1e-12)


# --- networks ------------------------------------------------------------------------------------------------------------


def test_the_surface_of_a_network_is_that_of_its_loss_and_leaves_it_alone(grid):
    def loss(model):
        return nn.half_squared_error(model([1.0, 2.0]), 1.0)

    model = line_network()
    before = [p.data for p in model.parameters()]
    loss_surface(loss, model, directions=([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]), resolution=5, span=2.0)
    xs, ys = grid["sides"]
    expected = [[(3.0 + a + 8.0 + 1.0 + b - 1.0) ** 2 / 2.0 for a in xs] for b in ys]
    assert np.allclose(grid["heights"], expected, rtol=1e-14)
    assert [p.data for p in model.parameters()] == before


def test_the_center_of_a_network_is_where_it_is_now():
    path = [[1.0, 1.0, 1.0], [2.0, 3.0, 1.0], [3.0, 4.0, 1.0]]
    figure = loss_surface(lambda model: model([1.0, 1.0]) ** 2, line_network(), paths={"fit": path})
    assert np.allclose(walks(figure)["fit"][-1], [0.0, 0.0], atol=1e-12)


# --- where it is drawn, and refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
def test_the_ground_is_that_of_the_theme_or_of_given_axes(theme):
    figure = loss_surface(bowl, (0.0, 0.0), theme=theme)
    assert to_hex(figure.get_facecolor()) == THEMES[theme].ground
    assert figure._repr_png_().startswith(b"\x89PNG")
    own = Figure()
    axes = own.add_subplot(facecolor=THEMES[theme].ground)
    assert loss_surface(bowl, paths=WALK, ax=axes) is own
    assert axes.lines[0].get_color() == THEMES[theme].series[1]


@pytest.mark.parametrize(
    ("center", "options", "message"),
    [
        (None, {}, "neither a center nor paths"),
        ([1.0], {}, "two variables at least"),
        ([0.0] * 3, {"directions": "pca"}, "need paths"),
        ([0.0] * 3, {"directions": "up"}, "'up'; they must be"),
        ([0.0] * 3, {"directions": ([1.0, 0.0, 0.0], [2.0, 0.0, 0.0])}, "span a plane"),
        ([0.0] * 3, {"directions": ([1.0, 0.0], [0.0, 1.0])}, "of 3 numbers each"),
        ([0.0] * 3, {}, "span a plane"),
        ([0.0] * 3, {"paths": [WALK]}, r"shape \(3, 2\); it must be points of 3"),
        ([0.0] * 2, {"span": 0.0}, "must be a number above 0"),
        ([0.0] * 2, {"span": (1.0, 2.0, 3.0)}, "must be a number above 0"),
        ([0.0] * 2, {"resolution": 1}, "must be 2 at least"),
    ],
)
def test_what_makes_no_surface_is_refused(center, options, message):
    with pytest.raises(ValueError, match=message):
        loss_surface(bowl, center, **options)


def test_a_resolution_is_a_whole_number():
    with pytest.raises(TypeError, match=r"loss_surface: the resolution is 9\.5 of type float; it must be a whole number"):
        loss_surface(bowl, (0.0, 0.0), resolution=9.5)


def test_a_function_must_give_one_number():
    with pytest.raises(TypeError, match="gave a list; it must give one number"):
        loss_surface(lambda p: [p[0], p[1]], (0.0, 0.0))
