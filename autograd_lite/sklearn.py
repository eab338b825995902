"""scikit-learn estimators: multilayer perceptrons that go where its own do, into pipelines, searches and ensembles.

The module needs the extra `data`, with scikit-learn 1.6 or later.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from autograd_lite.engine.extras import require
from autograd_lite.nn import losses
from autograd_lite.train.estimator import PerceptronEstimator, base, validation
from autograd_lite.train.preprocessing import Standardizer
from autograd_lite.train.samples import Array, Samples

__all__ = ["MLPClassifier", "MLPRegressor"]

multiclass: Any = require("sklearn.utils.multiclass", "data")


class MLPClassifier(base.ClassifierMixin, PerceptronEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier: a multilayer perceptron with a softmax, trained to small cross-entropy.

    Arguments that scikit-learn's own MLPClassifier has mean what they mean there, where nothing else is said. The defaults
    are meant to do without tuning for standardised features: put a StandardScaler before it.

    What is compiled serves all estimators of the same structure in a process: those of a search, say.

    Arguments:
        hidden_layer_sizes: how many neurons each hidden layer has; () for none, which is logistic regression.
        activation: of the hidden layers: a name, "relu", "tanh", "logistic" or another of `ag.nn`, or a function of a Value.
        optimizer: "adam", "adamw", "adagrad", "rmsprop", "sgd" (with Nesterov's momentum, 0.9); or what makes an optimiser
            that steps by a gradient from a model and a learning rate, `ag.optim.SGD` say.
        alpha: ½·alpha/batch_size·Σw² over the weights, not the biases, is added to each batch's mean loss.
        batch_size: how many samples make one step; "auto" is a tenth of them, but from 16 to 200.
        learning_rate: "linear": falls to 0 over `max_iter` epochs, which are all done; "constant": the training ends when
            the loss no longer falls.
        learning_rate_init: the rate at first.
        max_iter: how many epochs there are at most.
        shuffle: whether each epoch has an order of its own.
        random_state: of the first weights, the orders and the held-out part; a number makes results repeatable.
        tol, n_iter_no_change: with a constant rate the training ends when the loss fell by less than `tol` for more than so
            many epochs; with early stopping that is the loss of the held-out part.
        verbose: whether a bar on stderr shows how far the training is.
        warm_start: whether `fit` goes on from the weights that the last one found.
        early_stopping: whether to hold a part out, and take the weights that did best on it.
        validation_fraction: the held-out share of the samples, of each class alike.

    Attributes:
        classes_: the classes, ascending; n_features_in_: how many features there are.
        model_: the network, an `ag.nn.MLP` whose outputs are the logits; history_: an `ag.train.History` of the last call.
        loss_curve_: the mean loss of every epoch so far, without the penalty; loss_: the last of them.
        n_iter_: how many epochs there were.

    Raises:
        ValueError, TypeError: in `fit`, for an argument out of its range.
        ag.train.DivergedError: in `fit`, if the training left the finite numbers.
        KeyboardInterrupt: after Ctrl-C; what was learnt is kept.

    >>> classifier = MLPClassifier(8, random_state=0).fit([[-2.0], [-1.0], [1.0], [2.0]], ["low", "low", "high", "high"])
    >>> classifier.predict([[-1.5], [1.5]]).tolist()
    ['low', 'high']
    """

    loss = staticmethod(losses.softmax_cross_entropy)
    classes_: Any

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803  # scikit-learn's name
        """Trains from new weights, with `warm_start` from those of the last training."""
        first = not (self.warm_start and hasattr(self, "model_"))
        X, y = validation.validate_data(self, X, y, dtype=np.float64, reset=first)  # noqa: N806  # as above
        return self._classified(X, y, np.unique(y) if first else None, whole=True)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:  # noqa: N803  # as above
        """Trains on these samples for one epoch with the rate at first, on from what was learnt before.

        Arguments:
            classes: all that will ever come, needed in the first call.
        """
        first = not hasattr(self, "model_")
        if first and classes is None:
            raise ValueError("partial_fit: give all classes that will come in the first call, classes=[0, 1, 2] say")
        X, y = validation.validate_data(self, X, y, dtype=np.float64, reset=first)  # noqa: N806  # as above
        if not first and classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"partial_fit: the classes are {classes}, but were {self.classes_.tolist()} in the first call")
        return self._classified(X, y, np.unique(classes) if first else None, whole=False)

    def predict(self, X: Any) -> Any:  # noqa: N803  # as above
        """The most probable class of each sample."""
        best = np.argmax(self.outputs_for(X), axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> Array:  # noqa: N803  # as above
        """The probability of each class, in the order of `classes_`: a row for each sample."""
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: Any) -> Array:  # noqa: N803  # as above
        """The logarithms of the probabilities."""
        logits = self.outputs_for(X)
        return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)

    def _classified(self, X: Array, y: Any, classes: Any, *, whole: bool) -> Self:  # noqa: N803  # as above
        """Trains on these classes, those of before if they are None."""
        multiclass.check_classification_targets(y)
        first = classes is not None
        if first and len(classes) < 2:
            raise ValueError(f"{type(self).__name__}: y has the one class {classes.tolist()}; give samples of two at least")
        known = classes if first else self.classes_
        unknown = np.setdiff1d(y, known)
        if len(unknown):
            raise ValueError(f"{type(self).__name__}: y has the classes {unknown.tolist()}, which were not there at first")
        self.classes_ = known
        samples = Samples(X, np.searchsorted(known, y).astype(float))
        return self.trained(samples, len(known), first=first, whole=whole)


class MLPRegressor(base.RegressorMixin, PerceptronEstimator):  # type: ignore[misc]  # as above
    """A regressor: a multilayer perceptron with a linear output for each target, trained to a small squared error.

    The targets may have any unit: the network learns them standardised, and predictions are in their unit again. So `tol`,
    `loss_` and `alpha` belong to targets of variance 1. With `partial_fit` the first samples set the unit.

    Arguments, Attributes, Raises: those of `MLPClassifier`, but for the classes.

    >>> X = [[k / 10] for k in range(20)]
    >>> regressor = MLPRegressor(random_state=0).fit(X, [100.0 + 200.0 * x for x, in X])
    >>> regressor.predict([[1.0]]).round(-1)
    array([300.])
    """

    loss = staticmethod(losses.half_squared_error)

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803  # as above
        """Trains from new weights, with `warm_start` from those of the last training."""
        first = not (self.warm_start and hasattr(self, "model_"))
        return self._regressed(X, y, first=first, whole=True)

    def partial_fit(self, X: Any, y: Any) -> Self:  # noqa: N803  # as above
        """Trains on these samples for one epoch with the rate at first, on from what was learnt before.

        The first samples set the unit of y.
        """
        return self._regressed(X, y, first=not hasattr(self, "model_"), whole=False)

    def predict(self, X: Any) -> Array:  # noqa: N803  # as above
        """The target of each sample."""
        outputs = self.outputs_for(X)  # raises where nothing was fitted
        found = self._scaling.backward(outputs)
        return found[:, 0] if self._flat else found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _regressed(self, X: Any, y: Any, *, first: bool, whole: bool) -> Self:  # noqa: N803  # as above
        X, y = validation.validate_data(  # noqa: N806  # as above
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, reset=first
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = validation.column_or_1d(y, warn=True)
        goals, flat = y.astype(float).reshape(len(y), -1), y.ndim == 1
        if first:
            self._flat, self._scaling = flat, Standardizer.fitted(goals)
        elif flat != self._flat or goals.shape[1] != self._scaling.columns:
            raise ValueError(f"{type(self).__name__}: y has the shape {y.shape}, another number of targets than at first")
        samples = Samples(X, self._scaling.forward(goals).reshape(y.shape))
        return self.trained(samples, goals.shape[1], first=first, whole=whole)
