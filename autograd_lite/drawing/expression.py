"""Expressions as text, read by Python's parser and computed by the engine; nothing else in them is ever evaluated.

expression  =  numbers, names, + - * / ** %, parentheses, comparisons, a if c else b, functions of the engine
               and [lists] for those functions that take them

Values are the engine's, by IEEE 754: 1/0 is inf, log(-1) is nan; a comparison is 1 or 0, and `if` computes both branches.
"""

from __future__ import annotations

import ast
import math
import operator
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from autograd_lite.engine import activations, functions, operations, sequences
from autograd_lite.engine.primitive import Scalar

__all__ = ["Expression", "ExpressionError", "point_of"]

LONGEST = 5_000
"""Characters; enough for anything a person would write, and little enough to be read without delay."""

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(module, name) for module in (functions, sequences, activations) for name in module.__all__
}
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}

OPERATORS: dict[type[ast.AST], Callable[..., Scalar]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operations.divide,
    ast.Pow: functions.pow,
    ast.Mod: functions.remainder,
    ast.Lt: operations.less,
    ast.LtE: operations.less_equal,
    ast.Gt: lambda x, y: operations.less(y, x),
    ast.GtE: lambda x, y: operations.less_equal(y, x),
    ast.Eq: functions.equal,
    ast.NotEq: lambda x, y: 1.0 - functions.equal(x, y),
}

Step: TypeAlias = float | str | tuple[Callable[..., Any], int]
"""A number, a variable's name, or a function with the number of arguments that it takes from the stack."""


class ExpressionError(ValueError):
    """What is wrong with an expression or a point, in one line."""


class Expression:
    """An expression of the engine's functions.

    Arguments:
        text: such as "log(x) + x*y - sin(y)".

    Attributes:
        names: its variables, in order of appearance.

    Raises:
        ExpressionError: for anything that is not in the little language above.

    >>> expression = Expression("log(x) + x*y - sin(y)")
    >>> expression.names
    ['x', 'y']
    >>> expression({"x": 2.0, "y": 5.0})
    11.652071455223084
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        if len(text) > LONGEST:
            raise ExpressionError(f"the expression has {len(text)} characters; at most {LONGEST} are read")
        self._steps = self._in_order(_parsed(self.text))
        self.names = list(dict.fromkeys(step for step in self._steps if isinstance(step, str)))

    def __call__(self, point: Mapping[str, Scalar]) -> Scalar:
        """The value at a point, given by name, of numbers or Values.

        Raises:
            ExpressionError: for a missing variable, or where a function refuses its arguments.
        """
        missing = [name for name in self.names if name not in point]
        if missing:
            raise ExpressionError(f"the point has no number for {', '.join(missing)}")
        stack: list[Any] = []
        try:
            for step in self._steps:
                if isinstance(step, tuple):
                    function, count = step
                    arguments = [stack.pop() for _ in range(count)][::-1]
                    stack.append(function(*arguments))
                else:
                    stack.append(functions.real(point[step], step) if isinstance(step, str) else step)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise ExpressionError(f"cannot compute the expression: {error}") from None
        (result,) = stack
        if isinstance(result, list):
            raise ExpressionError(f"the expression gives a list of {len(result)} numbers; one number is wanted")
        return result

    def _in_order(self, tree: ast.expr) -> list[Step]:
        """The steps that compute a tree, arguments before their users; without recursion."""
        steps: list[Step] = []
        stack = [tree]
        while stack:
            node = stack.pop()
            step, operands = self._step(node)
            steps.append(step)
            stack.extend(operands)
        return steps[::-1]  # each user came before its arguments, and these from the last to the first

    def _step(self, node: ast.expr) -> tuple[Step, Sequence[ast.expr]]:
        """What a part of the expression does, and with which parts; refuses what is not in the language."""
        match node:
            case ast.Constant(value=bool() | int() | float() as x):
                return _number(x), ()
            case ast.Name(id=name) if name in FUNCTIONS:
                raise ExpressionError(f"{name} is a function; say what of, such as {name}(x)")
            case ast.Name(id=name):
                return CONSTANTS.get(name, name), ()
            case ast.UnaryOp(op=sign, operand=x) if type(sign) in OPERATORS:
                return (_of_numbers(OPERATORS[type(sign)]), 1), (x,)
            case ast.BinOp(left=x, op=sign, right=y) | ast.Compare(left=x, ops=[sign], comparators=[y]) if (
                type(sign) in OPERATORS
            ):
                return (_of_numbers(OPERATORS[type(sign)]), 2), (x, y)
            case ast.IfExp(test=condition, body=x, orelse=y):
                return (_of_numbers(functions.where), 3), (condition, x, y)
            case ast.List(elts=items):
                return (_listed, len(items)), items
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name in FUNCTIONS:
                    return (FUNCTIONS[name], len(arguments)), arguments
                raise ExpressionError(f"unknown function {_cut(name)}; known are {', '.join(sorted(FUNCTIONS))}")
        raise ExpressionError(
            f"{_cut(ast.get_source_segment(self.text, node) or '')} is not part of an expression: use numbers, names, "
            "+ - * / ** % and functions"
        )


def point_of(names: Sequence[str], words: Sequence[str]) -> dict[str, float]:
    """A point that gives each variable exactly once, in the order of the names.

    Arguments:
        names: those of the variables.
        words: texts such as "x=2" or "x=2,y=5".

    Raises:
        ExpressionError: for a missing, doubled or unknown variable, or what is not a finite number.

    >>> point_of(["x", "y"], ["y=5,x=2"])
    {'x': 2.0, 'y': 5.0}
    """
    point: dict[str, float] = {}
    for piece in [piece for word in words for piece in word.split(",")]:
        word, sign, text = piece.partition("=")
        name = unicodedata.normalize("NFKC", word.strip())  # as Python reads names
        if not name or not sign:
            raise ExpressionError(f"{_cut(piece)} is not of the form NAME=NUMBER, such as x=1.5")
        if name not in names:
            raise ExpressionError(f"{_cut(name)} is no variable of the expression; it has {', '.join(names) or 'none'}")
        if name in point:
            raise ExpressionError(f"{name} is given twice")
        try:
            point[name] = float(text)
        except ValueError:
            raise ExpressionError(f"{name} is {_cut(text)}; it must be a number, such as 1.5") from None
        if not math.isfinite(point[name]):
            raise ExpressionError(f"{name} is {text.strip()}; it must be finite")
    missing = [name for name in names if name not in point]
    if missing:
        raise ExpressionError(
            f"no value for {', '.join(missing)}; give it as --at {','.join(f'{name}=1.5' for name in missing)}"
        )
    return {name: point[name] for name in names}


def _parsed(text: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd spellings, such as "1if x else y"
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        reason = error.msg
    except (RecursionError, MemoryError):
        reason = "it is nested too deeply"
    except ValueError as error:  # a null character, a surrogate
        reason = str(error)
    raise ExpressionError(f"cannot read the expression {_cut(text)}: {reason}")


def _number(x: float) -> float:
    try:
        return float(x)
    except OverflowError:
        return math.inf  # as 1e999 is


def _of_numbers(function: Callable[..., Scalar]) -> Callable[..., Scalar]:
    """A function that refuses lists, which Python's + would join."""

    def checked(*arguments: Any) -> Scalar:
        if any(isinstance(x, list) for x in arguments):
            raise TypeError("a list stands where a number is wanted; lists are for functions, such as max([x, y])")
        return function(*arguments)

    return checked


def _listed(*items: Any) -> list[Any]:
    return list(items)


def _cut(text: str) -> str:
    """A text in quotation marks, its end left out where it is long."""
    return repr(text if len(text) <= 60 else text[:59] + "…")
