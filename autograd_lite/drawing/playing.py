"""play: a function whose leaves are sliders in a notebook, and its graph, which follows them."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from inspect import signature
from typing import Any

from autograd_lite.drawing.options import check_most
from autograd_lite.drawing.picture import Picture, draw
from autograd_lite.drawing.play_replay import Replay
from autograd_lite.drawing.play_screen import Screen
from autograd_lite.drawing.scene import shortened
from autograd_lite.engine.extras import require
from autograd_lite.engine.operand import number
from autograd_lite.engine.value import Value

__all__ = ["Leaf", "Play", "play"]

LIMIT = 2_000
"""Nodes; a move of so many takes some sixty milliseconds, one of five hundred fifteen."""

STEPS = 200
"""A slider has so many steps at least."""

LONGEST = 300
"""Characters, of a message beside the sliders."""


@dataclass(frozen=True)
class Leaf:
    """A leaf of the function: its name, the ends of its slider, and its number at the start; a fixed one has no slider."""

    name: str
    low: float
    high: float
    start: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.low, self.high, self.start, self.high - self.low))):
            raise ValueError(f"play: the range of {self.name} is {self._range}; it must be finite")
        if not self.low <= self.start <= self.high:
            raise ValueError(
                f"play: the range of {self.name} is {self._range}; it must be (low, high) or (low, high, start) with low < "
                "high, and the start between them"
            )

    @property
    def _range(self) -> str:
        return f"({self.low:g}, {self.high:g}, {self.start:g})"

    @property
    def is_fixed(self) -> bool:
        return self.low == self.high

    @property
    def step(self) -> float:
        """1, 2 or 5 times a power of ten, so that the slider stops at round numbers."""
        finest = (self.high - self.low) / STEPS
        exponent = math.floor(math.log10(finest))
        return max([x for m in (1, 2, 5) if (x := float(f"{m}e{exponent}")) <= finest], default=finest)


def leaf_of(name: str, given: Any) -> Leaf:
    """The leaf that a keyword of `play` describes."""
    if not isinstance(given, (tuple, list)):
        x = number(given, f"play({name}=)")
        return Leaf(name, x, x, x)
    if len(given) not in (2, 3):
        raise ValueError(
            f"play: {name} is given as {len(given)} numbers; wanted are (low, high), (low, high, start), or one number"
        )
    low, high, *start = [number(x, f"play({name}=)") for x in given]
    if not low < high:
        raise ValueError(f"play: {name} goes from {low:g} to {high:g}; the lower end must come first")
    return Leaf(name, low, high, start[0] if start else low / 2.0 + high / 2.0)


class Play:
    """Sliders for the leaves of a function, and its graph, in a notebook; `play` makes it.

    Where widgets do not run, in a saved notebook without its kernel, on a page made of it, or where notebooks are not
    trusted, there is the picture as it was when the cell showed it. A notebook that keeps the state of its widgets, as one
    does that `jupyter nbconvert --execute` runs, shows sliders at their start instead, which nothing answers.

    Arguments:
        replay: of the function.
        leaves: its leaves.
        options: those of `draw` that say how the picture looks.

    Attributes:
        position: the number of each leaf, by its name, in the picture that is shown.
        widget: the widget itself, to be put into others.
    """

    def __init__(self, replay: Replay, leaves: Sequence[Leaf], options: Mapping[str, Any]) -> None:
        kind = _widget_class()
        self._replay, self._leaves, self._options = replay, tuple(leaves), options
        scene = draw(Value(0.0), **options).scene  # the options are draw's, and so is what is said of wrong ones
        self._screen = Screen(scene.digits, replace(scene.look, legend=False))
        self._recording = replay.at([leaf.start for leaf in leaves])
        self.position = {leaf.name: leaf.start for leaf in leaves}
        sliders = [
            {"name": leaf.name, "low": leaf.low, "high": leaf.high, "step": leaf.step}
            for leaf in self._leaves
            if not leaf.is_fixed
        ]
        self.widget = kind(setup={"sliders": sliders, "first": self._shown(whole=True)})
        self.widget.on_msg(lambda widget, content, buffers: widget.send(self.answer(content)))

    @property
    def picture(self) -> Picture:
        """The picture of the graph as it is now, to be kept: it does not move."""
        return draw(self._recording.output, **self._options, limit=self._recording.boxes)

    def move(self, **numbers: float) -> None:
        """Moves sliders, here and in every notebook cell that shows them.

        Arguments:
            numbers: of leaves that have a slider, by name; the others stay where they are.

        Raises:
            TypeError: for a name that is not that of a slider, and for what is no number.
            ValueError: for a number off its slider.
            Exception: whatever the function raises there.
        """
        names = [leaf.name for leaf in self._moving]
        unknown = [name for name in numbers if name not in names]
        if unknown:
            raise TypeError(f"play: there is no slider {unknown[0]!r}; there are {', '.join(names) or 'none'}")
        self._go([numbers.get(leaf.name, self.position[leaf.name]) for leaf in self._moving])
        self.widget.send(self._shown() | {"message": ""})

    def answer(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """What is sent to a page that has sent this.

        Arguments:
            content: what the page wants: "position", the numbers of all sliders, or "whole", to be told all that is shown.
                "view" says who asks, for the answer to say it too.

        Returns:
            what the page shall change (see `Screen.update`); "position", where the picture's sliders stand; "view"; and
            "message", which says what is wrong if the function could not be computed there.
        """
        reply: dict[str, Any] = {"view": content.get("view", ""), "message": ""}
        try:
            if "position" in content:
                self._go(content["position"])
        except Exception as error:  # of the user's function, which another position may not have
            text = shortened(f"{type(error).__name__}: {error}", LONGEST)
            return reply | {"message": text}
        return self._shown(whole=bool(content.get("whole"))) | reply

    @property
    def _moving(self) -> list[Leaf]:
        return [leaf for leaf in self._leaves if not leaf.is_fixed]

    def _go(self, numbers: Sequence[Any]) -> None:
        if len(numbers) != len(self._moving):
            raise ValueError(f"play: {len(numbers)} numbers were given for {len(self._moving)} sliders")
        moved = dict(self.position)
        for leaf, given in zip(self._moving, numbers, strict=True):
            x = moved[leaf.name] = number(given, f"play: {leaf.name}")
            if not leaf.low <= x <= leaf.high:
                raise ValueError(f"play: {leaf.name} is {x:g}; its slider goes from {leaf.low:g} to {leaf.high:g}")
        self._recording = self._replay.at(list(moved.values()))
        self.position = moved

    def _shown(self, *, whole: bool = False) -> dict[str, Any]:
        position = [self.position[leaf.name] for leaf in self._moving]
        return self._screen.update(self._recording, whole=whole) | {"position": position}

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The widget, and for where it does not run the picture as it is now."""
        bundle = self.widget._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        still = f"{self.picture._repr_html_()}<p>{html.escape(self._place())}. {STILL}</p>"
        return {**data, "text/html": still, "text/plain": repr(self)}, metadata

    def _place(self) -> str:
        return ", ".join(f"{shortened(name)} = {x:.6g}" for name, x in self.position.items())

    def __repr__(self) -> str:
        return f"play at {self._place()}: {self.picture!r}"


STILL = "The sliders move it in a running notebook."


@cache
def _widget_class() -> Any:
    """The class of the widget, made when it is first wanted: its library is optional."""
    base, traits = require("anywidget", "notebooks").AnyWidget, require("traitlets", "notebooks")
    script = files("autograd_lite.drawing").joinpath("play.js").read_text(encoding="utf-8")
    return type("PlayWidget", (base,), {"__module__": __name__, "_esm": script, "setup": traits.Dict().tag(sync=True)})


def play(
    f: Callable[..., Any],
    /,
    *,
    direction: str = "right",
    theme: str = "light",
    digits: int = 4,
    limit: int = LIMIT,
    **leaves: Any,
) -> Play:
    """The graph of a function with a slider for each of its leaves: moving one moves all numbers, derivatives and colours.

    The function is compiled: a move replays it forward and backward, and sends to the page what has changed. Where a branch
    of the function goes another way, its other graph is recorded, and drawn. What it reads besides its leaves is as for
    `jit`: Values and modules are read anew at every move, other numbers are part of what is compiled. An error that
    it raises stands beside the sliders until they are moved on; at the start it is raised here.

    Arguments:
        f: takes Values by name, and returns one.
        direction, theme, digits: as for `draw`.
        limit: how many nodes the graph may have at most.
        leaves: each (low, high), which starts in the middle, (low, high, start), or a number, which has no slider.

    Returns:
        what shows itself in a notebook: sliders, where widgets run, and a picture elsewhere, in a saved notebook say.

    Raises:
        TypeError: if the function is none, does not take these leaves, or does not return a Value.
        ValueError: for a range that is none, an option that makes no sense, or a graph beyond the limit.
        MissingExtraError: if anywidget is not installed.

    In a notebook, `ag.play(lambda x, y: ag.sin(x) * y + x**2, x=(-3, 3), y=(0.0, 2.0, 0.5))` shows two sliders and a graph.

    >>> play(lambda x: x**2, x=(3, -3))
    Traceback (most recent call last):
    ValueError: play: x goes from 3 to -3; the lower end must come first
    """
    if not callable(f):
        raise TypeError(f"play: the function is of type {type(f).__name__}; give something that can be called")
    check_most("play", limit)
    if not leaves:
        raise TypeError(
            "play: no leaf is given; name them with their ranges, play(f, x=(-3, 3)), but not direction, theme, digits or "
            "limit, which are options"
        )
    wanted = [leaf_of(name, given) for name, given in leaves.items()]
    _check_names(f, leaves)
    return Play(Replay(f, leaves, limit), wanted, {"direction": direction, "theme": theme, "digits": digits})


def _check_names(f: Callable[..., Any], leaves: Mapping[str, Any]) -> None:
    """Looks whether a function takes these arguments, if Python knows what it takes."""
    try:
        parameters = signature(f)
    except (TypeError, ValueError):
        return
    try:
        parameters.bind(**leaves)
    except TypeError as error:
        name = getattr(f, "__name__", "the function")
        raise TypeError(f"play: {name}{parameters} cannot be called with {', '.join(leaves)}: {error}") from None
