"""The benchmarks' workloads, defined once: the functions that every engine computes, as a user would write them.

Scalar code takes an operation namespace `o` (`o.relu`, `o.exp` …) or no functions at all, so that one text serves every
engine: it runs on this library's Values, on another's, and on plain floats.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

__all__ = [
    "DEMO_SIZES", "chain_constants", "chain_values", "demo_loss", "demo_rate", "heston", "initial_parameters",
    "neuron_by_weights", "readme_expression", "rosenbrock", "two_moons",
]  # fmt: skip

DEMO_SIZES = (2, 16, 16, 1)
"""The layers of micrograd's demonstration network: two inputs, two hidden layers with relu, one score."""


def readme_expression(a: Any, b: Any, o: Any) -> Any:
    """The expression of micrograd's README, 25 operations.

    At (-4, 2) it is 24.70408163265306, with the gradient (138.83381924198252, 645.5772594752186).
    """
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + o.relu(b + a)
    d += 3 * d + o.relu(b - a)
    e = c - d
    g = e**2 / 2.0
    return g + 10.0 / e**2


def chain_constants(x: Any, n: int) -> Any:
    """A chain of n operations with constants, y ← 0.999·y + 0.001: as deep as it is long."""
    y = x
    for _ in range(n // 2):
        y = y * 0.999 + 0.001
    return y


def chain_values(x: Any, a: Any, b: Any, n: int) -> Any:
    """A chain of n operations with Values as coefficients, y ← a·y + b: two leaves have n / 2 users each."""
    y = x
    for _ in range(n // 2):
        y = y * a + b
    return y


def neuron_by_weights(w: Sequence[Any], b: Any, x: Sequence[Any]) -> Any:
    """A neuron's weighted sum as micrograd writes it: one * and one + for every weight."""
    return sum((wi * xi for wi, xi in zip(w, x, strict=True)), b)


def initial_parameters(sizes: Sequence[int] = DEMO_SIZES, seed: int = 1337) -> list[float]:
    """The numbers a network starts from, neuron by neuron: weights uniform in (-1, 1), then the bias 0."""
    dice = random.Random(seed)
    numbers = []
    for inputs, outputs in pairwise(sizes):
        for _ in range(outputs):
            numbers += [*(dice.uniform(-1.0, 1.0) for _ in range(inputs)), 0.0]
    return numbers


def demo_loss(
    scores: Sequence[Any],
    parameters: Sequence[Any],
    y: Sequence[int],
    relu: Callable[[Any], Any],
    total: Callable[[Sequence[Any]], Any] = sum,
) -> Any:
    """The loss of micrograd's demonstration: the mean hinge loss, and 1e-4 of the parameters' sum of squares."""
    losses = [relu(1 + -yi * si) for yi, si in zip(y, scores, strict=True)]
    return total(losses) * (1.0 / len(losses)) + 1e-4 * total([p * p for p in parameters])


def demo_rate(k: int) -> float:
    """The learning rate of the demonstration's step k, falling from 1 to 0.1 over 100 steps."""
    return 1.0 - 0.9 * min(k, 100) / 100


def two_moons(n: int = 100, noise: float = 0.1, seed: int = 1337) -> list[tuple[float, float, int]]:
    """n points (x, y, label) on two interleaved half circles, the labels 1 and -1 in turn."""
    dice = random.Random(seed)
    points = []
    for i in range(n):
        t, upper = math.pi * dice.random(), i % 2 == 0
        x, y = (math.cos(t), math.sin(t)) if upper else (1 - math.cos(t), 0.5 - math.sin(t))
        points.append((x + dice.gauss(0, noise), y + dice.gauss(0, noise), 1 if upper else -1))
    return points


def rosenbrock(x: Sequence[Any]) -> Any:
    """Rosenbrock's valley in n variables, in a loop: Σ 100·(x[i+1] - x[i]²)² + (1 - x[i])²."""
    s = 0.0
    for i in range(len(x) - 1):
        s = s + 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


def heston(p: Sequence[Any], z: Sequence[Any], o: Any, steps: int = 64) -> Any:
    """The discounted payoff of a call on one path of Heston's model, by Euler's method; 1,289 operations at 64 steps.

    Maturity 1, spot 100, strike 95, rate 0.02.

    Arguments:
        p: (kappa, theta, xi, rho, v), the reversion, the level, the volatility and the correlation of the variance, and its
            value at the start.
        z: two standard normal numbers for each step.
    """
    kappa, theta, xi, rho, v = p
    dt, r = 1.0 / steps, 0.02
    log_s = v * 0.0
    rho_c = o.sqrt(1.0 - rho * rho)
    for i in range(steps):
        vp = o.relu(v - 1e-4) + 1e-4
        sq = o.sqrt(vp * dt)
        z1, z2 = z[2 * i], z[2 * i + 1]
        log_s = log_s + (sq * z1 - vp * (0.5 * dt)) + r * dt
        v = v + kappa * (theta - vp) * dt + xi * sq * (rho * z1 + rho_c * z2)
    return o.relu(100.0 * o.exp(log_s) - 95.0) * math.exp(-r)
