"""check_answer: whether the answer to an exercise is right, from a key that does not contain it."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from numbers import Real
from types import EllipsisType
from typing import Any

from autograd_lite.engine.condition import Condition
from autograd_lite.engine.value import Value

__all__ = ["Verdict", "answer_key", "check_answer"]

KEY = re.compile(r"[0-9a-f]{6}(-[0-9a-f]{6})*")
"""Six digits of a digest for each number, text or truth in the answer: a wrong one passes once in eight million times."""

ZERO = 1e-12
"""What is nearer to 0 counts as 0, which has no significant digits: rounding rarely leaves a zero exact."""


@dataclass(frozen=True, repr=False)
class Verdict:
    """What an answer was found to be; true if it is right, and shown as a sentence.

    Attributes:
        answered: whether there was an answer.
        right: whether it was right.
        hint: where to look for it.
    """

    answered: bool
    right: bool
    hint: str = ""

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        if self.right:
            return "Right."
        return " ".join(["Not yet." if self.answered else "No answer yet.", *([self.hint] if self.hint else [])])


def check_answer(answer: Any, key: str, *, digits: int = 3, at: Sequence[Any] | None = None, hint: str = "") -> Verdict:
    """Says whether an answer is right, and does not say what would be.

    A number is right if rounding it up or down to so many significant digits gives the right one as the key has it, rounded
    to the nearest. So it may be given in full or rounded: what is nearer to the right one than half a unit of the last digit
    is right, what is farther off than one and a half is not. Near 0 is right for 0. Case and blanks of a text do not matter.

    Arguments:
        answer: a number, a text, True or False, a Value, a list, tuple or array of them, or a function; `...` or None,
            anywhere in it, stand for what is still to be filled in.
        key: what `answer_key` made of the right answer.
        digits: as it was for the key.
        at: for a function, the points where it is compared; a point of several arguments is a tuple.
        hint: stands behind the sentence until the answer is right.

    Returns:
        a verdict that is true if the answer is right, and shows itself as "Right.", "Not yet." or "No answer yet."

    Raises:
        TypeError: if an answer cannot be compared, and if key or hint are no text.
        ValueError: if the key is malformed, or the digits are not 1 to 15.

    >>> key = answer_key(11.0)
    >>> check_answer(..., key, hint="There are two paths from a.")
    No answer yet. There are two paths from a.
    >>> check_answer(7.0, key, hint="There are two paths from a.")
    Not yet. There are two paths from a.
    >>> check_answer(7.0 + 4.0, key, hint="There are two paths from a.")
    Right.
    >>> check_answer(lambda x: 2 * x, answer_key(lambda x: x + x, at=[0.5, 3.0]), at=[0.5, 3.0])
    Right.
    """
    if not isinstance(key, str) or not isinstance(hint, str):
        raise TypeError(f"check_answer: key and hint must be texts, not {type(key).__name__} and {type(hint).__name__}")
    if not KEY.fullmatch(key):
        raise ValueError(f"check_answer: the key {key!r} is none; copy what answer_key(right_answer) returns, like '1a2b3c'")
    if answer is None or isinstance(answer, EllipsisType):
        return Verdict(answered=False, right=False, hint=hint)
    parts = list(_parts(_values(answer, at)))
    if any(part is None or isinstance(part, EllipsisType) for _, part in parts):
        return Verdict(answered=False, right=False, hint=hint)
    accepted = [{_digest(place, text) for text in _spellings(part, digits)} for place, part in parts]
    wanted = key.split("-")
    right = len(wanted) == len(accepted) and all(part in among for part, among in zip(wanted, accepted, strict=True))
    return Verdict(answered=True, right=right, hint=hint)


def answer_key(right_answer: Any, digits: int = 3, at: Sequence[Any] | None = None) -> str:
    """The key for `check_answer`: a digest of the right answer, its numbers rounded, which does not show it.

    Arguments:
        right_answer: as `answer` there.
        digits: to how many significant digits its numbers are compared.
        at: for a function, the points where it is compared.

    Raises:
        TypeError: if an answer cannot be compared, or something in it is missing.
        ValueError: if the digits are not 1 to 15.

    >>> answer_key(5.5) == answer_key(5.4999)
    True
    >>> answer_key([5.5, "relu"]).count("-")
    1
    """
    return "-".join(_digest(place, _nearest(part, digits)) for place, part in _parts(_values(right_answer, at)))


def _values(answer: Any, at: Sequence[Any] | None) -> Any:
    """A function's values at the points, anything else itself."""
    if at is not None:
        if not callable(answer):
            raise TypeError(f"the answer is a {type(answer).__name__}; a function was asked for: def answer(x): return ...")
        return [_call(answer, point) for point in at]
    if callable(answer):
        raise TypeError("the answer is a function, and no points `at` are given; was a call, answer(...), forgotten?")
    return answer


def _call(function: Callable[..., Any], point: Any) -> Any:
    return function(*point) if isinstance(point, tuple) else function(point)


def _parts(answer: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The single answers in an answer, each with its place, which tells [1, [2]] from [[1], 2] and from [1, 2]."""
    if hasattr(answer, "tolist"):  # arrays and their numbers, of numpy and others
        answer = answer.tolist()
    if isinstance(answer, list | tuple) and answer:
        for index, part in enumerate(answer):
            yield from _parts(part, f"{place}.{index}")
    else:
        yield place, answer


def _digest(place: str, text: str) -> str:
    return hashlib.sha256(f"{place} {text}".encode()).hexdigest()[:6]


def _nearest(part: Any, digits: int) -> str:
    """How a right answer is written in the key."""
    kind, content = _reading(part)
    if not isinstance(content, Decimal):
        return f"{kind} {content}"
    return f"{kind} {'0' if abs(content) < ZERO else _rounded(content, digits, ROUND_HALF_EVEN)}"


def _spellings(part: Any, digits: int) -> set[str]:
    """The right answers for which an answer may stand."""
    kind, content = _reading(part)
    if not isinstance(content, Decimal):
        return {f"{kind} {content}"}
    found = {_rounded(content, digits, rounding) for rounding in (ROUND_FLOOR, ROUND_CEILING)}
    found |= {"0"} if abs(content) < ZERO else set()
    return {f"{kind} {text}" for text in found}


def _reading(part: Any) -> tuple[str, Decimal | str]:
    """What kind of answer it is, with a number exact, a text or truth in one spelling."""
    part = part.data if isinstance(part, Value) else part
    if isinstance(part, bool | Condition):
        return "truth", str(bool(part))
    if isinstance(part, int):
        return "number", Decimal(part)
    if isinstance(part, Real):
        return ("not a number", "") if math.isnan(part) else ("number", Decimal(float(part)))
    if isinstance(part, str):
        return "text", " ".join(part.split()).casefold()
    if isinstance(part, list | tuple):
        return "nothing", ""
    wanted = "a number, a text, True or False, a Value, or a list of them"
    raise TypeError(f"an answer of type {type(part).__name__} cannot be compared; give {wanted}")


def _rounded(number: Decimal, digits: int, rounding: str) -> str:
    """A number to so many significant digits, in one spelling."""
    if type(digits) is not int or not 1 <= digits <= 15:
        raise ValueError(f"digits is {digits!r}; it must be a whole number from 1 to 15, which a float can hold")
    context = Context(prec=digits, rounding=rounding)
    return str(context.create_decimal(number).normalize(context)) if number else "0"
