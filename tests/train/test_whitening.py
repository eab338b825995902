"""Whitening: no covariance is left, each kind is what its name says, and a singular covariance needs its ε."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA

from autograd_lite.train.preprocessing import Standardizer
from autograd_lite.train.whitening import WHITENINGS, Whitener

each_kind = pytest.mark.parametrize("kind", sorted(WHITENINGS))


@st.composite
def regular_rows(draw):
    """Rows with correlations, variances from 1e-6 to 1e6, and a mean; the dice of numpy from a seed."""
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    columns = draw(st.integers(1, 8))
    rows = dice.normal(size=(draw(st.integers(columns + 5, 60)), columns))
    scales = [10.0**k for k in draw(st.lists(st.integers(-3, 3), min_size=columns, max_size=columns))]
    # Rotations on both sides of the scales: directions of any variance, none of which is a column.
    rotations = [np.linalg.qr(dice.normal(size=(columns, columns)))[0] for _ in range(2)]
    return rows @ rotations[0] * scales @ rotations[1] + dice.normal(size=columns)


def covariance(rows):
    return np.cov(np.asarray(rows).T, bias=True).reshape(np.shape(rows)[1], -1)


@each_kind
@given(rows=regular_rows())
def test_whitened_rows_have_the_mean_0_and_the_identity_as_covariance(kind, rows):
    whitened = Whitener.fitted(rows, kind=kind)(rows)
    # Deviations differ by 1e6 and a rotation mixes them: 1e6 roundings.
    assert np.allclose(covariance(whitened), np.eye(rows.shape[1]), rtol=0, atol=1e-8)
    assert np.allclose(whitened.mean(axis=0), 0.0, rtol=0, atol=1e-8)


@each_kind
@given(rows=regular_rows())
def test_the_inverse_gives_the_rows_back(kind, rows):
    fitted = Whitener.fitted(rows, kind=kind)
    assert np.allclose(fitted.inverse(fitted(rows)), rows, rtol=0, atol=1e-8 * np.abs(rows).max())  # as above


@each_kind
@pytest.mark.parametrize("load", [load_breast_cancer, load_digits])
def test_the_covariance_of_real_data_is_the_identity_to_ten_digits(kind, load):
    rows = load().data
    varying = Standardizer.fitted(rows)(rows)[:, rows.min(axis=0) < rows.max(axis=0)]
    whitened = Whitener.fitted(varying, kind=kind)(varying)
    assert np.abs(covariance(whitened) - np.eye(varying.shape[1])).max() < 1e-10


def test_zca_is_the_inverse_root_of_the_covariance_and_symmetric():
    rows = load_breast_cancer().data[:, :5]
    matrix = np.array(Whitener.fitted(rows).matrix)
    assert np.array_equal(matrix, matrix.T)
    oracle = np.linalg.inv(scipy.linalg.sqrtm(covariance(rows)))
    # The covariance, of which the oracle starts, has a condition number of 1e10.
    assert np.allclose(matrix, oracle, rtol=0, atol=1e-5 * np.abs(oracle).max())


def test_zca_stays_closest_to_the_rows():
    """Kessy et al., section 3: among all whitenings it has the largest covariance of z and x, summed over columns."""
    rows = Standardizer.fitted(load_breast_cancer().data[:, :6])(load_breast_cancer().data[:, :6])
    shared = {kind: np.trace(Whitener.fitted(rows, kind=kind)(rows).T @ rows) / len(rows) for kind in WHITENINGS}
    assert shared["zca"] == pytest.approx(np.sqrt(np.linalg.eigvalsh(covariance(rows))).sum(), rel=1e-9)
    assert shared["zca"] > max(shared["pca"], shared["cholesky"])


def test_pca_is_that_of_scikit_learn_but_for_the_sign_and_the_divisor():
    rows = Standardizer.fitted(load_breast_cancer().data)(load_breast_cancer().data)
    fitted = Whitener.fitted(rows, kind="pca")
    ours, theirs = fitted(rows), PCA(whiten=True).fit_transform(rows)  # which divides by n - 1
    signs = np.sign((ours * theirs).sum(axis=0))
    assert np.allclose(ours * np.sqrt((len(rows) - 1) / len(rows)), theirs * signs, rtol=0, atol=1e-9)
    matrix = np.array(fitted.matrix)
    assert (matrix.max(axis=1) == np.abs(matrix).max(axis=1)).all()  # the largest entry is positive
    assert (np.diff(np.linalg.norm(matrix, axis=1)) > 0.0).all()  # 1/√λ: the largest variance stands first


def test_cholesky_is_the_transposed_factor_of_the_inverse_covariance():
    rows = Standardizer.fitted(load_breast_cancer().data[:, :6])(load_breast_cancer().data[:, :6])
    matrix = np.array(Whitener.fitted(rows, kind="cholesky").matrix)
    oracle = scipy.linalg.cholesky(np.linalg.inv(covariance(rows)), lower=True).T
    assert np.allclose(matrix, oracle, rtol=1e-8, atol=1e-8 * np.abs(oracle).max())  # the oracle inverts a matrix
    assert (np.tril(matrix, -1) == 0.0).all()
    assert (np.diag(matrix) > 0.0).all()


def test_what_whitening_does_does_not_depend_on_other_rows():
    rows = load_breast_cancer().data[:, :4]
    fitted = Whitener.fitted(rows[:400])
    assert np.allclose(fitted(rows)[400:], fitted(rows[400:]), rtol=1e-12, atol=1e-12)
    assert np.allclose(fitted.mean, rows[:400].mean(axis=0), rtol=1e-14)


@each_kind
def test_constant_pixels_need_an_epsilon_and_the_message_names_one_that_works(kind):
    pixels = load_digits().data
    with pytest.raises(ValueError, match=r"singular: 3 of 64 directions .* in 1797 rows; give a larger epsilon, 0\.02 say"):
        Whitener.fitted(pixels, kind=kind)
    Whitener.fitted(pixels, kind=kind, epsilon=0.02)


@each_kind
@pytest.mark.parametrize("epsilon", [1e-6, 0.02, 10.0])
def test_with_an_epsilon_variances_become_their_share_of_themselves_and_epsilon(kind, epsilon):
    pixels = load_digits().data
    fitted = Whitener.fitted(pixels, kind=kind, epsilon=epsilon)
    variances = np.linalg.eigvalsh(covariance(pixels))
    shrunken = np.linalg.eigvalsh(covariance(fitted(pixels)))
    # The oracle's eigenvalues, up to 179, have errors of 1e-13.
    assert np.allclose(shrunken, variances / (variances + epsilon), rtol=0, atol=1e-10 + 1e-13 / epsilon)
    matrix = np.array(fitted.matrix)
    assert np.allclose(matrix @ (covariance(pixels) + epsilon * np.eye(64)) @ matrix.T, np.eye(64), rtol=0, atol=1e-7)
    assert np.allclose(fitted.inverse(fitted(pixels)), pixels, rtol=0, atol=1e-9)
    assert fitted.epsilon == epsilon


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 2.0]],
        [[1.0, 2.0], [3.0, 5.0]],
        [[1.0, 2.0, 3.0], [4.0, 5.0, 9.0], [0.0, 1.0, 1.0], [7.0, -2.0, 5.0]],
        [[5.0], [5.0]],
    ],
    ids=["one row", "as many rows as columns", "a column that is the sum of others", "nothing varies"],
)
def test_a_singular_covariance_is_refused(rows):
    with pytest.raises(ValueError, match=r"the covariance is singular: \d of"):
        Whitener.fitted(rows)
    Whitener.fitted(rows, epsilon=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Whitener.fitted([[1.0], [2.0]], kind="mahalanobis"),
            "unknown kind 'mahalanobis'; known are cholesky, pca, zca",
        ),
        (lambda: Whitener.fitted([[1.0], [2.0]], epsilon=-1.0), "epsilon is -1.0; it must be a finite number ≥ 0"),
        (lambda: Whitener.fitted([[1.0], [2.0]], epsilon=float("nan")), "epsilon is nan"),
        (lambda: Whitener("zca", (0.0,), ((1.0,), (2.0,))), "2 rows for 1 means"),
        (lambda: Whitener("zca", (0.0,), ((1.0, 2.0),)), "1 of mean and 2 of row 0 of the matrix"),
        (lambda: Whitener("zca", (0.0,), ((float("nan"),),)), "must be finite"),
    ],
)
def test_what_cannot_be_done_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("size", [1e-140, 1e140])
def test_rows_whose_squares_leave_the_floats_are_whitened(size):
    rows = size * load_breast_cancer().data[:, :2]
    assert np.allclose(covariance(Whitener.fitted(rows)(rows)), np.eye(2), rtol=0, atol=1e-10)
