"""The surface of a loss over two directions, with the paths of optimisers on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from autograd_lite.compiler import jit
from autograd_lite.drawing.axes import DASHES, Theme, axes_of, bar_beside, legend_on
from autograd_lite.engine.extras import require
from autograd_lite.engine.value import Value
from autograd_lite.nn.module import Module
from autograd_lite.nn.state import named_parameters
from autograd_lite.optim.ranges import checked_count
from autograd_lite.train.samples import Array, array_of

__all__ = ["loss_surface"]

SHADES = 18
MARGIN = 0.15
"""Of the range of the paths, what is shown beside them."""
FEW_STEPS = 60
"""Up to so many steps of a path are drawn as points."""

Directions: TypeAlias = str | tuple[Sequence[float], Sequence[float]] | None
Span: TypeAlias = float | tuple[tuple[float, float], tuple[float, float]] | None
Paths: TypeAlias = Mapping[str, Any] | Sequence[Any]


class _Plane(NamedTuple):
    """The points origin + a·(first direction) + b·(second direction), and what a and b are called."""

    origin: Array
    directions: Array
    names: tuple[str, str]

    def coordinates(self, points: Array) -> Array:
        """a and b of the point of the plane that is nearest, for each of many points."""
        nearest, *_ = np.linalg.lstsq(self.directions.T, (points - self.origin).T, rcond=None)
        return np.asarray(nearest.T, dtype=float)


def loss_surface(
    f: Callable[[Any], Any],
    center: Any = None,
    *,
    paths: Paths = (),
    directions: Directions = None,
    span: Span = None,
    resolution: int = 41,
    seed: int = 0,
    theme: str = "light",
    ax: Any = None,
) -> Any:
    """Draws a function over a plane as contours, which stand closer the lower they are, and on it the paths of optimisers.

    The plane of a function of two variables is that of the variables. Of more, it lies in two directions through the centre:
    "pca", the principal components of the paths, in which they move most; or "random", in which the weights that lead into
    a unit move by their own length on average and biases stay, so that networks with other scales of weights look alike.
    Paths are drawn where they come nearest to the plane.

    Arguments:
        f: a function of a list of numbers, or of a module, that can be compiled by `jit`.
        center: the point, or the module, whose parameters are the variables. The default is the end of the first path.
        paths: points for each path, by names or in a list. A point has the numbers of all variables in their order.
        directions: "pca", "random", or two directions. The default is "pca" where there are paths, otherwise "random".
        span: how far from the centre to go in the units of the directions, or (from, to) for both. The default shows all
            paths; without any it is 1.
        resolution: at how many places along each side the function is computed.
        seed: what random directions are drawn with.
        theme: "light" or "dark", the ground of a new figure.
        ax: axes of matplotlib to draw on, in place of a new figure.

    Returns:
        the matplotlib figure, which shows itself in a notebook.

    Raises:
        TypeError: if f gives no number.
        ValueError: without a centre and paths, for points of different sizes, for directions or a span that make no plane.
        MissingExtraError: without matplotlib.

    Source: Li, Xu, Taylor, Studer and Goldstein, Visualizing the loss landscape of neural nets, NeurIPS 2018.

    >>> figure = loss_surface(lambda p: p[0] ** 2 + 9 * p[1] ** 2, paths={"descent": [[2.0, 1.0], [1.0, 0.1], [0.0, 0.0]]})
    >>> figure.axes[0].get_legend_handles_labels()[1]
    ['descent']
    """
    walks = _walks(paths)
    point = _point(center, walks)
    if checked_count("loss_surface: the resolution", resolution) < 2:
        raise ValueError(f"loss_surface: the resolution is {resolution}; it must be 2 at least")
    for name, walk in walks.items():
        if walk.ndim != 2 or not len(walk) or walk.shape[1] != len(point):
            raise ValueError(f"loss_surface: path {name!r} has the shape {walk.shape}; it must be points of {len(point)}")
    plane = _plane(point, center, list(walks.values()), directions, seed)
    shown = {name: plane.coordinates(walk) for name, walk in walks.items()}
    sides = _sides(plane.coordinates(point[None, :]), list(shown.values()), span, resolution)
    places = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    heights = _heights(f, center, plane.origin + places @ plane.directions).reshape(resolution, resolution)
    axes, colours = axes_of(ax, theme, (6.0, 4.5))
    _draw_heights(axes, colours, sides, heights)
    _draw_paths(axes, colours, shown)
    axes.set(xlabel=plane.names[0], ylabel=plane.names[1], xlim=sides[0][[0, -1]], ylim=sides[1][[0, -1]])
    return axes.figure


# --- the plane -----------------------------------------------------------------------------------------------------------


def _walks(paths: Paths) -> dict[str, Array]:
    if not isinstance(paths, Mapping):
        several = [paths] if len(paths) and np.ndim(paths[0]) == 1 else paths  # one path alone is taken as well
        paths = {f"path {k}": path for k, path in enumerate(several, start=1)}
    return {name: array_of(f"points of {name}", path) for name, path in paths.items()}


def _point(center: Any, walks: Mapping[str, Array]) -> Array:
    if isinstance(center, Module):
        center = [p.data for p in center.parameters()]
    elif center is None:
        if not walks:
            raise ValueError("loss_surface: neither a center nor paths were given; say where to look")
        center = np.atleast_2d(next(iter(walks.values())))[-1]
    point = array_of("numbers of the center", center)
    if point.ndim != 1 or len(point) < 2:
        raise ValueError(f"loss_surface: the center has the shape {point.shape}; there must be two variables at least")
    return point


def _plane(point: Array, center: Any, walks: Sequence[Array], directions: Directions, seed: int) -> _Plane:
    if directions is None and len(point) == 2:
        return _Plane(np.zeros(2), np.eye(2), ("$x_1$", "$x_2$"))
    kind = directions if directions is not None else "pca" if walks else "random"
    if not isinstance(kind, str):
        pair, names = array_of("directions", kind), ("direction 1", "direction 2")
    elif kind == "pca":
        pair, names = _principal(point, walks)
    elif kind == "random":
        pair, names = _random(point, center, seed), ("random direction 1", "random direction 2")
    else:
        raise ValueError(f"loss_surface: the directions are {kind!r}; they must be 'pca', 'random' or two directions")
    if pair.shape != (2, len(point)) or np.linalg.matrix_rank(pair) < 2:
        raise ValueError(f"loss_surface: the directions must be two of {len(point)} numbers each that span a plane")
    return _Plane(point, pair, names)


def _principal(point: Array, walks: Sequence[Array]) -> tuple[Array, tuple[str, str]]:
    """The two directions in which the paths lie furthest from the point, and which share of their squares that is."""
    points = np.concatenate([point[None, :], *walks]) - point
    if len(points) < 3:
        raise ValueError("loss_surface: principal directions need paths; give some, or directions='random'")
    _, sizes, pair = np.linalg.svd(points, full_matrices=False)
    pair = pair[:2] * np.sign(pair[np.arange(2), np.abs(pair[:2]).argmax(axis=1)])[:, None]  # the same on every machine
    shares = sizes[:2] ** 2 / max(float(np.sum(sizes**2)), np.finfo(float).tiny)
    first, second = (f"principal direction {k} ({share:.0%} of the path)" for k, share in enumerate(shares, start=1))
    return pair, (first, second)


def _random(point: Array, center: Any, seed: int) -> Array:
    """Two normally distributed directions, whose parts are as long as the parts of the point."""
    pair = np.random.default_rng(seed).standard_normal((2, len(point)))
    parts = _parts(center) if isinstance(center, Module) else [[*range(len(point))]]
    for part in parts:
        lengths = np.linalg.norm(pair[:, part], axis=1, keepdims=True)
        pair[:, part] *= np.linalg.norm(point[part]) / lengths
    left = sorted(set(range(len(point))).difference(*parts))
    pair[:, left] = 0.0
    return pair


def _parts(model: Module) -> list[list[int]]:
    """Where the weights of each unit stand among the parameters; of a module without lists of weights all are one part."""
    place = {p: k for k, p in enumerate(model.parameters())}
    parts = [[place[p] for p in item] for item in named_parameters(model).values() if isinstance(item, list)]
    return parts or [[*range(len(place))]]


def _sides(middle: Array, walks: Sequence[Array], span: Span, resolution: int) -> Array:
    """The places along both sides."""
    if span is None and walks:
        points = np.concatenate(walks)
        low, high = points.min(axis=0), points.max(axis=0)
        ranges = high - low
        ranges = np.where(ranges > 1e-3 * ranges.max(), ranges, ranges.max() or 1.0)  # of a straight path, too, a plane
        half = (0.5 + MARGIN) * ranges
        bounds = np.stack([(low + high) / 2.0 - half, (low + high) / 2.0 + half])
    elif span is None or np.ndim(span) == 0:
        reach = 1.0 if span is None else float(span)  # type: ignore[arg-type]  # a number, as it has no dimension
        bounds = np.concatenate([middle - reach, middle + reach])
    else:
        bounds = array_of("span", span).T
    if bounds.shape != (2, 2) or not (bounds[1] > bounds[0]).all():
        raise ValueError(f"loss_surface: the span is {span!r}; it must be a number above 0, or ((from, to), (from, to))")
    return np.linspace(bounds[0], bounds[1], resolution).T


def _heights(f: Callable[[Any], Any], center: Any, points: Array) -> Array:
    """The function at many points; a module is copied and stays as it is."""
    compiled = jit(f)
    moved = None
    if isinstance(center, Module):
        moved = center.with_parameters([Value(p.data) for p in center.parameters()])
    heights = []
    for numbers in points.tolist():
        if moved is not None:
            moved.storage.write(numbers)
        height = compiled(numbers if moved is None else moved)
        if not isinstance(height, (float, Value)):
            raise TypeError(f"loss_surface: the function gave a {type(height).__name__}; it must give one number")
        heights.append(float(height))
    return np.array(heights)


# --- drawing -------------------------------------------------------------------------------------------------------------


def _draw_heights(axes: Any, colours: Theme, sides: Array, heights: Array) -> None:
    finite = heights[np.isfinite(heights)]
    if not finite.size:
        raise ValueError("loss_surface: the function is nowhere finite; look elsewhere, by center and span")
    low, high = finite.min(), finite.max()
    # By cubes: valleys, where optimisers spend their time, and slopes a thousand times as high are both seen.
    levels = _rounded(low + (high - low) * np.linspace(0.0, 1.0, SHADES + 1) ** 3)
    if not (np.diff(levels) > 0.0).all():
        levels = low + np.array([-0.5, 0.5]) * max(1.0, abs(low))
    scale = colours.rising()
    norm = require("matplotlib.colors", "data").BoundaryNorm(levels, scale.N)
    masked = np.ma.masked_invalid(heights)
    shown = axes.contourf(*sides, masked, levels=levels, cmap=scale, norm=norm)
    named = levels[:: max(1, SHADES // 6)]  # those with a line are those with a number
    axes.contour(*sides, masked, levels=named, colors=[colours.quiet], linewidths=0.5)
    shown_as = np.where(np.abs(named) < 1e-9 * (levels[-1] - levels[0]), 0.0, named)  # a minimum met but for roundings
    bar_beside(axes, colours, shown, "value", ticks=shown_as, format="%.3g")


def _rounded(levels: Array) -> Array:
    """Rising levels, those between the first and the last as round as their distances allow."""
    gaps = np.diff(levels)
    with np.errstate(all="ignore"):  # of distances at the limits of floats no round number is found
        steps = 10.0 ** np.floor(np.log10(np.minimum(gaps[:-1], gaps[1:]) / 2.0))
        found = np.concatenate([levels[:1], np.round(levels[1:-1] / steps) * steps, levels[-1:]])
        return found if (np.diff(found) > 0.0).all() else levels


def _draw_paths(axes: Any, colours: Theme, walks: Mapping[str, Array]) -> None:
    """Each path with a ring at its beginning and a star at its end."""
    effects = require("matplotlib.patheffects", "data")
    outline = [effects.Stroke(linewidth=3.5, foreground=colours.ground), effects.Normal()]
    strokes = colours.series[1:]  # the first is of the colour of the surface
    for k, (name, walk) in enumerate(walks.items()):
        stroke, dash = strokes[k % len(strokes)], DASHES[k % len(DASHES)]
        marker = "." if len(walk) <= FEW_STEPS else ""
        axes.plot(
            *walk.T,
            color=stroke,
            linestyle=dash,
            marker=marker,
            linewidth=1.5,
            markersize=5,
            label=name,
            path_effects=outline,
        )
        axes.plot(*walk[0], "o", color=stroke, markerfacecolor=colours.ground, markersize=7)
        axes.plot(*walk[-1], "*", color=stroke, markeredgecolor=colours.ground, markersize=13)
    legend_on(axes, colours)
