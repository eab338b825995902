"""The options of `draw`, checked."""

from __future__ import annotations

from typing import Any

from autograd_lite.drawing.scene import Look
from autograd_lite.drawing.theme import THEMES

__all__ = ["check_options", "listed", "look_of"]

ENGINES, DIRECTIONS = ("own", "dot"), ("right", "down")


def check_options(*, engine: str, digits: int, limit: int) -> None:
    """Refuses an engine, digits or a limit that make no sense.

    Raises:
        ValueError: saying what was given and what is wanted.
    """
    _check_choice("the engine", engine, ENGINES)
    if type(digits) is not int or not 1 <= digits <= 17:
        raise ValueError(f"draw: digits is {digits!r}; it must be a whole number from 1 to 17")
    if type(limit) is not int or limit < 1:
        raise ValueError(f"draw: the limit is {limit!r}; it must be a whole number above 0")


def look_of(*, direction: str, theme: str, legend: bool) -> Look:
    """How a scene is to be drawn.

    Raises:
        ValueError: for a direction, theme or legend that there is not.

    >>> look_of(direction="down", theme="dark", legend=False)
    Look(down=True, theme='dark', legend=False)
    """
    _check_choice("the direction", direction, DIRECTIONS)
    _check_choice("the theme", theme, THEMES)
    if not isinstance(legend, bool):
        raise ValueError(f"draw: the legend is {legend!r}; it must be True or False")
    return Look(direction == "down", theme, legend)


def listed(groups: Any) -> tuple[Any, ...]:
    """One name or module, or several of them, as a tuple.

    >>> listed("layers.0"), listed(["a", "b"])
    (('layers.0',), ('a', 'b'))
    """
    return tuple(groups) if isinstance(groups, (list, tuple, set, frozenset)) else (groups,)


def _check_choice(what: str, given: object, choices: tuple[str, ...]) -> None:
    if given not in choices:
        *others, last = map(repr, choices)
        raise ValueError(f"draw: {what} is {given!r}; it must be {', '.join(others)} or {last}")
