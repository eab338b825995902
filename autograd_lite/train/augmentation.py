"""Augmentation: mini-batches that are changed at random, so that a network learns what does not matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from autograd_lite.train.preprocessor import Array

__all__ = ["Augmentation", "Chain", "ImageShift", "InputNoise", "chain", "shift_images"]

Augmentation: TypeAlias = Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]
"""From the features and targets of a mini-batch, and a generator, other ones: what `fit` takes as `augment`."""


@dataclass(frozen=True)
class InputNoise:
    """Adds to every feature gaussian noise, which costs a linear model with a squared error std²·Σw² in the mean.

    Attributes:
        std: the standard deviation of the noise, in units of the features.

    Raises:
        ValueError: for a negative deviation, or one that is not finite.

    Source: Bishop, Training with noise is equivalent to Tikhonov regularization, Neural Computation 7 (1995), 108-116.

    >>> rows, targets = InputNoise(0.5)(np.zeros((2, 2)), np.array([0.0, 1.0]), np.random.default_rng(0))
    >>> rows.round(3).tolist(), targets.tolist()
    ([[0.063, -0.066], [0.32, 0.052]], [0.0, 1.0])
    """

    std: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.std < math.inf:
            raise ValueError(f"InputNoise: the standard deviation is {self.std}; it must be a finite number ≥ 0")

    def __call__(self, rows: Array, targets: Array, generator: np.random.Generator) -> tuple[Array, Array]:
        """The features with noise, and the targets as they are."""
        rows = np.asarray(rows, dtype=float)
        return rows + self.std * generator.standard_normal(rows.shape), targets


@dataclass(frozen=True)
class ImageShift:
    """Moves each image by up to so many pixels up or down and left or right, all moves alike probable.

    Attributes:
        shape: of one image: (height, width), or (channels, height, width).
        most: by how many pixels at most, from 0 to below the height and the width.
        fill: what comes in at the edges.

    Raises:
        ValueError: for a shape that is none, or a number of pixels out of its range.

    >>> image = np.array([[1.0, 2.0, 3.0, 4.0]])
    >>> ImageShift((2, 2))(image, np.array([0.0]), np.random.default_rng(0))[0]
    array([[0., 0., 1., 2.]])
    """

    shape: tuple[int, ...] = (8, 8)
    most: int = 1
    fill: float = 0.0

    def __post_init__(self) -> None:
        _check_shape("ImageShift", self.shape)
        if self.most != int(self.most) or not 0 <= self.most < min(self.shape[-2:]):
            raise ValueError(
                f"ImageShift: most is {self.most}; it must be a whole number from 0 to below {min(self.shape[-2:])}, the "
                "shorter side of an image"
            )

    def __call__(self, rows: Array, targets: Array, generator: np.random.Generator) -> tuple[Array, Array]:
        """The images, moved, and the targets as they are."""
        dy, dx = generator.integers(-self.most, self.most, size=(2, len(rows)), endpoint=True)
        return shift_images(rows, self.shape, dy, dx, self.fill), targets


def shift_images(rows: Any, shape: Sequence[int], dy: npt.ArrayLike, dx: npt.ArrayLike, fill: float = 0.0) -> Array:
    """Images moved by whole pixels.

    Arguments:
        rows: one image each, flattened or not.
        shape: of one image: (height, width), or (channels, height, width).
        dy: how far down, a whole number for all images or one for each; up if negative.
        dx: how far to the right, likewise.
        fill: what comes in at the edges.

    Returns:
        an array of the same shape.

    Raises:
        ValueError: for a shape that is none, rows that do not fit it, or moves that are not whole or not one for each.

    >>> shift_images([[1.0, 2.0, 3.0, 4.0]], (2, 2), dy=0, dx=1, fill=-1.0)
    array([[-1.,  1., -1.,  3.]])
    """
    _check_shape("shift_images", shape)
    x = np.asarray(rows, dtype=float)
    if x.ndim < 2 or math.prod(x.shape[1:]) != math.prod(shape):
        raise ValueError(f"shift_images: rows of the shape {x.shape} are no images of the shape {tuple(shape)}, one each")
    height, width = shape[-2:]
    images = x.reshape(len(x), -1, height, width)
    down, right = (_moves(name, moves, len(x)) for name, moves in (("dy", dy), ("dx", dx)))
    sample, channel = np.arange(len(x))[:, None, None, None], np.arange(images.shape[1])[None, :, None, None]
    # From where each pixel of the result comes, and whether there is anything.
    y = (np.arange(height)[None, :] - down[:, None])[:, None, :, None]
    across = (np.arange(width)[None, :] - right[:, None])[:, None, None, :]
    inside = (y >= 0) & (y < height) & (across >= 0) & (across < width)
    moved = np.where(inside, images[sample, channel, y % height, across % width], fill)
    return moved.reshape(x.shape)


def _check_shape(what: str, shape: Sequence[int]) -> None:
    if len(shape) not in (2, 3) or not all(isinstance(size, int) and size >= 1 for size in shape):
        raise ValueError(
            f"{what}: the shape is {shape}; it must be (height, width) or (channels, height, width), whole numbers from 1 on"
        )


def _moves(name: str, moves: npt.ArrayLike, count: int) -> npt.NDArray[np.intp]:
    found = np.asarray(moves)
    if found.dtype.kind not in "iu" or found.shape not in ((), (count,)):
        raise ValueError(f"shift_images: {name} must be a whole number, or one for each of the {count} images")
    return np.broadcast_to(found.astype(np.intp), (count,))


@dataclass(frozen=True)
class Chain:
    """Augmentations one after the other; `chain` makes it.

    Attributes:
        augmentations: the first one is handed the mini-batch itself.
    """

    augmentations: tuple[Augmentation, ...]

    def __post_init__(self) -> None:
        for place, augmentation in enumerate(self.augmentations):
            if not callable(augmentation):
                raise TypeError(
                    f"chain: augmentation {place} is of type {type(augmentation).__name__}; it must be a function of "
                    "features, targets and a generator"
                )

    def __call__(self, rows: Array, targets: Array, generator: np.random.Generator) -> tuple[Array, Array]:
        """What the last one makes of what the others made."""
        for augmentation in self.augmentations:
            rows, targets = augmentation(rows, targets, generator)
        return rows, targets


def chain(*augmentations: Augmentation) -> Chain:
    """Several augmentations as one.

    Raises:
        TypeError: if one of them cannot be called.

    >>> chain(ImageShift((8, 8)), InputNoise(0.1))
    Chain(augmentations=(ImageShift(shape=(8, 8), most=1, fill=0.0), InputNoise(std=0.1)))
    """
    return Chain(augmentations)
