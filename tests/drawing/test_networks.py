"""The picture of a network shows its numbers: circles, lines in proportion to weights, outputs, δ, and what is left out."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.drawing.axes import THEMES
from autograd_lite.drawing.networks import WIDEST, draw_network
from autograd_lite.engine.extras import MissingExtraError
from autograd_lite.train.figures import _figure_type
from tests.strategies import examples

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle

X, TARGET = [1.0, -0.5], 0.5


def network(sizes=(3, 1), nin=2, activation="tanh", seed=0):
    model = nn.MLP(nin, list(sizes), activation=activation, seed=seed)
    for k, p in enumerate(model.parameters()):
        p.data += 0.01 * k  # biases, which begin at 0, too
    return model


def circles(figure):
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]


def edges(figure):
    (lines,) = [found for found in figure.axes[0].collections if isinstance(found, LineCollection) and found.zorder == 1]
    return lines


def colours_of(figure):
    return [to_hex(colour) for colour in edges(figure).get_colors()]


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def weights(model, bias=False):
    """The weights in the order of the lines: those into one unit after the other, its bias last."""
    neurons = [neuron for layer in model.layers for neuron in layer.neurons]
    return [p for neuron in neurons for p in [*neuron.w, *([neuron.b] if bias else [])]]


# --- units and lines -----------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 5), min_size=2, max_size=4), st.booleans())
@examples(20)
def test_every_unit_is_a_circle_and_every_weight_a_line(sizes, bias):
    nin, *nouts = sizes
    figure = draw_network(nn.MLP(nin, nouts, seed=0), bias=bias)
    assert len(circles(figure)) == sum(sizes) + bias * len(nouts)
    assert len(edges(figure).get_segments()) == sum((a + bias) * b for a, b in zip(sizes, nouts, strict=False))
    places = {circle.center for circle in circles(figure)}
    assert len(places) == len(circles(figure))
    assert {tuple(end) for segment in edges(figure).get_segments() for end in segment} <= places


@pytest.mark.parametrize("bias", [False, True])
def test_lines_are_as_wide_as_weights_are_large(bias):
    model = network()
    widths = edges(draw_network(model, bias=bias)).get_linewidths()
    numbers = [abs(p.data) for p in weights(model, bias)]
    largest = max(abs(p.data) for p in model.parameters())
    assert list(widths) == pytest.approx([WIDEST * number / largest for number in numbers])


def test_lines_can_be_as_wide_as_gradients():
    model = network()
    slopes = [abs(slope) for slope in ag.gradients(nn.half_squared_error(model(X), TARGET), weights(model, bias=True))]
    figure = draw_network(model, X, TARGET, width="gradient", colour="gradient", bias=True)
    assert list(edges(figure).get_linewidths()) == pytest.approx([WIDEST * slope / max(slopes) for slope in slopes])
    assert legend(figure)[1:] == ["∂E/∂w > 0", "∂E/∂w < 0"]
    assert legend(figure)[0].startswith("|∂E/∂w| = ")


@pytest.mark.parametrize("theme", THEMES)
def test_colours_tell_the_sign(theme):
    model, colours = network(), THEMES[theme]

    def hue(colour):
        """Whether it is nearer to blue than to orange."""
        red, _, blue = bytes.fromhex(colour[1:])
        return 1.0 if blue > red else -1.0

    shown = [hue(colour) for colour in colours_of(draw_network(model, theme=theme))]
    assert shown == [math.copysign(1.0, p.data) for p in weights(model)]
    slopes = ag.gradients(nn.half_squared_error(model(X), TARGET), weights(model))
    shown = [hue(colour) for colour in colours_of(draw_network(model, X, TARGET, colour="gradient", theme=theme))]
    assert shown == [math.copysign(1.0, slope) for slope in slopes]
    assert {hue(colours.positive), hue(colours.negative)} == {1.0, -1.0}


def test_the_largest_number_has_the_full_colour_and_smaller_ones_a_weaker():
    model = nn.MLP(2, [1], bias=False)
    model.storage.write([4.0, -1.0])
    full, weaker = colours_of(draw_network(model))
    assert full == THEMES["light"].positive
    parts = zip(*[bytes.fromhex(c[1:]) for c in (weaker, THEMES["light"].ground, THEMES["light"].negative)], strict=True)
    for found, ground, negative in parts:
        assert found == pytest.approx(ground + 0.65 * (negative - ground), abs=1.0)  # 0.3 + 0.7·√(1/4), rounded to a byte


def test_a_weight_that_is_nan_or_infinite_leaves_the_others_as_they_are():
    model = nn.MLP(4, [1], bias=False)
    model.storage.write([4.0, math.nan, math.inf, -1.0])
    assert list(edges(draw_network(model)).get_linewidths()) == [WIDEST, 0.0, WIDEST, WIDEST / 4.0]


def test_the_legend_says_what_the_widest_line_stands_for():
    model = nn.MLP(2, [1], bias=False)
    model.storage.write([0.5, -2.0])
    assert legend(draw_network(model)) == ["|w| = 2", "w > 0", "w < 0"]


@pytest.mark.parametrize("size", [None, (3.0, 2.0)])
def test_the_legend_stands_below_the_names_of_the_layers(size):
    ax = Figure(figsize=size, layout="constrained").add_subplot() if size else None
    figure = draw_network(network((6, 1)), X, TARGET, ax=ax)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    top = axes.get_legend().get_window_extent().y1
    assert all(text.get_window_extent().y0 > top for text in axes.texts)


# --- numbers -------------------------------------------------------------------------------------------------------------


def test_outputs_stand_in_circles_and_deltas_under_them_as_explain_backprop_has_them():
    model = network((3, 2))
    target = [0.5, -1.0]
    explained = nn.explain_backprop(model, X, target)
    shown = texts(draw_network(model, X, target, digits=6))
    for layer in explained.layers:
        for h, delta in zip(layer.outputs, layer.deltas, strict=True):
            assert f"{h:.6g}".replace("-", "−") in shown
            assert f"δ {delta:.6g}".replace("-", "−") in shown
    assert sum(text.startswith("δ") for text in shown) == 5
    assert f"E = {explained.value:.6g}" in shown


def test_a_softmax_and_another_loss_are_swept_through():
    model = nn.MLP(2, [3, 3], activation=["tanh", "softmax"], seed=1)
    target = [0.0, 1.0, 0.0]

    def cross_entropy(outputs, targets):
        return ag.total([-t * ag.log(y) for y, t in zip(outputs, targets, strict=True)])

    shown = texts(draw_network(model, X, target, cross_entropy, digits=5))
    for y, t in zip(model(X), target, strict=True):
        assert f"δ {t - y.data:.5g}".replace("-", "−") in shown  # the closed form of softmax with cross-entropy


def test_inputs_alone_give_outputs_and_no_deltas():
    figure = draw_network(network(), X, digits=6)
    shown = texts(figure)
    assert f"{network()(X).data:.6g}".replace("-", "−") in shown
    assert not [text for text in shown if text.startswith(("δ", "E"))]


def test_a_sample_fills_circles_by_the_size_and_sign_of_outputs():
    model = nn.MLP(2, [1], activation=["identity"], bias=False)
    first, second, _ = circles(draw_network(model, [2.0, -2.0]))
    assert to_hex(first.get_facecolor()) == THEMES["light"].above
    assert to_hex(second.get_facecolor()) == THEMES["light"].below
    assert {to_hex(circle.get_facecolor()) for circle in circles(draw_network(model))} == {THEMES["light"].ground}


def test_small_networks_have_their_weights_written_on_the_lines():
    model = network((3, 1))
    shown = texts(draw_network(model, digits=5))
    assert all(f"{p.data:.5g}".replace("-", "−") in shown for p in weights(model))
    assert texts(draw_network(network((5, 1)))) == ["2 inputs", "5 tanh", "1 identity"]


def test_no_text_overlaps_another_or_leaves_the_picture():
    figure = draw_network(network((4, 4, 1), nin=4), [*X, 0.25, 2.0], TARGET, bias=True)
    renderer = figure.canvas.get_renderer()
    figure.draw(renderer)
    boxes = [text.get_window_extent(renderer) for text in [*figure.axes[0].texts, figure.axes[0].get_legend()]]
    for k, box in enumerate(boxes):
        assert not [other for other in boxes[:k] if box.overlaps(other)]
        assert figure.bbox.contains(box.x0, box.y0)
        assert figure.bbox.contains(box.x1, box.y1)
    units = [circle.get_window_extent(renderer) for circle in circles(figure)]
    below = [text for text in figure.axes[0].texts if text.get_text().startswith("δ")]
    assert not [text for text in below for unit in units if text.get_window_extent(renderer).overlaps(unit)]


# --- what is left out ----------------------------------------------------------------------------------------------------


def test_of_a_large_layer_the_first_and_the_last_units_are_drawn():
    model = nn.MLP(784, [30, 3], seed=0)
    x = [k / 784.0 for k in range(784)]
    figure = draw_network(model, x, most=5, digits=6)
    assert len(circles(figure)) == 5 + 5 + 3
    assert len(edges(figure).get_segments()) == 5 * 5 + 5 * 3
    shown = texts(figure)
    assert "… 784 units" in shown
    assert "1 input" in texts(draw_network(nn.MLP(1, [2])))
    assert "… 30 units" in shown
    assert {f"{x[k]:.6g}" for k in (0, 1, 2, 782, 783)} <= set(shown)
    assert f"{x[3]:.6g}" not in shown
    assert "784 inputs" in shown


def test_lines_of_the_units_that_are_drawn_have_their_own_weights():
    model = nn.MLP(9, [1], bias=False)
    model.storage.write([float(k) for k in range(1, 10)])
    widths = edges(draw_network(model, most=4)).get_linewidths()
    assert list(widths) == pytest.approx([WIDEST * k / 9.0 for k in (1, 2, 8, 9)])


# --- where it is drawn ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", THEMES)
def test_a_figure_has_the_ground_of_its_theme_and_shows_itself(theme):
    figure = draw_network(network(), X, TARGET, theme=theme)
    assert isinstance(figure, Figure)
    assert to_hex(figure.get_facecolor()) == THEMES[theme].ground
    assert {text.get_color() for text in figure.axes[0].texts} == {THEMES[theme].ink}
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(("ground", "theme"), [("white", "light"), ("#202020", "dark")])
def test_given_axes_are_drawn_on_in_the_colours_of_their_ground(ground, theme):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    left.set_facecolor(ground)
    assert draw_network(network(), ax=left) is figure
    assert left.patches
    assert not right.patches
    assert left.texts[0].get_color() == THEMES[theme].ink


def test_drawing_leaves_pyplot_alone():
    code = (
        "import sys\nfrom autograd_lite import nn\nfrom autograd_lite.drawing.networks import draw_network\n"
        "assert 'matplotlib' not in sys.modules\n"
        "draw_network(nn.MLP(2, [2, 1]), [1.0, 1.0], 0.0)._repr_png_()\nassert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_drawing_leaves_the_model_alone():
    model = network()
    before = [(p.data, p.grad) for p in model.parameters()]
    draw_network(model, X, TARGET)
    assert [(p.data, p.grad) for p in model.parameters()] == before


# --- refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": [1.0]}, "1 inputs were given to a network of 2"),
        ({"target": 1.0}, "without an x"),
        ({"width": "gradient"}, "needs an x and a target"),
        ({"x": X, "colour": "gradient"}, "needs an x and a target"),
        ({"colour": "red"}, "'red'; it must be one of 'weight', 'gradient'"),
        ({"most": 1}, "two units at least"),
        ({"digits": 0}, "draw_network: digits is 0; it must be a whole number from 1 to 17"),
        ({"theme": "pink"}, "known are light, dark"),
        ({"x": X, "target": 1.0, "loss": "least"}, "unknown loss"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        draw_network(network(), **options)


def test_what_has_no_layers_side_by_side_is_refused():
    with pytest.raises(TypeError, match="draw_network: most is 'all' of type str; it must be a whole number"):
        draw_network(network(), most="all")
    with pytest.raises(TypeError, match="must be an MLP, a Layer or a Sequential"):
        draw_network(nn.Conv1d(1, 1, 2))
    with pytest.raises(TypeError, match="must be a Value"):
        draw_network(network(), X, TARGET, lambda outputs, target: 1)


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    _figure_type.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)  # so that importing it fails
    with pytest.raises(MissingExtraError, match=r"pip install 'autograd_lite\[data\]'"):
        draw_network(network())
