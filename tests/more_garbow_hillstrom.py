"""Smooth problems of Moré, Garbow and Hillstrom, with their standard starts and published minima.

Source: J. J. Moré, B. S. Garbow, K. E. Hillstrom, Testing Unconstrained Optimization Software, ACM Transactions on
Mathematical Software 7(1), 1981, pp. 17–41, section 3. Numbers, names and formulas are the paper's; i and j count from 1, as
there. Each is Σ fᵢ(x)². Left out are 11, Gulf, which takes an absolute value, and 32 to 34, which are linear. Where n is
free it is mostly 10, and 5 for 26: at 10 descents from the start end at 2.795e-5, a local minimum that the paper has not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import autograd_lite as ag

__all__ = ["PROBLEMS", "Problem"]


@dataclass(frozen=True)
class Problem:
    """A problem as it is published.

    Attributes:
        number, name: in the paper.
        residuals: x ↦ the fᵢ(x).
        start: the standard start.
        minima: the local minima of Σ fᵢ², as far as their digits are printed.
        zero: a point where all fᵢ are 0, if the paper names one.
    """

    number: int
    name: str
    residuals: Callable[[Sequence[Any]], list[Any]]
    start: tuple[float, ...]
    minima: tuple[str, ...]
    zero: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 35 or not self.minima or (self.zero is not None and len(self.zero) != len(self.start)):
            raise ValueError(f"problem {self.number} is not as the paper's are")

    def objective(self, x: Sequence[Any]) -> Any:
        """Σ fᵢ(x)²."""
        terms = self.residuals(x)
        return ag.dot(terms, terms)

    def __str__(self) -> str:
        return f"{self.number} {self.name}, n={len(self.start)}"


PROBLEMS: list[Problem] = []


def problem(number: int, name: str, *cases: tuple[Any, ...]) -> Callable[..., Any]:
    """Enters a function among the problems, with cases of (start, minima[, zero])."""

    def enter(residuals: Callable[[Sequence[Any]], list[Any]]) -> Callable[..., Any]:
        PROBLEMS.extend(Problem(number, name, residuals, *case) for case in cases)
        return residuals

    return enter


@problem(1, "Rosenbrock", ((-1.2, 1.0), ("0",), (1.0, 1.0)))
def rosenbrock(x):
    return [10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]]


@problem(2, "Freudenstein and Roth", ((0.5, -2.0), ("0", "48.9842"), (5.0, 4.0)))
def freudenstein_roth(x):
    return [-13.0 + x[0] + ((5.0 - x[1]) * x[1] - 2.0) * x[1], -29.0 + x[0] + ((x[1] + 1.0) * x[1] - 14.0) * x[1]]


@problem(3, "Powell badly scaled", ((0.0, 1.0), ("0",)))
def powell_badly_scaled(x):
    return [1e4 * x[0] * x[1] - 1.0, ag.exp(-x[0]) + ag.exp(-x[1]) - 1.0001]


@problem(4, "Brown badly scaled", ((1.0, 1.0), ("0",), (1e6, 2e-6)))
def brown_badly_scaled(x):
    return [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2.0]


@problem(5, "Beale", ((1.0, 1.0), ("0",), (3.0, 0.5)))
def beale(x):
    return [y - x[0] * (1.0 - x[1] ** i) for i, y in enumerate((1.5, 2.25, 2.625), 1)]


@problem(6, "Jennrich and Sampson", ((0.3, 0.4), ("124.362",)))
def jennrich_sampson(x):
    return [2.0 + 2.0 * i - (ag.exp(i * x[0]) + ag.exp(i * x[1])) for i in range(1, 11)]


@problem(7, "helical valley", ((-1.0, 0.0, 0.0), ("0",), (1.0, 0.0, 0.0)))
def helical_valley(x):
    turn = ag.atan(x[1] / x[0]) / (2.0 * math.pi) + (0.0 if x[0] > 0 else 0.5)
    return [10.0 * (x[2] - 10.0 * turn), 10.0 * (ag.sqrt(x[0] ** 2 + x[1] ** 2) - 1.0), x[2]]


BARD = (0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39)


@problem(8, "Bard", ((1.0, 1.0, 1.0), ("8.21487e-3",)))
def bard(x):
    return [y - (x[0] + i / ((16 - i) * x[1] + min(i, 16 - i) * x[2])) for i, y in enumerate(BARD, 1)]


GAUSSIAN = (0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989)


@problem(9, "Gaussian", ((0.4, 1.0, 0.0), ("1.12793e-8",)))
def gaussian(x):
    heights = (*GAUSSIAN, *GAUSSIAN[-2::-1])
    return [x[0] * ag.exp(-x[1] * ((8 - i) / 2 - x[2]) ** 2 / 2.0) - y for i, y in enumerate(heights, 1)]


MEYER = (34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872)


@problem(10, "Meyer", ((0.02, 4000.0, 250.0), ("87.9458",)))
def meyer(x):
    return [x[0] * ag.exp(x[1] / (45.0 + 5.0 * i + x[2])) - y for i, y in enumerate(MEYER, 1)]


@problem(12, "box three-dimensional", ((0.0, 10.0, 20.0), ("0",), (1.0, 10.0, 1.0)))
def box(x):
    times = [0.1 * i for i in range(1, 11)]
    return [ag.exp(-t * x[0]) - ag.exp(-t * x[1]) - x[2] * (math.exp(-t) - math.exp(-10.0 * t)) for t in times]


@problem(22, "extended Powell singular", ((3.0, -1.0, 0.0, 1.0) * 3, ("0",), (0.0,) * 12))
@problem(13, "Powell singular", ((3.0, -1.0, 0.0, 1.0), ("0",), (0.0,) * 4))
def powell_singular(x):
    residuals = []
    for i in range(0, len(x), 4):
        a, b, c, d = x[i : i + 4]
        residuals += [a + 10.0 * b, math.sqrt(5.0) * (c - d), (b - 2.0 * c) ** 2, math.sqrt(10.0) * (a - d) ** 2]
    return residuals


@problem(14, "Wood", ((-3.0, -1.0, -3.0, -1.0), ("0",), (1.0,) * 4))
def wood(x):
    first = [10.0 * (x[1] - x[0] ** 2), 1.0 - x[0], math.sqrt(90.0) * (x[3] - x[2] ** 2), 1.0 - x[2]]
    return [*first, math.sqrt(10.0) * (x[1] + x[3] - 2.0), (x[1] - x[3]) / math.sqrt(10.0)]


KOWALIK = (0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246)
KOWALIK_U = (4.0, 2.0, 1.0, 0.5, 0.25, 0.1670, 0.1250, 0.1, 0.0833, 0.0714, 0.0625)


@problem(15, "Kowalik and Osborne", ((0.25, 0.39, 0.415, 0.39), ("3.07505e-4",)))
def kowalik_osborne(x):
    pairs = zip(KOWALIK, KOWALIK_U, strict=True)
    return [y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3]) for y, u in pairs]


@problem(16, "Brown and Dennis", ((25.0, 5.0, -5.0, -1.0), ("85822.2",)))
def brown_dennis(x):
    times = [i / 5 for i in range(1, 21)]
    return [(x[0] + t * x[1] - math.exp(t)) ** 2 + (x[2] + x[3] * math.sin(t) - math.cos(t)) ** 2 for t in times]


OSBORNE_1 = (
    0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.580,
    0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406,
)  # fmt: skip


@problem(17, "Osborne 1", ((0.5, 1.5, -1.0, 0.01, 0.02), ("5.46489e-5",)))
def osborne_1(x):
    return [y - (x[0] + x[1] * ag.exp(-10.0 * i * x[3]) + x[2] * ag.exp(-10.0 * i * x[4])) for i, y in enumerate(OSBORNE_1)]


@problem(18, "Biggs EXP6", ((1.0, 2.0, 1.0, 1.0, 1.0, 1.0), ("0", "5.65565e-3"), (1.0, 10.0, 1.0, 5.0, 4.0, 3.0)))
def biggs(x):
    def residual(t):
        y = math.exp(-t) - 5.0 * math.exp(-10.0 * t) + 3.0 * math.exp(-4.0 * t)
        return x[2] * ag.exp(-t * x[0]) - x[3] * ag.exp(-t * x[1]) + x[5] * ag.exp(-t * x[4]) - y

    return [residual(0.1 * i) for i in range(1, 14)]


OSBORNE_2 = (
    1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606, 0.602,
    0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375,
    0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591,
    0.559, 0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054,
)  # fmt: skip


@problem(19, "Osborne 2", ((1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5), ("4.01377e-2",)))
def osborne_2(x):
    def height(t):
        bells = [x[k] * ag.exp(-((t - x[k + 7]) ** 2) * x[k + 4]) for k in (1, 2, 3)]
        return x[0] * ag.exp(-t * x[4]) + bells[0] + bells[1] + bells[2]

    return [y - height(i / 10) for i, y in enumerate(OSBORNE_2)]


@problem(20, "Watson", ((0.0,) * 6, ("2.28767e-3",)), ((0.0,) * 9, ("1.39976e-6",)))
def watson(x):
    def residual(t):
        slope = ag.total([j * x[j] * t ** (j - 1) for j in range(1, len(x))])
        return slope - ag.total([x[j] * t**j for j in range(len(x))]) ** 2 - 1.0

    return [*[residual(i / 29) for i in range(1, 30)], x[0], x[1] - x[0] ** 2 - 1.0]


@problem(21, "extended Rosenbrock", ((-1.2, 1.0) * 5, ("0",), (1.0,) * 10))
def extended_rosenbrock(x):
    return [f for i in range(0, len(x), 2) for f in rosenbrock(x[i : i + 2])]


@problem(23, "penalty I", ((1.0, 2.0, 3.0, 4.0), ("2.24997e-5",)), (tuple(map(float, range(1, 11))), ("7.08765e-5",)))
def penalty_1(x):
    return [*[math.sqrt(1e-5) * (xi - 1.0) for xi in x], ag.total([xi**2 for xi in x]) - 0.25]


@problem(24, "penalty II", ((0.5,) * 4, ("9.37629e-6",)), ((0.5,) * 10, ("2.93660e-4",)))
def penalty_2(x):
    n, root = len(x), math.sqrt(1e-5)
    e = [ag.exp(xi / 10.0) for xi in x]
    pairs = [root * (e[i] + e[i - 1] - math.exp((i + 1) / 10) - math.exp(i / 10)) for i in range(1, n)]
    singles = [root * (e[i] - math.exp(-0.1)) for i in range(1, n)]
    return [x[0] - 0.2, *pairs, *singles, ag.total([(n - j) * x[j] ** 2 for j in range(n)]) - 1.0]


@problem(25, "variably dimensioned", (tuple(1.0 - j / 10 for j in range(1, 11)), ("0",), (1.0,) * 10))
def variably_dimensioned(x):
    s = ag.total([j * (xj - 1.0) for j, xj in enumerate(x, 1)])
    return [*[xi - 1.0 for xi in x], s, s**2]


@problem(26, "trigonometric", ((0.2,) * 5, ("0",), (0.0,) * 5))
def trigonometric(x):
    s = len(x) - ag.total([ag.cos(xj) for xj in x])
    return [s + i * (1.0 - ag.cos(xi)) - ag.sin(xi) for i, xi in enumerate(x, 1)]


@problem(27, "Brown almost-linear", ((0.5,) * 10, ("0", "1"), (1.0,) * 10))
def brown_almost_linear(x):
    s = ag.total(list(x)) - (len(x) + 1.0)
    return [*[xi + s for xi in x[:-1]], ag.product(list(x)) - 1.0]


def grid(n):
    return tuple(i / (n + 1) for i in range(1, n + 1))


@problem(28, "discrete boundary value", (tuple(t * (t - 1.0) for t in grid(10)), ("0",)))
def discrete_boundary_value(x):
    n, h, inner = len(x), 1.0 / (len(x) + 1), [0.0, *x, 0.0]
    bend = [2.0 * inner[i] - inner[i - 1] - inner[i + 1] for i in range(1, n + 1)]
    return [b + h**2 * (xi + t + 1.0) ** 3 / 2.0 for b, xi, t in zip(bend, x, grid(n), strict=True)]


@problem(29, "discrete integral equation", (tuple(t * (t - 1.0) for t in grid(10)), ("0",)))
def discrete_integral_equation(x):
    n, t = len(x), grid(len(x))
    cubes = [(xj + tj + 1.0) ** 3 for xj, tj in zip(x, t, strict=True)]
    before = [ag.total([t[j] * cubes[j] for j in range(i + 1)]) for i in range(n)]
    after = [ag.total([(1.0 - t[j]) * cubes[j] for j in range(i + 1, n)]) for i in range(n)]
    return [x[i] + ((1.0 - t[i]) * before[i] + t[i] * after[i]) / (2.0 * (n + 1)) for i in range(n)]


@problem(30, "Broyden tridiagonal", ((-1.0,) * 10, ("0",)))
def broyden_tridiagonal(x):
    inner = [0.0, *x, 0.0]
    return [(3.0 - 2.0 * inner[i]) * inner[i] - inner[i - 1] - 2.0 * inner[i + 1] + 1.0 for i in range(1, len(x) + 1)]


@problem(31, "Broyden banded", ((-1.0,) * 10, ("0",)))
def broyden_banded(x):
    def near(i):
        return [x[j] * (1.0 + x[j]) for j in range(max(0, i - 5), min(len(x), i + 2)) if j != i]

    return [x[i] * (2.0 + 5.0 * x[i] ** 2) + 1.0 - ag.total(near(i)) for i in range(len(x))]


@problem(35, "Chebyquad", (grid(7), ("0",)), (grid(8), ("3.51687e-3",)), (grid(10), ("6.50395e-3",)))
def chebyquad(x):
    n = len(x)
    before, now = [1.0] * n, [2.0 * xj - 1.0 for xj in x]  # T₀ and T₁, shifted to [0, 1]
    residuals = []
    for i in range(1, n + 1):
        residuals.append(ag.total(now) / n + (1.0 / (i**2 - 1.0) if i % 2 == 0 else 0.0))  # ∫Tᵢ is -1/(i² - 1), or 0
        before, now = now, [2.0 * (2.0 * xj - 1.0) * t - s for xj, t, s in zip(x, now, before, strict=True)]
    return residuals
