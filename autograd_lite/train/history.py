"""What happened in training: plain lists, and a picture of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autograd_lite.train.figures import notebook_figure

__all__ = ["History", "label_losses"]

INTERRUPTED = "Ctrl-C"
MARKERS = 40
"""Of more epochs not each has its own, so that a line remains a line."""


@dataclass
class History:
    """What happened in training so far.

    Attributes:
        epochs: how many passes over the data were planned.
        batches: how many mini-batches make an epoch.
        metric: what `epoch_metrics` are, "accuracy" say; None where nothing was asked for.
        losses: the loss of every mini-batch, taken before its step.
        epoch_losses: the mean loss of every epoch's samples, each taken before its step; the last is that of those so far.
            Where `fit` sums over the samples of a batch, it is the mean of these sums, weighted with the sizes of batches.
        epoch_metrics: the metric of every whole epoch's outputs, likewise.
        validation_losses, validation_metrics: those of the held-out samples after every epoch, where there are some.
        seconds: how long every epoch took, validation included.
        stopped: why training ended before its last epoch; None if it did not.
        best_epoch: the place of the epoch whose parameters were kept, where one was chosen.

    >>> history = History(epochs=2, batches=2)
    >>> for loss, size in [(4.0, 2), (1.0, 1), (0.5, 2)]:
    ...     history.record(loss, size)
    >>> history.epoch_losses
    [3.0, 0.5]
    """

    epochs: int
    batches: int
    metric: str | None = None
    losses: list[float] = field(default_factory=list)
    epoch_losses: list[float] = field(default_factory=list)
    epoch_metrics: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    validation_metrics: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str | None = None
    best_epoch: int | None = None
    _seen: int = 0

    @property
    def steps(self) -> int:
        """How many mini-batches were planned."""
        return self.epochs * self.batches

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the training."""
        return self.stopped == INTERRUPTED

    def record(self, loss: float, size: int) -> None:
        """Adds a mini-batch of so many samples."""
        if len(self.losses) % self.batches == 0:
            self._seen = 0
            self.epoch_losses.append(0.0)
        self.losses.append(loss)
        self._seen += size
        self.epoch_losses[-1] += (loss - self.epoch_losses[-1]) * size / self._seen

    def plot(self, title: str = "") -> Any:
        """The losses of mini-batches and epochs, and of the held-out samples, as a matplotlib figure.

        Raises:
            MissingExtraError: without matplotlib.

        >>> figure = History(1, 1, losses=[1.0], epoch_losses=[1.0]).plot("one step")
        >>> figure.axes[0].get_title()
        'one step'
        """
        figure = notebook_figure(figsize=(8, 5), layout="constrained")
        axes = figure.add_subplot()
        self.draw_on(axes)
        label_losses(axes)
        axes.set_title(title, parse_math=False)
        axes.grid(alpha=0.3)
        axes.legend()
        return figure

    def draw_on(
        self, axes: Any, *, name: str = "", colour: str = "#08519c", marker: str = "o", batches: bool = True
    ) -> None:
        """Draws lines on axes of matplotlib: mini-batches, epochs, with dashes held-out samples, with dots the kept epoch.

        Arguments:
            name: what the lines are called, where there are those of others beside them.
            colour, marker: what tells them apart from the others.
            batches: whether the losses of mini-batches are drawn.

        >>> axes = notebook_figure().add_subplot()
        >>> History(1, 1, losses=[1.0], epoch_losses=[1.0], validation_losses=[2.0]).draw_on(axes, name="run", batches=False)
        >>> [line.get_label() for line in axes.lines]
        ['run', 'run: validation']
        """
        prefix = f"{name}: " if name else ""
        every = 1 + len(self.epoch_losses) // MARKERS
        style = {"color": colour, "marker": marker, "markersize": 3.5, "markevery": every}
        if batches:
            epochs = [step / self.batches for step in range(len(self.losses))]
            axes.plot(epochs, self.losses, color=colour, alpha=0.35, linewidth=0.8, label=f"{prefix}mini-batches")
        middles = [epoch + 0.5 for epoch in range(len(self.epoch_losses))]
        axes.plot(middles, self.epoch_losses, label=name or "mean of the epoch", **style)
        if self.validation_losses:
            ends = [epoch + 1.0 for epoch in range(len(self.validation_losses))]
            label = f"{prefix}validation"
            axes.plot(ends, self.validation_losses, linestyle="--", label=label, markerfacecolor="none", **style)
        if self.best_epoch is not None:
            axes.axvline(self.best_epoch + 1.0, color=colour, linewidth=1.0, linestyle=":", label=f"{prefix}kept")


def label_losses(axes: Any) -> None:
    """Names axes that histories are drawn on, and lets them begin at 0 unless there is a loss below, as of one's own.

    >>> axes = notebook_figure().add_subplot()
    >>> label_losses(axes)
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('epoch', 'loss')
    """
    axes.set(xlabel="epoch", ylabel="loss", xlim=(0, None))
    if axes.get_yscale() == "linear" and not any(loss < 0.0 for line in axes.lines for loss in line.get_ydata()):
        axes.set_ylim(0, None)
