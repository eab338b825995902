"""The command line: `python -m autograd_lite train digits`."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

from autograd_lite import __version__
from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.train.datasets import SOURCES, Settings, source_named
from autograd_lite.train.extras import MissingExtraError
from autograd_lite.train.fit import DivergedError
from autograd_lite.train.job import Job, OutputError, run

__all__ = ["main"]

DONE, DISAGREED, REFUSED, INTERRUPTED = 0, 1, 2, 130

EXIT_CODES = f"""exit codes:
  {DONE:<5} done
  {DISAGREED:<5} done, but the gradients disagree with central differences
  {REFUSED:<5} refused: an argument, a missing library, a folder that cannot be written to, or a loss that diverged
  {INTERRUPTED:<5} Ctrl-C: what was trained so far is kept, written and measured all the same
"""


class Parser(ArgumentParser):
    """Complains in one line and leaves usage to --help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # argparse takes -1e-3 for an unknown option, and would complain of a missing number instead of a negative one.
        self._negative_number_matcher = re.compile(r"-(\d|\.\d|inf|nan)")

    def error(self, message: str) -> NoReturn:
        """Ends the program with one line on stderr."""
        self.exit(REFUSED, f"{self.prog}: {' '.join(message.split())} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Arguments:
        arguments: the words after the program's name; those of this process by default.

    Returns:
        the exit code.

    Raises:
        SystemExit: for arguments that cannot be, --help and --version.

    >>> main(["--version"])
    Traceback (most recent call last):
    SystemExit: 0
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return DONE
    try:
        code: int = options.command(options)
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return INTERRUPTED
    return code


def _parser() -> Parser:
    parser = Parser(
        prog="python -m autograd_lite",
        description="Scalar reverse-mode automatic differentiation: train a network of numbers that remember.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"autograd_lite {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands")
    _add_train(commands)
    return parser


def _add_train(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a multilayer perceptron on a data set",
        description="Trains a network, writes model.json and loss.png, prints accuracies and a gradient check.",
        epilog=f"{_defaults()}\n\n{EXIT_CODES}",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("data", type=_data, help=f"one of {', '.join(SOURCES)}")
    add = parser.add_argument
    add("--hidden", type=_sizes, metavar="N,N", help="neurons in each hidden layer, such as 16,16")
    add("--activation", metavar="NAME", help=f"of the hidden layers: {', '.join(sorted(ACTIVATIONS))}")
    add("--epochs", type=_whole, metavar="N", help="how often each sample is seen")
    add("--batch-size", type=_whole, metavar="N", help="how many samples make one step")
    add("--learning-rate", type=_number, metavar="R", help="that of the first step; it falls linearly to 0")
    add("--seed", type=_seed, default=0, metavar="N", help="of weights and order of samples, not of the split (default: 0)")
    add("--out", type=Path, metavar="DIR", help="folder for the results (default: the name of the data)")
    parser.set_defaults(command=lambda options: _train(parser, options))


def _defaults() -> str:
    lines = [
        f"  {name:<14} {source.about}\n"
        f"  {'':<14} --hidden {','.join(map(str, source.settings.hidden))} --activation {source.settings.activation} "
        f"--epochs {source.settings.epochs} --batch-size {source.settings.batch_size} "
        f"--learning-rate {source.settings.learning_rate:g}"
        for name, source in SOURCES.items()
    ]
    return "\n".join(["data, and the defaults for each:", *lines])


def _train(parser: Parser, options: Namespace) -> int:
    defaults = SOURCES[options.data].settings
    given = {name: getattr(options, name) for name in asdict(defaults) if getattr(options, name) is not None}
    try:
        settings: Settings = replace(defaults, **given)
    except ValueError as error:
        parser.error(str(error))
    try:
        result = run(Job(options.data, settings, options.out or Path(options.data), options.seed))
    except (MissingExtraError, OutputError, DivergedError) as error:
        parser.exit(REFUSED, f"{parser.prog}: {error}\n")
    print(result.summary)
    if result.history.interrupted:
        return INTERRUPTED
    if not result.check.agrees:
        print(f"{parser.prog}: the gradients disagree with central differences; please report it", file=sys.stderr)
        return DISAGREED
    return DONE


# --- words to arguments: each says what was given, what is wanted ---------------------------------------------------------


def _data(word: str) -> str:
    try:
        source_named(word)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error
    return word


def _converter(convert: Callable[[str], Any], wanted: str) -> Callable[[str], Any]:
    def converted(word: str) -> Any:
        try:
            return convert(word)
        except ValueError as error:
            raise ArgumentTypeError(f"{word!r} is not {wanted}") from error

    return converted


def _natural(word: str) -> int:
    if int(word) < 0:
        raise ValueError(word)
    return int(word)


_whole = _converter(int, "a whole number, such as 10")
_number = _converter(float, "a number, such as 0.1")
_seed = _converter(_natural, "a whole number from 0 on")
_sizes = _converter(lambda word: tuple(map(int, word.split(","))), "a list of whole numbers, such as 16,16")


if __name__ == "__main__":
    sys.exit(main())
