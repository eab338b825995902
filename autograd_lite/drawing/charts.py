"""Charts of training: where a network decides, how the loss falls, how large gradients are, how the loss is curved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.drawing.axes import DASHES, MARKERS, Theme, axes_of, bar_beside, legend_on
from autograd_lite.drawing.theme import mixed
from autograd_lite.engine.extras import require
from autograd_lite.nn.diagnostics import Curvature, GradientNorms
from autograd_lite.nn.module import Module
from autograd_lite.optim.ranges import checked_count
from autograd_lite.train.engines import outputs_of
from autograd_lite.train.history import History, label_losses
from autograd_lite.train.samples import Array, array_of

__all__ = ["decision_boundary", "gradient_norm_chart", "hessian_spectrum", "loss_curve"]

SIZE = (6.0, 4.0)
MARGIN = 0.1
"""Of the range of the data, what is shown beside it."""
SHADES = 12
FAINTEST, STRONGEST = 0.1, 0.55
"""The share of its colour that a region has where the decision is closest, and where it is clearest."""
SPREAD = 100.0
"""How many times numbers on one axis must differ for a logarithmic one."""

Histories: TypeAlias = History | Sequence[History] | Mapping[str, History]


# --- decisions -----------------------------------------------------------------------------------------------------------


def decision_boundary(
    model: Module,
    features: Any,
    targets: Any,
    *,
    level: float = 0.0,
    resolution: int = 120,
    theme: str = "light",
    ax: Any = None,
) -> Any:
    """Draws what a network of two features says everywhere around its samples, and the samples.

    A network with several outputs decides for the largest; the regions of the classes have their colours, the stronger the
    larger that output is beside the next. If there is one class more than outputs, it is the class 0, whose output is always
    0 (see `nn.multivariate_logistic`). A network with one output decides between two classes by the side of a level, on
    which the line is drawn. Where the targets are more than two numbers, there is no line, and samples have the colour of
    their target on the scale of the outputs.

    Arguments:
        model: gives the outputs of a row of two features; one with dropout is put into `eval()` mode before.
        features: a row of two numbers for each sample, as the model takes them.
        targets: a class or a number for each sample.
        level: what one output decides by: 0 of scores and logits, 0.5 of probabilities.
        resolution: into how many places each side of the picture is divided.
        theme: "light" or "dark", the ground of a new figure.
        ax: axes of matplotlib to draw on, in place of a new figure.

    Returns:
        the matplotlib figure, which shows itself in a notebook.

    Raises:
        ValueError: for features that are not two per sample, not as many targets, targets that do not fit the outputs, or
            outputs that are not finite.
        MissingExtraError: without matplotlib.

    >>> from autograd_lite.nn import MLP
    >>> figure = decision_boundary(MLP(2, [3], seed=0), [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 2], resolution=8)
    >>> figure.axes[0].get_legend_handles_labels()[1]
    ['class 0', 'class 1', 'class 2']
    """
    samples, wanted = array_of("features", features), array_of("targets", targets)
    if samples.ndim != 2 or samples.shape[1] != 2 or wanted.shape != samples.shape[:1]:
        raise ValueError(
            f"decision_boundary: features of the shape {samples.shape} and targets of the shape {wanted.shape} were given; "
            "there must be two features and one target for each sample"
        )
    if checked_count("decision_boundary: the resolution", resolution) < 2:
        raise ValueError(f"decision_boundary: the resolution is {resolution}; it must be 2 at least")
    low, high = samples.min(axis=0), samples.max(axis=0)
    margin = MARGIN * np.where(high > low, high - low, 1.0)
    sides = np.linspace(low - margin, high + margin, resolution).T
    places = np.stack(np.meshgrid(*sides), axis=-1)
    outputs = outputs_of(model, places.reshape(-1, 2)).reshape(resolution, resolution, -1)
    if not np.isfinite(outputs).all():
        raise ValueError("decision_boundary: some outputs are not finite; look for the cause with ag.detect_anomaly()")
    axes, colours = axes_of(ax, theme, (5.5, 4.5))
    if outputs.shape[-1] > 1:
        _draw_classes(axes, colours, sides, outputs, samples, wanted)
    else:
        _draw_level(axes, colours, sides, outputs[..., 0], samples, wanted, level)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", xlim=sides[0][[0, -1]], ylim=sides[1][[0, -1]])
    return axes.figure


def _draw_classes(axes: Any, colours: Theme, sides: Array, outputs: Array, samples: Array, targets: Array) -> None:
    count = outputs.shape[-1]
    if targets.max() == count:
        outputs = np.concatenate([np.zeros_like(outputs[..., :1]), outputs], axis=-1)
        count += 1
    strange = [target for target in targets.tolist() if target not in range(count)]
    if strange:
        raise ValueError(f"decision_boundary: targets must be classes from 0 to {count - 1}; there is {strange[0]:g}")
    outputs = outputs / (np.abs(outputs).max() or 1.0)  # so that no difference overflows; only their ratios are seen
    margins = outputs - np.stack([np.delete(outputs, k, axis=-1).max(axis=-1) for k in range(count)], axis=-1)
    levels = np.linspace(0.0, float(margins.max()) or 1.0, SHADES + 1)
    shares = np.linspace(FAINTEST, STRONGEST, SHADES).tolist()
    for k in range(count):
        fill, margin = colours.series[k % len(colours.series)], margins[..., k]
        axes.contourf(*sides, margin, levels=levels, colors=[mixed(colours.ground, fill, share) for share in shares])
        if margin.min() < 0.0 < margin.max():
            axes.contour(*sides, margin, levels=[0.0], colors=[colours.ink], linewidths=1.0)
        _points(axes, colours, samples[targets == k], f"class {k}", k, fill)
    legend_on(axes, colours)


def _draw_level(
    axes: Any, colours: Theme, sides: Array, outputs: Array, samples: Array, targets: Array, level: float
) -> None:
    classes = np.unique(targets)
    if len(classes) > 2:
        smallest, largest = min(outputs.min(), targets.min()), max(outputs.max(), targets.max())
        levels = _round_levels(smallest, largest)
        shown = axes.contourf(*sides, outputs, levels=levels, cmap=colours.rising())
        axes.scatter(*samples.T, c=targets, cmap=shown.cmap, norm=shown.norm, edgecolors=colours.ink, s=25)
        bar_beside(axes, colours, shown, "output, target")
        return
    reach = float(np.abs(outputs - level).max()) or 1.0
    levels = level + _round_levels(-reach, reach)
    shown = axes.contourf(*sides, outputs, levels=levels, cmap=colours.scale())
    if outputs.min() < level < outputs.max():
        axes.contour(*sides, outputs, levels=[level], colors=[colours.ink], linewidths=1.5)
    for k, (target, fill) in enumerate(zip(classes, (colours.negative, colours.positive), strict=False)):
        _points(axes, colours, samples[targets == target], f"target {target:g}", k, fill)
    bar_beside(axes, colours, shown, "output")
    legend_on(axes, colours)


def _round_levels(low: float, high: float) -> Array:
    """About so many levels as there are shades, at round numbers; they enclose both ends."""
    ticker = require("matplotlib.ticker", "data").MaxNLocator(SHADES)
    return np.asarray(ticker.tick_values(low, high), dtype=float)


def _points(axes: Any, colours: Theme, samples: Array, label: str, k: int, fill: str) -> None:
    marker = MARKERS[k % len(MARKERS)]
    axes.scatter(*samples.T, s=25, c=fill, marker=marker, edgecolors=colours.ground, linewidths=0.6, label=label)


# --- training ------------------------------------------------------------------------------------------------------------


def loss_curve(history: Histories, *, log: bool = False, theme: str = "light", ax: Any = None) -> Any:
    """Draws how the loss falls: the mean of each epoch, with dashes that of held-out samples, with dots the kept epoch.

    Arguments:
        history: what `fit` returns; or several, in a list or by names. Of one alone the mini-batches are drawn too.
        log: whether the losses stand on a logarithmic axis.
        theme: "light" or "dark", the ground of a new figure.
        ax: axes of matplotlib to draw on, in place of a new figure.

    Returns:
        the matplotlib figure, which shows itself in a notebook.

    Raises:
        TypeError: for what is no history.
        ValueError: if there is none.
        MissingExtraError: without matplotlib.

    >>> runs = {"slow": History(2, 1, losses=[4.0, 3.0], epoch_losses=[4.0, 3.0])}
    >>> [line.get_label() for line in loss_curve(runs).axes[0].lines]
    ['slow: mini-batches', 'slow']
    """
    runs = _named(history)
    axes, colours = axes_of(ax, theme, SIZE)
    for k, (name, run) in enumerate(runs.items()):
        style = {"colour": colours.series[k % len(colours.series)], "marker": MARKERS[k % len(MARKERS)]}
        run.draw_on(axes, name=name, batches=len(runs) == 1, **style)
    if log:
        _logarithmic(axes)
    label_losses(axes)
    axes.grid(color=colours.quiet, alpha=0.3)
    legend_on(axes, colours)
    return axes.figure


def _named(history: Histories) -> Mapping[str, History]:
    if isinstance(history, History):
        return {"": history}
    several = history if isinstance(history, Iterable) else [history]
    runs = several if isinstance(several, Mapping) else {f"run {k}": run for k, run in enumerate(several, start=1)}
    for run in runs.values():
        if not isinstance(run, History):
            raise TypeError(
                f"loss_curve: a {type(run).__name__} was given; it must be what fit() returns, or several of them"
            )
    if not runs:
        raise ValueError("loss_curve: there is no history; give one at least")
    return runs


def _logarithmic(axes: Any) -> None:
    """A logarithmic axis, where it has a number above 0 to show."""
    if any(np.any(np.asarray(line.get_ydata()) > 0.0) for line in axes.lines):
        axes.set_yscale("log")


# --- gradients and curvature ---------------------------------------------------------------------------------------------


def gradient_norm_chart(norms: GradientNorms | Mapping[str, GradientNorms], *, theme: str = "light", ax: Any = None) -> Any:
    """Draws how large the gradient is in each layer; it vanishes or explodes where the line falls or rises to the left.

    Arguments:
        norms: what `nn.gradient_norms` returns; or several by names.
        theme: "light" or "dark", the ground of a new figure.
        ax: axes of matplotlib to draw on, in place of a new figure.

    Returns:
        the matplotlib figure, which shows itself in a notebook. At a norm of 0 the line leaves its logarithmic axis.

    Raises:
        TypeError: for something else.
        ValueError: if there are none.
        MissingExtraError: without matplotlib.

    >>> figure = gradient_norm_chart({"sigmoid": GradientNorms((1e-6, 1e-3, 1.0))})
    >>> figure.axes[0].get_legend_handles_labels()[1]
    ['sigmoid: vanishing']
    """
    several = norms if isinstance(norms, Mapping) else {"": norms}
    for found in several.values():
        if not isinstance(found, GradientNorms):
            raise TypeError(f"gradient_norm_chart: a {type(found).__name__} was given; give what gradient_norms() returns")
    if not several:
        raise ValueError("gradient_norm_chart: there are no norms; give those of one network at least")
    axes, colours = axes_of(ax, theme, SIZE)
    for (name, found), k, dash in zip(several.items(), range(len(several)), cycle(DASHES), strict=False):
        stroke, label = colours.series[k % len(colours.series)], f"{name}: {found.verdict}" if name else found.verdict
        style = {"color": stroke, "linestyle": dash, "marker": MARKERS[k % len(MARKERS)], "label": label}
        axes.plot(range(1, len(found.norms) + 1), found.norms, **style)
    axes.set(xlabel="layer", ylabel="‖∂E/∂w‖")
    _logarithmic(axes)
    axes.xaxis.set_major_locator(require("matplotlib.ticker", "data").MaxNLocator(integer=True))
    axes.grid(color=colours.quiet, alpha=0.3)
    legend_on(axes, colours)
    return axes.figure


def hessian_spectrum(curvature: Curvature, *, theme: str = "light", ax: Any = None) -> Any:
    """Draws the eigenvalues of a Hessian, the smallest first: blue where the function bends up, orange down, grey flat.

    Arguments:
        curvature: what `nn.hessian_eigenvalues` returns.
        theme: "light" or "dark", the ground of a new figure.
        ax: axes of matplotlib to draw on, in place of a new figure.

    Returns:
        the matplotlib figure, which shows itself in a notebook. Where eigenvalues are of very different sizes, its axis is
        logarithmic on both sides of 0.

    Raises:
        TypeError: for something else.
        MissingExtraError: without matplotlib.

    >>> hessian_spectrum(Curvature((-2.0, 0.0, 2.0), 1e-9, 0.0)).axes[0].get_title()
    'saddle; gradient of norm 0'
    """
    if not isinstance(curvature, Curvature):
        raise TypeError(f"hessian_spectrum: a {type(curvature).__name__} was given; give what hessian_eigenvalues() returns")
    axes, colours = axes_of(ax, theme, SIZE)
    numbers, places = np.array(curvature.eigenvalues), np.arange(1, len(curvature.eigenvalues) + 1)
    parts = {
        "up": (numbers > curvature.tolerance, colours.positive, "^"),
        "flat": (np.abs(numbers) <= curvature.tolerance, colours.quiet, "o"),
        "down": (numbers < -curvature.tolerance, colours.negative, "v"),
    }
    for name, (own, stroke, marker) in parts.items():
        if own.any():
            axes.vlines(places[own], 0.0, numbers[own], color=stroke, linewidth=1.5)
            axes.plot(places[own], numbers[own], marker, color=stroke, markersize=5, label=f"{own.sum()} {name}")
    bent = np.abs(numbers[~parts["flat"][0]])
    if len(bent) and bent.max() > SPREAD * bent.min():
        axes.set_yscale("symlog", linthresh=float(bent.min()))
    axes.axhline(0.0, color=colours.ink, linewidth=0.8)
    axes.set(xlabel="number", ylabel="eigenvalue")
    axes.xaxis.set_major_locator(require("matplotlib.ticker", "data").MaxNLocator(integer=True))
    text = f"{curvature.verdict}; gradient of norm {curvature.gradient_norm:.2g}"  # of 3e-16 further digits say nothing
    axes.set_title(text, parse_math=False, color=colours.ink)
    legend_on(axes, colours)
    return axes.figure
