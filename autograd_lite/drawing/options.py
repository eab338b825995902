"""The options of `draw`, checked."""

from __future__ import annotations

from typing import Any

from autograd_lite.drawing.scene import Look
from autograd_lite.drawing.theme import THEMES

__all__ = ["check_digits", "check_most", "check_options", "listed", "look_of"]

ENGINES, DIRECTIONS = ("own", "dot"), ("right", "down")


def check_options(*, engine: str, digits: int, limit: int, unrolled: bool) -> None:
    """Refuses options of `draw` that make no sense.

    Raises:
        ValueError: saying what was given and what is wanted.
    """
    _check_choice("the engine", engine, ENGINES)
    check_digits("draw", digits)
    check_most("draw", limit)
    _check_truth("unrolled", unrolled)


def check_digits(what: str, digits: int) -> None:
    """Refuses a number of significant digits that no float has, in the name of a function.

    >>> check_digits("describe", 0)
    Traceback (most recent call last):
    ValueError: describe: digits is 0; it must be a whole number from 1 to 17
    """
    if type(digits) is not int or not 1 <= digits <= 17:
        raise ValueError(f"{what}: digits is {digits!r}; it must be a whole number from 1 to 17")


def check_most(what: str, limit: int) -> None:
    """Refuses a limit below which nothing can be, in the name of a function.

    >>> check_most("describe", 0)
    Traceback (most recent call last):
    ValueError: describe: the limit is 0; it must be a whole number above 0
    """
    if type(limit) is not int or limit < 1:
        raise ValueError(f"{what}: the limit is {limit!r}; it must be a whole number above 0")


def look_of(*, direction: str, theme: str, legend: bool) -> Look:
    """How a scene is to be drawn.

    Raises:
        ValueError: for a direction, theme or legend that there is not.

    >>> look_of(direction="down", theme="dark", legend=False)
    Look(down=True, theme='dark', legend=False)
    """
    _check_choice("the direction", direction, DIRECTIONS)
    _check_choice("the theme", theme, THEMES)
    _check_truth("the legend", legend)
    return Look(direction == "down", theme, legend)


def listed(groups: Any) -> tuple[Any, ...]:
    """One name or module, or several of them, as a tuple.

    >>> listed("layers.0"), listed(["a", "b"])
    (('layers.0',), ('a', 'b'))
    """
    return tuple(groups) if isinstance(groups, (list, tuple, set, frozenset)) else (groups,)


def _check_truth(what: str, given: object) -> None:
    if not isinstance(given, bool):
        raise ValueError(f"draw: {what} is {given!r}; it must be True or False")


def _check_choice(what: str, given: object, choices: tuple[str, ...]) -> None:
    if given not in choices:
        *others, last = map(repr, choices)
        raise ValueError(f"draw: {what} is {given!r}; it must be {', '.join(others)} or {last}")
