"""The whole job: data in; a trained model, its curve and its accuracies out."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from autograd_lite.nn.layers import MLP
from autograd_lite.train.datasets import Dataset, Settings, source_named
from autograd_lite.train.extras import require
from autograd_lite.train.fit import History, accuracy, fit, mean_loss
from autograd_lite.train.preprocessing import Standardizer, stratified_split
from autograd_lite.train.report import GradientCheck, check_gradients, model_record, write_curve, write_model

__all__ = ["Job", "OutputError", "Part", "Result", "parts_of", "prepare_folder", "run"]

TEST_SIZE, SPLIT_SEED = 0.2, 0
"""Not for the user to choose: accuracies of two runs, with whatever seeds, are of the same test samples."""

LARGEST_CHECK = 16
"""How many samples the checked mini-batch has at most: each derivative takes two losses or more."""

MODEL_FILE, CURVE_FILE = "model.json", "loss.png"

ZERO_CENTRED = frozenset({"hardtanh", "identity", "softsign", "tanh"})
"""Activations of slope 1 around 0 on both sides, which keep the variance of their inputs; for others half of it is lost."""


class OutputError(OSError):
    """The results cannot be written where they should go; the message says where instead."""


@dataclass(frozen=True)
class Job:
    """What to train on what.

    Attributes:
        data: the name of the data set.
        settings: how to train.
        out: the folder for the results.
        seed: of weights and order of samples; the split into training and test part does not depend on it.
    """

    data: str
    settings: Settings
    out: Path
    seed: int = 0


@dataclass(frozen=True)
class Part:
    """Samples, standardised, and their classes."""

    features: list[list[float]]
    targets: list[int]


@dataclass(frozen=True)
class Result:
    """What came out.

    Attributes:
        job: what was asked for.
        model: the trained network.
        history: what happened in training.
        training, test: the two parts of the data.
        training_accuracy, test_accuracy: the shares of them that the model classifies rightly.
        check: how its gradients agree with central differences.
    """

    job: Job
    model: MLP
    history: History
    training: Part
    test: Part
    training_accuracy: float
    test_accuracy: float
    check: GradientCheck

    @property
    def summary(self) -> str:
        """All that as a few lines of text."""
        sizes = f"{len(self.training.targets)} samples for training and {len(self.test.targets)} for the test"
        check = f"{self.check.checked} of {self.check.parameters} derivatives against central differences"
        return (
            f"{self.job.data}: {self.model}, {sizes}\n"
            f"training accuracy {self.training_accuracy:.2%}, test accuracy {self.test_accuracy:.2%}\n"
            f"{check}: worst relative difference {self.check.worst:.1e}\n"
            f"written: {self.job.out / MODEL_FILE} and {self.job.out / CURVE_FILE}"
        )


def run(job: Job) -> Result:
    """Trains, writes `model.json` and `loss.png` into the job's folder, and checks 20 random derivatives.

    All that can be wrong with libraries and folders is found before the training. Ctrl-C ends the training early; the rest
    is done all the same.

    Raises:
        ValueError: for unknown data.
        MissingExtraError: if a library is not there.
        OutputError: if the folder cannot be written to.
        DivergedError: if the learning rate is too large.

    >>> settings = Settings(hidden=(4,), activation="tanh", epochs=2, batch_size=50, learning_rate=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = run(Job("moons", settings, Path(folder)))
    >>> result.model, result.check.agrees
    (MLP(2 -> 4 tanh -> 2 identity, 22 parameters), True)
    """
    require("matplotlib", "data")
    dataset = source_named(job.data).load()
    prepare_folder(job.out)
    preprocessing, training, test = parts_of(dataset)
    generator = Random(job.seed)
    model = _network(job.settings, training, len(dataset.class_names), generator)
    history = _fitted(job.settings, model, training, generator)
    if history.interrupted:
        done = f"{len(history.losses)} of {history.steps} mini-batches"
        print(f"interrupted after {done}; what was learnt until then is kept and written", file=sys.stderr)
    _write(job, model_record(model, dataset.class_names, preprocessing), history)
    return Result(
        job,
        model,
        history,
        training,
        test,
        accuracy(model, training.features, training.targets),
        accuracy(model, test.features, test.targets),
        _checked(job.settings, model, training, generator),
    )


def parts_of(dataset: Dataset) -> tuple[Standardizer, Part, Part]:
    """The training and the test part of a data set, always the same ones, both scaled by what the first one shows."""
    kept, held_out = stratified_split(dataset.targets, TEST_SIZE, SPLIT_SEED)
    preprocessing = Standardizer.fitted([dataset.features[place] for place in kept])
    training, test = (
        Part(preprocessing([dataset.features[place] for place in places]), [dataset.targets[place] for place in places])
        for places in (kept, held_out)
    )
    return preprocessing, training, test


def prepare_folder(folder: Path) -> None:
    """Makes a folder and proves that the results can be written there.

    Raises:
        OutputError: if they cannot.

    >>> prepare_folder(Path(__file__))
    Traceback (most recent call last):
    autograd_lite.train.job.OutputError: ...job.py' is a file; the results need a folder: give another name by --out
    """
    advice = "give another name by --out"
    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{str(folder)!r} is a file; the results need a folder: {advice}")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        for name in (MODEL_FILE, CURVE_FILE):
            if (folder / name).is_dir():
                raise OutputError(f"{str(folder / name)!r} is a folder; a file of that name is to be written: {advice}")
    except OutputError:
        raise
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> OutputError:
    reason = error.strerror or type(error).__name__
    return OutputError(f"the folder {str(folder)!r} cannot be written to ({reason}); give another by --out")


def _network(settings: Settings, training: Part, classes: int, generator: Random) -> MLP:
    init = "xavier" if settings.activation in ZERO_CENTRED else "he"
    sizes = [*settings.hidden, classes]
    return MLP(len(training.features[0]), sizes, activation=settings.activation, init=init, seed=generator)


def _fitted(settings: Settings, model: MLP, training: Part, generator: Random) -> History:
    with _progress_bar() as show:
        return fit(
            model,
            training.features,
            training.targets,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            seed=generator,
            callback=show,
        )


@contextmanager
def _progress_bar() -> Iterator[Callable[[History], None]]:
    """A bar on stderr, and the callback that moves it."""
    from tqdm import tqdm  # only where something is trained

    with tqdm(unit="batch", dynamic_ncols=True) as bar:

        def show(history: History) -> None:
            bar.total = history.steps
            bar.set_description(f"epoch {len(history.epoch_losses)}/{history.epochs}", refresh=False)
            now = f"loss {history.epoch_losses[-1]:.4f}, accuracy {history.epoch_accuracies[-1]:.1%}"
            bar.set_postfix_str(now, refresh=False)
            bar.update()

        yield show


def _checked(settings: Settings, model: MLP, training: Part, generator: Random) -> GradientCheck:
    """The check on one mini-batch, drawn since neighbours in the data can be all of one class."""
    count = min(settings.batch_size, LARGEST_CHECK, len(training.targets))
    places = generator.sample(range(len(training.targets)), count)
    features, targets = [training.features[i] for i in places], [training.targets[i] for i in places]
    return check_gradients(lambda: mean_loss(model, features, targets)[0], model.parameters(), seed=generator)


def _write(job: Job, record: dict[str, Any], history: History) -> None:
    try:
        write_model(record, job.out / MODEL_FILE)
        write_curve(history, job.out / CURVE_FILE, f"{job.data}: loss in training")
    except OSError as error:
        raise _unwritable(job.out, error) from error
