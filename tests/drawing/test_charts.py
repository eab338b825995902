"""Charts of training show the numbers they are given: regions where networks decide, losses, norms and eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn
from autograd_lite.drawing.axes import THEMES
from autograd_lite.drawing.charts import decision_boundary, gradient_norm_chart, hessian_spectrum, loss_curve
from autograd_lite.nn.diagnostics import Curvature, GradientNorms
from autograd_lite.train.history import History

pytest.importorskip("matplotlib", reason="matplotlib is not installed")

from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

POINTS = [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]]


def linear(*rows):
    """A layer with weights and bias of each output."""
    model = nn.MLP(len(rows[0]) - 1, [len(rows)])
    model.storage.write([number for row in rows for number in row])
    return model


def curves(figure):
    """The data of all lines of the first axes, by their labels."""
    return {line.get_label(): np.array(line.get_data()) for line in figure.axes[0].lines}


def labels(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def scattered(figure):
    """Points of all scatters."""
    return [found.get_offsets().tolist() for found in figure.axes[0].collections if len(found.get_offsets()) > 1]


def contours(figure):
    """All contours of the first axes, filled or not."""
    return [found for found in figure.axes[0].collections if hasattr(found, "levels")]


def regions(figure):
    """What is filled for each class, and the line around it."""
    found = contours(figure)
    return list(zip(found[::2], found[1::2], strict=True))


# --- decisions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_the_boundary_of_a_linear_unit_is_its_line(level):
    figure = decision_boundary(linear([2.0, 1.0, -2.0]), POINTS, [-1, -1, 1, 1], level=level)
    _, line = contours(figure)
    vertices = np.concatenate([path.vertices for path in line.get_paths()])
    assert line.levels.tolist() == [level]
    assert np.allclose(2.0 * vertices[:, 0] + vertices[:, 1] - 2.0, level, atol=1e-9)  # a linear interpolation is exact
    assert labels(figure) == ["target -1", "target 1"]
    assert scattered(figure) == [POINTS[:2], POINTS[2:]]


def test_a_network_that_is_always_of_one_mind_has_no_boundary():
    figure = decision_boundary(linear([0.0, 0.0, 1.0]), POINTS, [0, 0, 1, 1])
    assert len(contours(figure)) == 1


def test_the_scale_of_outputs_is_even_around_the_level():
    filled, _ = contours(decision_boundary(linear([1.0, 0.0, 3.0]), POINTS, [0, 1, 0, 1], level=3.0))
    assert np.allclose(filled.levels - 3.0, -(filled.levels[::-1] - 3.0))
    assert filled.levels[0] <= 3.0 - 1.1 + 1e-9  # the largest distance from the level, at the margin


@pytest.mark.parametrize("theme", THEMES)
def test_of_several_outputs_the_largest_has_the_region(theme):
    model = linear([-1.0, 0.0, 0.5], [1.0, 0.0, -0.5])
    figure = decision_boundary(model, POINTS, [0, 1, 0, 1], theme=theme)
    for k, (region, line) in enumerate(regions(figure)):
        ends = [np.concatenate([path.vertices for path in part.get_paths()])[:, 0] for part in (region, line)]
        assert (ends[0].min(), ends[0].max()) == pytest.approx([(-0.1, 0.5), (0.5, 1.1)][k])
        assert np.allclose(ends[1], 0.5)  # a linear interpolation is exact
        ground, fill = (np.array(to_rgb(colour)) for colour in (THEMES[theme].ground, THEMES[theme].series[k]))
        strength = [float((np.array(colour[:3]) - ground) @ (fill - ground)) for colour in region.get_facecolor()]
        assert strength == sorted(set(strength))
    assert labels(figure) == ["class 0", "class 1"]
    assert scattered(figure) == [[POINTS[0], POINTS[2]], [POINTS[1], POINTS[3]]]


def test_a_class_without_an_output_has_the_output_zero():
    figure = decision_boundary(linear([1.0, 0.0, -0.5], [0.0, 1.0, -9.0]), POINTS, [0, 1, 2, 1])
    region = contours(figure)[0]
    assert labels(figure) == ["class 0", "class 1", "class 2"]
    assert max(path.vertices[:, 0].max() for path in region.get_paths() if len(path.vertices)) == pytest.approx(0.5)


def test_regions_grow_stronger_with_the_margin_of_the_largest_output():
    figure = decision_boundary(linear([3.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.5]), POINTS, [0, 1, 2, 1])
    region, _ = regions(figure)[0]
    places = [path.vertices for path in region.get_paths()]
    margins = [3.0 * x - max(y, 1.5) for vertices in places if len(vertices) for x, y in vertices]
    assert region.levels[0] == 0.0
    assert len(region.levels) > 10
    assert min(margins) > -0.05  # within a place of the grid: the larger of two is no straight line
    huge = decision_boundary(linear([1e308, 0.0, -5e307], [-1e308, 0.0, 5e307]), POINTS, [0, 1, 0, 1])
    assert all(np.isfinite(part.levels).all() for part in contours(huge))


def test_a_class_that_is_nowhere_decided_for_has_no_region():
    figure = decision_boundary(linear([0.0, 0.0, 1.0], [0.0, 0.0, 0.0]), POINTS, [0, 1, 0, 1])
    first, second = contours(figure)
    assert any(len(path.vertices) for path in first.get_paths())
    assert not any(len(path.vertices) for path in second.get_paths())


def test_numbers_are_points_on_the_scale_of_the_outputs():
    targets = [0.0, 1.0, 2.0, 3.5]
    figure = decision_boundary(linear([1.0, 1.0, 0.0]), POINTS, targets)
    (filled,) = contours(figure)
    (points,) = [found for found in figure.axes[0].collections if len(found.get_offsets()) > 1]
    assert points.get_array().tolist() == targets
    assert points.norm is filled.norm
    assert filled.levels[0] <= -0.3 + 1e-9
    assert filled.levels[-1] >= 3.5
    assert figure.axes[1].get_ylabel() == "output, target"


def test_a_margin_is_left_around_the_samples():
    axes = decision_boundary(linear([1.0, 1.0, 0.0]), POINTS, [0, 0, 1, 1]).axes[0]
    assert axes.get_xlim() == pytest.approx((-0.1, 1.1))
    assert axes.get_ylim() == pytest.approx((-0.2, 2.2))


@pytest.mark.parametrize(
    ("model", "features", "targets", "message"),
    [
        (linear([1.0, 0.0]), [[1.0], [2.0]], [0, 1], "must be two features"),
        (linear([1.0, 0.0, 0.0]), POINTS, [0, 1], "one target for each"),
        (linear([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), POINTS, [0, 1, 5, 0], "classes from 0 to 1; there is 5"),
        (linear([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), POINTS, [0, 1, 0.5, 0], r"classes from 0 to 1; there is 0\.5"),
        (linear([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), POINTS, [0, 1, -1, 0], "classes from 0 to 1; there is -1"),
        (linear([1.0, 0.0, 0.0]), [], [], "two features"),
        (linear([1e308, 1e308, 0.0]), [[10.0, 1.0], [0.0, 0.0]], [0, 1], "outputs are not finite"),
    ],
)
def test_samples_that_cannot_be_drawn_are_refused(model, features, targets, message):
    with pytest.raises(ValueError, match=message):
        decision_boundary(model, features, targets)


def test_a_resolution_of_one_place_is_refused():
    with pytest.raises(ValueError, match="must be 2 at least"):
        decision_boundary(linear([1.0, 0.0, 0.0]), POINTS, [0, 0, 1, 1], resolution=1)
    with pytest.raises(TypeError, match=r"the resolution is 9\.5 of type float; it must be a whole number"):
        decision_boundary(linear([1.0, 0.0, 0.0]), POINTS, [0, 0, 1, 1], resolution=9.5)


# --- training ------------------------------------------------------------------------------------------------------------

RUN = History(2, 2, losses=[4.0, 3.0, 2.0, 1.0], epoch_losses=[3.5, 1.5], validation_losses=[3.0, 2.0])


def test_one_history_is_drawn_with_its_mini_batches():
    found = curves(loss_curve(RUN))
    assert found["mini-batches"].tolist() == [[0.0, 0.5, 1.0, 1.5], [4.0, 3.0, 2.0, 1.0]]
    assert found["mean of the epoch"].tolist() == [[0.5, 1.5], [3.5, 1.5]]
    assert found["validation"].tolist() == [[1.0, 2.0], [3.0, 2.0]]


def test_several_histories_are_told_apart_by_colour_and_marker():
    figure = loss_curve({"one": RUN, "other": History(1, 1, losses=[1.0], epoch_losses=[1.0])}, log=True)
    assert labels(figure) == ["one", "one: validation", "other"]
    one, validation, other = figure.axes[0].lines
    assert one.get_color() == validation.get_color() != other.get_color()
    assert one.get_linestyle() != validation.get_linestyle()
    assert one.get_marker() != other.get_marker()
    assert figure.axes[0].get_yscale() == "log"
    assert loss_curve(History(1, 1, losses=[-1.0], epoch_losses=[-1.0]), log=True).axes[0].get_yscale() == "linear"
    assert list(curves(loss_curve([RUN, RUN]))) == ["run 1", "run 1: validation", "run 2", "run 2: validation"]


def test_the_kept_epoch_is_marked_and_losses_begin_at_zero():
    kept = History(2, 1, losses=[4.0, 3.0], epoch_losses=[4.0, 3.0], validation_losses=[3.0, 4.0], best_epoch=0)
    figure = loss_curve(kept)
    assert curves(figure)["kept"].tolist() == [[1.0, 1.0], [0.0, 1.0]]
    assert figure.axes[0].get_ylim()[0] == 0.0
    assert loss_curve(kept, log=True).axes[0].get_ylim()[0] > 2.0


def test_what_is_no_history_is_refused():
    with pytest.raises(TypeError, match="must be what fit"):
        loss_curve([[1.0, 2.0]])
    with pytest.raises(TypeError, match="a float was given; it must be what fit"):
        loss_curve(1.0)
    with pytest.raises(ValueError, match="no history"):
        loss_curve([])


# --- gradients and curvature ---------------------------------------------------------------------------------------------


def test_gradient_norms_are_a_line_over_layers_with_its_verdict():
    figure = gradient_norm_chart({"deep": GradientNorms((1e-6, 1e-3, 1.0)), "even": GradientNorms((1.0, 2.0))})
    found = curves(figure)
    assert found["deep: vanishing"].tolist() == [[1.0, 2.0, 3.0], [1e-6, 1e-3, 1.0]]
    assert found["even: even"].tolist() == [[1.0, 2.0], [1.0, 2.0]]
    assert figure.axes[0].get_yscale() == "log"
    assert labels(gradient_norm_chart(GradientNorms((1.0, 0.0)))) == ["exploding"]
    assert gradient_norm_chart(GradientNorms((0.0, 0.0)))._repr_png_()


def test_eigenvalues_are_bars_in_three_groups():
    figure = hessian_spectrum(Curvature((-2.0, -1.0, 0.0, 3.0), 1e-9, 0.0))
    found = curves(figure)
    assert found["2 down"].tolist() == [[1.0, 2.0], [-2.0, -1.0]]
    assert found["1 flat"].tolist() == [[3.0], [0.0]]
    assert found["1 up"].tolist() == [[4.0], [3.0]]
    ends = [segment[1].tolist() for bars in figure.axes[0].collections for segment in bars.get_segments()]
    assert sorted(ends) == [[1.0, -2.0], [2.0, -1.0], [3.0, 0.0], [4.0, 3.0]]
    assert figure.axes[0].get_yscale() == "linear"
    assert figure.axes[0].get_title() == "saddle; gradient of norm 0"


def test_a_gradient_that_is_zero_but_for_roundings_is_told_with_two_digits():
    title = hessian_spectrum(Curvature((1.0, 2.0), 1e-9, 3.140184917367550e-16)).axes[0].get_title()
    assert title == "minimum; gradient of norm 3.1e-16"


def test_eigenvalues_of_very_different_sizes_have_a_logarithmic_axis():
    curvature = nn.hessian_eigenvalues(lambda x: 1000.0 * x[0] ** 2 - x[1] ** 2, [0.0, 0.0])
    axes = hessian_spectrum(curvature).axes[0]
    assert axes.get_yscale() == "symlog"
    assert axes.yaxis.get_transform().linthresh == pytest.approx(2.0)
    assert hessian_spectrum(Curvature((0.0, 0.0), 0.0, 0.0))._repr_png_()


def test_other_things_than_diagnoses_are_refused():
    with pytest.raises(TypeError, match="give what gradient_norms"):
        gradient_norm_chart([1.0, 2.0])
    with pytest.raises(ValueError, match="no norms"):
        gradient_norm_chart({})
    with pytest.raises(TypeError, match="give what hessian_eigenvalues"):
        hessian_spectrum([1.0, 2.0])


# --- where it is drawn ---------------------------------------------------------------------------------------------------


DRAWINGS = {
    "decisions": lambda **options: decision_boundary(linear([1.0, 0.0, -0.5]), POINTS, [0, 1, 0, 1], **options),
    "classes": lambda **options: decision_boundary(ag.nn.MLP(2, [3], seed=0), POINTS, [0, 1, 2, 1], **options),
    "losses": lambda **options: loss_curve(RUN, **options),
    "norms": lambda **options: gradient_norm_chart(GradientNorms((1.0, 2.0)), **options),
    "eigenvalues": lambda **options: hessian_spectrum(Curvature((-2.0, 1.0), 1e-9, 0.0), **options),
}


@pytest.mark.slow  # the same on any interpreter
@pytest.mark.parametrize("drawn", DRAWINGS.values(), ids=DRAWINGS)
@pytest.mark.parametrize("theme", THEMES)
def test_text_is_in_ink_on_the_ground_of_the_theme(drawn, theme):
    figure = drawn(theme=theme)
    assert to_hex(figure.get_facecolor()) == THEMES[theme].ground
    for axes in figure.axes:
        texts = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.title, axes.xaxis.label, axes.yaxis.label]
        texts += axes.get_legend().get_texts() if axes.get_legend() else []
        assert {to_hex(text.get_color()) for text in texts} == {THEMES[theme].ink}
    assert figure._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("drawn", DRAWINGS.values(), ids=DRAWINGS)
def test_a_notebook_is_told_in_words_what_a_figure_shows(drawn):
    figure = drawn()
    data, metadata = figure._repr_mimebundle_(include=None, exclude=None)  # as IPython asks
    text = metadata["image/png"]["alt"]  # where nbconvert looks
    assert data == {}
    for axes in figure.axes:
        for part in (axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), *labels(figure)):
            assert part in text


@pytest.mark.parametrize("drawn", DRAWINGS.values(), ids=DRAWINGS)
def test_given_axes_are_drawn_on(drawn):
    figure = Figure()
    _, right = figure.subplots(1, 2)
    assert drawn(ax=right) is figure
    assert right.has_data()


@pytest.mark.parametrize("drawn", DRAWINGS.values(), ids=DRAWINGS)
def test_an_unknown_theme_is_refused(drawn):
    with pytest.raises(ValueError, match="unknown theme 'pink'"):
        drawn(theme="pink")


@pytest.mark.parametrize("drawn", DRAWINGS.values(), ids=DRAWINGS)
def test_a_figure_and_its_axes_are_not_mistaken_for_axes(drawn):
    figure = Figure()
    for given in (figure, (figure, figure.add_subplot())):
        with pytest.raises(TypeError, match="must be axes of matplotlib"):
            drawn(ax=given)
