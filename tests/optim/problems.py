"""Problems with known minima, for the optimisers that look at the loss."""

from itertools import pairwise

import numpy as np

from autograd_lite import Value, exp, total


def leaves(numbers):
    return [Value(float(x)) for x in numbers]


def numbers(values):
    return np.array([x.data for x in values])


def rosenbrock(x):
    """Rosenbrock (1960), in any number of dimensions; the minimum is 0 at (1, …, 1)."""
    return total([100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2 for a, b in pairwise(x)])


def rosenbrock_residuals(x):
    return [10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]]


def bowl(x):
    """e^(x + 3y - 0.1) + e^(x - 3y - 0.1) + e^(-x - 0.1), Boyd and Vandenberghe, Convex Optimization, (9.20).

    By its derivatives y = 0 and 2·eˣ = e⁻ˣ: the minimum is 2·√2·e^-0.1 at (-½·log 2, 0).
    """
    return exp(x[0] + 3.0 * x[1] - 0.1) + exp(x[0] - 3.0 * x[1] - 0.1) + exp(-x[0] - 0.1)


BOWL = np.array([-0.5 * np.log(2.0), 0.0])


def quadratic(matrix, goal):
    """½·(x - goal)ᵀ·matrix·(x - goal) of a symmetric matrix."""

    def loss(x):
        away = [a - b for a, b in zip(x, goal, strict=True)]
        rows = [total([float(m) * a for m, a in zip(row, away, strict=True)]) for row in matrix]
        return 0.5 * total([a * r for a, r in zip(away, rows, strict=True)])

    return loss


def definite(entries):
    """A well-conditioned symmetric positive definite matrix of any square's entries in [-1, 1]."""
    square = np.array(entries, dtype=float)
    n = int(np.sqrt(len(square)))
    square = square.reshape(n, n)
    return square @ square.T + np.eye(n)
