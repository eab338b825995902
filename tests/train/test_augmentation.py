"""Augmentation: noise that is a penalty on weights, images that move, several in a row."""

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.train.augmentation import ImageShift, InputNoise, chain, shift_images

TARGETS = np.arange(5.0)


def dice(seed=0):
    return np.random.default_rng(seed)


# --- noise ----------------------------------------------------------------------------------------------------------------


def test_least_squares_with_noisy_inputs_is_ridge_regression():
    """Bishop (1995): in the mean over the noise, Σ(w·x - t)² becomes Σ(w·x - t)² + n·std²·Σw²."""
    generator, std, copies = dice(), 0.5, 20_000
    rows = generator.normal(size=(20, 3))
    targets = rows @ [1.0, -2.0, 0.5] + 0.1 * generator.normal(size=20)
    noisy, repeated = InputNoise(std)(np.tile(rows, (copies, 1)), np.tile(targets, copies), generator)
    found = np.linalg.lstsq(noisy, repeated, rcond=None)[0]
    ridge = np.linalg.solve(rows.T @ rows + 20 * std**2 * np.eye(3), rows.T @ targets)
    plain = np.linalg.lstsq(rows, targets, rcond=None)[0]
    # A weight's deviation is that of the rest, 1, over the root of 400,000 samples: 1.6e-3.
    assert np.abs(found - ridge).max() < 8e-3
    assert np.abs(plain - ridge).max() > 0.2


def test_noise_has_the_deviation_asked_for_and_leaves_rows_targets_and_shapes_as_they_are():
    rows = np.arange(60_000.0).reshape(5, 3, 4000)
    before = rows.copy()
    noisy, targets = InputNoise(0.25)(rows, TARGETS, dice())
    assert noisy.shape == rows.shape
    assert targets is TARGETS
    assert np.array_equal(rows, before)
    assert abs(np.mean(noisy - rows)) < 5 * 0.25 / np.sqrt(60_000)
    assert np.std(noisy - rows) == pytest.approx(0.25, rel=5 / np.sqrt(2 * 60_000))
    assert np.array_equal(InputNoise(0.0)(rows, TARGETS, dice())[0], rows)


# --- images ---------------------------------------------------------------------------------------------------------------


@given(
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    dy=st.integers(-6, 6),
    dx=st.integers(-6, 6),
    fill=st.sampled_from([0.0, -1.5, 7.0]),
)
def test_a_shift_is_that_of_scipy(height, width, dy, dx, fill):
    images = np.arange(1.0, 1.0 + 3 * height * width).reshape(3, height, width)
    found = shift_images(images.reshape(3, -1), (height, width), dy, dx, fill)
    for row, image in zip(found, images, strict=True):
        expected = scipy.ndimage.shift(image, (dy, dx), order=0, mode="constant", cval=fill)
        assert np.array_equal(row.reshape(height, width), expected)


def test_each_image_moves_on_its_own_and_all_its_channels_move_together():
    images = dice().normal(size=(4, 3, 5, 6))
    dy, dx = [0, 1, -2, 0], [0, 0, 1, -3]
    found = shift_images(images, (3, 5, 6), dy, dx)
    assert found.shape == images.shape
    for k in range(4):
        for channel in range(3):
            alone = shift_images([images[k, channel].ravel()], (5, 6), dy[k], dx[k])
            assert np.array_equal(found[k, channel].ravel(), alone[0])
    assert np.array_equal(shift_images(images.reshape(4, -1), (3, 5, 6), dy, dx), found.reshape(4, -1))


def test_random_shifts_are_all_moves_up_to_the_most_alike_often():
    image = np.zeros((5, 5))
    image[2, 2] = 1.0
    count = 9_000
    rows, targets = ImageShift((5, 5), most=1)(np.tile(image.ravel(), (count, 1)), np.arange(count), dice())
    assert np.array_equal(targets, np.arange(count))
    found = np.bincount(rows.argmax(axis=1), minlength=25).reshape(5, 5)
    assert (rows.sum(axis=1) == 1.0).all()
    assert found[1:4, 1:4].sum() == count
    assert (abs(found[1:4, 1:4] - count / 9) < 5 * np.sqrt(count / 9)).all()  # five deviations of a count


def test_no_move_leaves_images_as_they_are():
    rows = dice().normal(size=(5, 64))
    assert np.array_equal(ImageShift(most=0)(rows, TARGETS, dice())[0], rows)
    assert np.array_equal(shift_images(rows, (8, 8), 0, 0), rows)


# --- several --------------------------------------------------------------------------------------------------------------


def test_a_chain_is_one_after_the_other_and_follows_the_generator():
    rows = dice(1).normal(size=(5, 64))
    shift, noise = ImageShift(most=2, fill=-1.0), InputNoise(0.1)
    generator = dice(7)
    expected = noise(*shift(rows, TARGETS, generator), generator)
    assert np.array_equal(chain(shift, noise)(rows, TARGETS, dice(7))[0], expected[0])
    assert not np.array_equal(chain(shift, noise)(rows, TARGETS, dice(8))[0], expected[0])
    assert not np.array_equal(chain(noise, shift)(rows, TARGETS, dice(7))[0], expected[0])
    assert chain()(rows, TARGETS, dice())[0] is rows


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: InputNoise(-0.1), "-0.1; it must be a finite number ≥ 0"),
        (lambda: InputNoise(float("nan")), "nan"),
        (lambda: ImageShift((8,)), r"\(8,\); it must be \(height, width\) or \(channels, height, width\)"),
        (lambda: ImageShift((8, 0)), "whole numbers from 1 on"),
        (lambda: ImageShift((8, 2.5)), "whole numbers from 1 on"),
        (lambda: ImageShift((3, 8), most=3), "most is 3; it must be a whole number from 0 to below 3"),
        (lambda: ImageShift(most=-1), "most is -1"),
        (lambda: ImageShift(most=0.5), "most is 0.5"),
        (lambda: shift_images(np.zeros((2, 63)), (8, 8), 1, 1), r"\(2, 63\) are no images of the shape \(8, 8\)"),
        (lambda: shift_images(np.zeros(64), (8, 8), 1, 1), "no images"),
        (
            lambda: shift_images(np.zeros((2, 64)), (8, 8), [1, 2, 3], 1),
            "dy must be a whole number, or one for each of the 2",
        ),
        (lambda: shift_images(np.zeros((2, 64)), (8, 8), 1, 0.5), "dx must be a whole number"),
        (lambda: shift_images(np.zeros((2, 64)), (4, 4, 2, 2), 1, 1), "the shape is"),
    ],
)
def test_what_cannot_be_done_is_said(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_chain_of_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="augmentation 1 is of type float; it must be a function"):
        chain(InputNoise(0.1), 0.5)
