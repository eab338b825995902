"""Whitening: rows whose columns have no covariance left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from autograd_lite.train.preprocessor import Array, Preprocessor, check_statistics, means_of, training_rows

__all__ = ["WHITENINGS", "Whitener"]


def _zca(root: Array) -> Array:
    """W = V Λ^-½ Vᵀ = C^-½."""
    _, deviations, v = np.linalg.svd(root)
    whitening: Array = (v.T / deviations) @ v
    return (whitening + whitening.T) / 2.0  # symmetric to the bit


def _pca(root: Array) -> Array:
    """W = Λ^-½ Vᵀ."""
    _, deviations, v = np.linalg.svd(root)
    largest = np.abs(v).argmax(axis=1)
    signs = np.sign(v[np.arange(len(v)), largest])
    whitening: Array = v * (signs / deviations)[:, None]
    return whitening


def _cholesky(root: Array) -> Array:
    """W = Lᵀ, where L Lᵀ = C^-1 and L is lower triangular."""
    # Of the columns in reverse C = RᵀR, so that R^-ᵀ is lower triangular and whitens; in reverse again it is upper.
    reverse = np.asarray(np.linalg.qr(root[:, ::-1], mode="r"))
    whitening = np.triu(np.linalg.inv(reverse).T[::-1, ::-1])
    signs: Array = np.sign(np.diag(whitening))
    return whitening * signs[:, None]


WHITENINGS: dict[str, Callable[[Array], Array]] = {"zca": _zca, "pca": _pca, "cholesky": _cholesky}
"""The whitening matrix W of each kind, from any R with RᵀR = C."""


@dataclass(frozen=True)
class Whitener(Preprocessor):
    """W (x - mean): the covariance of the training rows becomes the identity.

    Of n training rows the covariance is C = (1/n) Σ (x - mean)(x - mean)ᵀ = V Λ Vᵀ, with n and not n - 1, and Wᵀ W = C^-1:

        "zca"        W = V Λ^-½ Vᵀ = C^-½, symmetric: of all whitenings the one closest to the rows themselves (Mahalanobis)
        "pca"        W = Λ^-½ Vᵀ: principal components, the largest variance first; the largest entry of each is positive
        "cholesky"   W = Lᵀ, where L Lᵀ = C^-1: upper triangular with a positive diagonal

    A direction with the variance λ = 0 has no λ^-½: a singular covariance needs an ε. It is added to every variance, so that
    C + εI stands for C; the variances of the training rows then become λ / (λ + ε) in place of 1. For "zca" and "pca" the
    covariance is the identity to about 1e-16 times the ratio of the largest spread to the smallest: where columns differ by
    more than a factor of 10⁵ in scale, standardise first. "cholesky" does not mind.

    Attributes:
        kind: "zca", "pca" or "cholesky".
        mean: what is subtracted, one number for each column.
        matrix: W, row by row.
        epsilon: what was added to every variance, in units of a squared feature.

    Raises:
        ValueError: for an unknown kind, a matrix that does not fit the mean, or numbers that are not finite.

    Source: Kessy, Lewin and Strimmer, Optimal whitening and decorrelation, The American Statistician 72 (2018), 309-314.

    >>> whitener = Whitener.fitted([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]])
    >>> [[round(x, 6) for x in row] for row in whitener([[1.0, 2.0]])]
    [[1.414214, 1.414214]]
    >>> [[round(x, 6) for x in row] for row in whitener.inverse(whitener([[1.0, 2.0]]))]
    [[1.0, 2.0]]
    """

    kind: str
    mean: tuple[float, ...]
    matrix: tuple[tuple[float, ...], ...]
    epsilon: float = 0.0

    def check(self) -> None:
        _check_kind(self.kind, self.epsilon)
        if len(self.matrix) != len(self.mean):
            raise ValueError(f"Whitener: the matrix has {len(self.matrix)} rows for {len(self.mean)} means")
        check_statistics("Whitener", mean=self.mean, **{f"row {k} of the matrix": row for k, row in enumerate(self.matrix)})

    @classmethod
    def fitted(cls, rows: Iterable[Sequence[float]], *, kind: str = "zca", epsilon: float = 0.0) -> Self:
        """The one that gives these rows the identity as their covariance.

        Arguments:
            rows: the training rows.
            kind: "zca", "pca" or "cholesky".
            epsilon: what is added to every variance; above 0 where the covariance is singular.

        Raises:
            TypeError, ValueError: for no rows, what is no finite numbers, an unknown kind, a negative epsilon, or a singular
                covariance and no epsilon.
        """
        _check_kind(kind, epsilon)
        x = training_rows("Whitener", rows)
        mean = means_of("Whitener", x)
        root = _root_of_covariance(x - mean, epsilon)
        return cls(kind, tuple(mean.tolist()), tuple(map(tuple, WHITENINGS[kind](root).tolist())), epsilon)

    @property
    def columns(self) -> int:
        return len(self.mean)

    def forward(self, x: Array) -> Array:
        whitened: Array = (x - np.array(self.mean)) @ np.array(self.matrix).T
        return whitened

    def backward(self, z: Array) -> Array:
        x: Array = np.linalg.solve(np.array(self.matrix), z.T).T + np.array(self.mean)
        return x


def _check_kind(kind: str, epsilon: float) -> None:
    if kind not in WHITENINGS:
        raise ValueError(f"Whitener: unknown kind {kind!r}; known are {', '.join(sorted(WHITENINGS))}")
    if not 0.0 <= epsilon < np.inf:
        raise ValueError(f"Whitener: epsilon is {epsilon}; it must be a finite number ≥ 0")


def _root_of_covariance(centred: Array, epsilon: float) -> Array:
    """R with RᵀR = C + εI.

    It is made from the rows themselves, of which √ε·I are some more: in C half the digits of small variances are lost.
    """
    count, columns = centred.shape
    scaled = centred / np.sqrt(count)
    stacked: Array = np.vstack([scaled, np.sqrt(epsilon) * np.eye(columns)])
    root: Array = np.asarray(np.linalg.qr(stacked, mode="r"))
    deviations = np.linalg.svd(root, compute_uv=False)
    rounding = deviations[0] * max(count, columns) * np.finfo(float).eps  # that of numpy.linalg.matrix_rank
    missing = int((deviations <= rounding).sum())
    if missing:
        fitting = 1e-3 * np.mean(deviations**2) or 1.0
        raise ValueError(
            f"Whitener: the covariance is singular: {missing} of {columns} directions have no variance but roundings in "
            f"{count} rows; give a larger epsilon, {fitting:.1g} say, which is added to every variance, or leave out "
            "columns that are constant or follow from others, and standardise columns of very different sizes"
        )
    return root
