"""The whole job: data in; a trained model, its curve and its accuracies out."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from autograd_lite.engine.extras import require
from autograd_lite.nn.layers import MLP
from autograd_lite.optim.schedules import linear_decay
from autograd_lite.optim.sgd import SGD
from autograd_lite.train.datasets import Dataset, Settings
from autograd_lite.train.engines import ENGINES, mean_loss, outputs_of
from autograd_lite.train.files import OutputError, reason_of
from autograd_lite.train.fit import fit
from autograd_lite.train.history import History
from autograd_lite.train.model_file import TrainedModel, write_model
from autograd_lite.train.preprocessing import Standardizer, stratified_split
from autograd_lite.train.report import GradientCheck, check_gradients, write_curve
from autograd_lite.train.tasks import Scores, Task, described, task_of

__all__ = ["Job", "Part", "Result", "parts_of", "prepare_folder", "run"]

TEST_SIZE, SPLIT_SEED = 0.2, 0
"""Not for the user to choose: accuracies of two runs, with whatever seeds, are of the same test samples."""

LARGEST_CHECK = 16
"""How many samples the checked mini-batch has at most: each derivative takes two losses or more."""

MODEL_FILE, CURVE_FILE = "model.json", "loss.png"

ZERO_CENTRED = frozenset({"hardtanh", "identity", "softsign", "tanh"})
"""Activations of slope 1 around 0 on both sides, which keep the variance of their inputs; for others half of it is lost."""


@dataclass(frozen=True)
class Job:
    """What to train on what.

    Attributes:
        dataset: the samples.
        settings: how to train.
        out: the folder for the results.
        seed: of weights and order of samples; the split into training and test part does not depend on it.
        engine: what trains and evaluates, "jit" or "eager" (see `fit`).
    """

    dataset: Dataset
    settings: Settings
    out: Path
    seed: int = 0
    engine: str = ENGINES[0]


@dataclass(frozen=True)
class Part:
    """Samples, and the class or the number of each, as the data set has them."""

    features: Sequence[Sequence[float]]
    targets: Sequence[float]


@dataclass(frozen=True)
class Result:
    """What came out.

    Attributes:
        job: what was asked for.
        model: the trained model.
        history: what happened in training.
        training, test: the two parts of the data.
        training_scores, test_scores: how well the model predicts them.
        check: how its gradients agree with central differences.
    """

    job: Job
    model: TrainedModel
    history: History
    training: Part
    test: Part
    training_scores: Scores
    test_scores: Scores
    check: GradientCheck

    @property
    def summary(self) -> str:
        """All that as a few lines of text."""
        sizes = f"{len(self.training.targets)} samples for training and {len(self.test.targets)} for the test"
        check = f"{self.check.checked} of {self.check.parameters} derivatives against central differences"
        return (
            f"{self.job.dataset.name}: {self.model.network}, {sizes}\n"
            f"training {described(self.training_scores)}, test {described(self.test_scores)}\n"
            f"{check}: worst relative difference {self.check.worst:.1e}\n"
            f"written: {self.job.out / MODEL_FILE} and {self.job.out / CURVE_FILE}"
        )


def run(job: Job) -> Result:
    """Trains, writes `model.json` and `loss.png` into the job's folder, and checks 20 random derivatives.

    All that can be wrong with libraries and folders is found before the training. Ctrl-C ends the training early; the rest
    is done all the same.

    Raises:
        MissingExtraError: if a library is not there.
        OutputError: if the folder cannot be written to.
        DivergedError: if the learning rate is too large.

    >>> from autograd_lite.train.datasets import SOURCES
    >>> settings = Settings(hidden=(4,), activation="tanh", epochs=2, batch_size=50, learning_rate=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = run(Job(SOURCES["moons"].load(), settings, Path(folder)))
    >>> result.model.network, result.check.agrees
    (MLP(2 -> 4 tanh -> 2 identity, 22 parameters), True)
    """
    require("matplotlib", "data")
    prepare_folder(job.out)
    dataset, settings, generator = job.dataset, job.settings, Random(job.seed)
    preprocessing, task, training, test = parts_of(dataset)
    network = _network(settings, len(preprocessing.mean), task.outputs, generator)
    model = TrainedModel(network, preprocessing, task, dataset.feature_names, dataset.target_name)
    inputs, unseen = (Part(preprocessing(part.features), part.targets) for part in (training, test))
    history = _fitted(job, network, task, inputs, generator)
    if history.interrupted:
        done = f"{len(history.losses)} of {history.steps} mini-batches"
        print(f"interrupted after {done}; what was learnt until then is kept and written", file=sys.stderr)
    _write(job, model, history)
    return Result(
        job,
        model,
        history,
        training,
        test,
        _scores(network, task, inputs, job.engine),
        _scores(network, task, unseen, job.engine),
        _checked(settings, network, task, inputs, generator),
    )


def parts_of(dataset: Dataset) -> tuple[Standardizer, Task, Part, Part]:
    """The training and the test part of a data set, always the same ones, and what the first one shows of scales.

    With classes both parts have the same share of each.

    >>> from autograd_lite.train.datasets import SOURCES
    >>> preprocessing, task, training, test = parts_of(SOURCES["moons"].load())
    >>> task.class_names, len(training.targets), len(test.targets)
    (('upper', 'lower'), 400, 100)
    """
    classes = dataset.targets if dataset.class_names is not None else [None] * len(dataset.targets)
    kept, held_out = stratified_split(classes, TEST_SIZE, SPLIT_SEED)
    training, test = (
        Part([dataset.features[place] for place in places], [dataset.targets[place] for place in places])
        for places in (kept, held_out)
    )
    return Standardizer.fitted(training.features), task_of(dataset, training.targets), training, test


def prepare_folder(folder: Path) -> None:
    """Makes a folder and proves that the results can be written there.

    Raises:
        OutputError: if they cannot.

    >>> prepare_folder(Path(__file__))
    Traceback (most recent call last):
    autograd_lite.train.files.OutputError: ...job.py' is a file; the results need a folder: give another name by --out
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
    return OutputError(f"the folder {str(folder)!r} cannot be written to ({reason_of(error)}); give another by --out")


def _network(settings: Settings, nin: int, nout: int, generator: Random) -> MLP:
    init = "xavier" if settings.activation in ZERO_CENTRED else "he"
    return MLP(nin, [*settings.hidden, nout], activation=settings.activation, init=init, seed=generator)


def _fitted(job: Job, network: MLP, task: Task, inputs: Part, generator: Random) -> History:
    settings, count = job.settings, len(inputs.targets)
    size = min(settings.batch_size, count)
    rate = linear_decay(settings.learning_rate, settings.epochs * math.ceil(count / size))
    return fit(
        network,
        inputs.features,
        inputs.targets,
        task.loss,
        SGD(network, rate),
        settings.epochs,
        size,
        seed=generator,
        engine=job.engine,
        progress=True,
    )


def _scores(network: MLP, task: Task, inputs: Part, engine: str) -> Scores:
    outputs = outputs_of(network, inputs.features, engine=engine)
    predicted = [task.prediction(row)[0] for row in outputs.reshape(len(outputs), -1).tolist()]
    return task.scores(predicted, task.actual(inputs.targets))


def _checked(settings: Settings, network: MLP, task: Task, inputs: Part, generator: Random) -> GradientCheck:
    """The check on one mini-batch, drawn since neighbours in the data can be all of one class."""
    count = min(settings.batch_size, LARGEST_CHECK, len(inputs.targets))
    places = generator.sample(range(len(inputs.targets)), count)
    features, targets = [inputs.features[i] for i in places], [inputs.targets[i] for i in places]
    return check_gradients(lambda: mean_loss(network, features, targets, task.loss)[0], network.parameters(), seed=generator)


def _write(job: Job, model: TrainedModel, history: History) -> None:
    try:
        write_model(model, job.out / MODEL_FILE)
        write_curve(history, job.out / CURVE_FILE, f"{job.dataset.name}: loss in training")
    except OSError as error:
        raise _unwritable(job.out, error) from error
