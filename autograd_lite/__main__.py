"""The command line: `python -m autograd_lite train|predict|draw`."""

from __future__ import annotations

import os
import re
import sys
import warnings
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

from autograd_lite import Value, __version__
from autograd_lite.drawing.expression import Expression, point_of
from autograd_lite.drawing.picture import Picture, draw
from autograd_lite.engine.extras import MissingExtraError
from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.train.datasets import SOURCES, Dataset, Settings
from autograd_lite.train.engines import ENGINES
from autograd_lite.train.files import OutputError, reason_of
from autograd_lite.train.job import Job, run
from autograd_lite.train.loop import DivergedError
from autograd_lite.train.model_file import ModelFileError
from autograd_lite.train.predict import predict
from autograd_lite.train.table import TableError
from autograd_lite.train.tabular import TASKS, own_data

__all__ = ["main"]

OWN = "PATH.csv"
REFUSALS = (TableError, ModelFileError, MissingExtraError, OutputError, DivergedError)
"""Errors whose messages say in one line what was given and what is wanted."""

DONE, DISAGREED, REFUSED, INTERRUPTED = 0, 1, 2, 130

EXIT_CODES = f"""exit codes:
  {DONE:<5} done
  {DISAGREED:<5} done, but the gradients disagree with central differences
  {REFUSED:<5} refused: an argument, a file, a missing library, a folder that cannot be written to, or a loss that diverged
  {INTERRUPTED:<5} Ctrl-C: what was trained so far is kept, written and measured all the same
"""


class Parser(ArgumentParser):
    """Complains in one line and leaves usage to --help."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)
        # argparse takes -1e-3 for an unknown option, and would complain of a missing number instead of a negative one.
        self._negative_number_matcher = re.compile(r"-(\d|\.\d|inf|nan)")

    def _get_option_tuples(self, option_string: str) -> list[Any]:
        return []  # no option is short for another: -hypot(x, y) is not -h

    def error(self, message: str) -> NoReturn:
        """Ends the program with one line on stderr that points to --help."""
        self.refuse(f"{message} (see {self.prog} --help)")

    def refuse(self, reason: object) -> NoReturn:
        """Ends the program with one line on stderr."""
        self.exit(REFUSED, f"{self.prog}: {' '.join(str(reason).split())}\n")


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
        return int(options.command(options))
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> Parser:
    parser = Parser(
        prog="python -m autograd_lite",
        description="Scalar reverse-mode automatic differentiation: numbers that remember, and networks of them.",
    )
    parser.add_argument("--version", action="version", version=f"autograd_lite {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands")
    for add in (_add_train, _add_predict, _add_draw):
        add(commands)
    return parser


def _add_train(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a multilayer perceptron on a data set or a table of your own",
        description="Trains a network, writes model.json and loss.png, prints how good it is and a gradient check.",
        epilog=f"{_defaults()}\n\n{EXIT_CODES}",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=_data, help=f"one of {', '.join(SOURCES)}; or {OWN}: a header, then numbers")
    add = parser.add_argument
    add("--target", metavar="COLUMN", help="of a table: what to predict from all other columns")
    add("--task", choices=TASKS, help="of a table: classes or numbers (default: as the target suggests, which is printed)")
    add("--hidden", type=_sizes, metavar="N,N", help="neurons in each hidden layer, such as 16,16")
    add("--activation", metavar="NAME", help=f"of the hidden layers: {', '.join(sorted(ACTIVATIONS))}")
    add("--epochs", type=_whole, metavar="N", help="how often each sample is seen")
    add("--batch-size", type=_whole, metavar="N", help="how many samples make one step")
    add("--learning-rate", type=_number, metavar="R", help="that of the first step; it falls linearly to 0")
    add("--seed", type=_seed, default=0, metavar="N", help="of weights and order of samples, not of the split (default: 0)")
    add(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help="jit: compiled once; eager: a graph a batch (default: %(default)s)",
    )
    add("--out", type=Path, metavar="DIR", help="folder for the results (default: the name of the data)")
    parser.set_defaults(command=lambda options: _train(parser, options))


def _defaults() -> str:
    lines = [f"  {name:<14} {source.about}\n  {'':<14} {_options(source.settings)}" for name, source in SOURCES.items()]
    return "\n".join(["data, and the defaults for each (those for a table follow from its size):", *lines])


def _options(settings: Settings) -> str:
    """Settings as they are written on the command line."""
    return (
        f"--hidden {','.join(map(str, settings.hidden))} --activation {settings.activation} --epochs {settings.epochs} "
        f"--batch-size {settings.batch_size} --learning-rate {settings.learning_rate:g}"
    )


def _train(parser: Parser, options: Namespace) -> int:
    try:
        dataset, defaults, reason = _samples(parser, options)
        settings = _settings(parser, options, defaults)
        if reason:
            print(f"{reason}\nsettings: {_options(settings)}", flush=True)
        result = run(Job(dataset, settings, options.out or Path(dataset.name), options.seed, options.engine))
    except REFUSALS as error:
        parser.refuse(error)
    print(result.summary)
    if result.history.interrupted:
        return INTERRUPTED
    if not result.check.agrees:
        print(f"{parser.prog}: the gradients disagree with central differences; please report it", file=sys.stderr)
        return DISAGREED
    return DONE


def _samples(parser: Parser, options: Namespace) -> tuple[Dataset, Settings, str]:
    """The data set, its default settings, and of a table the task and why it was chosen."""
    if options.data not in SOURCES:
        return own_data(Path(options.data), options.target, options.task)
    if options.target is not None or options.task is not None:
        parser.error(f"--target and --task are for a table, {OWN}; {options.data} has its own")
    source = SOURCES[options.data]
    return source.load(), source.settings, ""


def _settings(parser: Parser, options: Namespace, defaults: Settings) -> Settings:
    given = {name: getattr(options, name) for name in asdict(defaults) if getattr(options, name) is not None}
    try:
        return replace(defaults, **given)
    except ValueError as error:
        parser.error(str(error))


# --- predict --------------------------------------------------------------------------------------------------------------


def _add_predict(commands: Any) -> None:
    parser = commands.add_parser(
        "predict",
        help="apply a trained model to a table",
        description="Writes a row for each row of a table: the class and the probability of every class, or the number.",
        epilog="The model finds its features by the names of the columns; other columns do not count, and the target may be "
        "among them: then the predictions are compared with it.",
    )
    parser.add_argument("model", type=Path, metavar="model.json", help="what train wrote")
    parser.add_argument("data", type=Path, metavar=OWN, help="the table")
    parser.add_argument("--out", type=Path, metavar="CSV", default=Path("predictions.csv"), help="default: %(default)s")
    parser.set_defaults(command=lambda options: _predict(parser, options))


def _predict(parser: Parser, options: Namespace) -> int:
    try:
        print(predict(options.model, options.data, options.out))
    except REFUSALS as error:
        parser.refuse(error)
    return DONE


# --- draw -----------------------------------------------------------------------------------------------------------------


def _add_draw(commands: Any) -> None:
    parser = commands.add_parser(
        "draw",
        help="draw the graph of an expression, with all derivatives",
        description="Prints the value of an expression and its derivatives at a point, and draws its graph.",
        epilog="""Example: draw "log(x) + x*y - sin(y)" --at x=2,y=5 --out g.svg""",
    )
    parser._negative_number_matcher = re.compile("-[^-]")  # -x*y is an expression, and no option
    add = parser.add_argument
    add("expression", metavar="EXPRESSION", help="numbers, names, + - * / ** %%, comparisons, the library's functions")
    add("--at", action="append", default=[], metavar="NAME=NUMBER,…", help="the point; may be given several times")
    formats = "svg, html, dot, mmd, tex, json, png, pdf (default: %(default)s)"
    add("--out", type=Path, metavar="FILE", default=Path("graph.svg"), help=formats)
    add("--digits", type=_whole, default=4, metavar="N", help="significant digits in the picture (default: %(default)s)")
    add("--engine", choices=["own", "dot"], default="own", help="dot: the Graphviz program (default: %(default)s)")
    parser.set_defaults(command=lambda options: _draw(parser, options))


def _draw(parser: Parser, options: Namespace) -> int:
    try:
        expression = Expression(options.expression)
        leaves = {name: Value(x, label=name) for name, x in point_of(expression.names, options.at).items()}
        f = expression(leaves)
        if not leaves:
            parser.refuse(f"the expression has no variable, and so no graph: it is the constant {f!r}")
        f = f if isinstance(f, Value) else Value(f)  # `1 if 2 else x` does not depend on x
        f.backward()
        for warning in _saved(draw(f, engine=options.engine, digits=options.digits), options.out):
            print(f"{parser.prog}: {' '.join(warning.split())}", file=sys.stderr)
    except OSError as error:
        parser.refuse(f"{options.out}: the file cannot be written ({reason_of(error)}); give another by --out")
    except (ValueError, ArithmeticError, RuntimeError, ImportError) as error:  # text; derivatives; `dot` and its package
        parser.refuse(error)
    print(f"f = {f.data!r}")
    for name, leaf in leaves.items():
        print(f"df/d{name} = {0.0 if leaf.grad is None else leaf.grad!r}")
    print(f"written: {options.out}")
    return DONE


def _saved(picture: Picture, out: Path) -> list[str]:
    """Writes a picture; returns the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        picture.save(out)
    return [str(warning.message) for warning in caught]


# --- words to arguments: each says what was given, what is wanted ---------------------------------------------------------


def _data(word: str) -> str:
    if word in SOURCES or Path(word).suffix.lower() == ".csv" or os.path.isfile(word):  # noqa: PTH113  # never raises
        return word
    raise ArgumentTypeError(f"unknown data {word!r}; known are {', '.join(SOURCES)}, or {OWN}, a table of your own")


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


_whole, _number = _converter(int, "a whole number, such as 10"), _converter(float, "a number, such as 0.1")
_seed = _converter(_natural, "a whole number from 0 on")
_sizes = _converter(lambda word: tuple(map(int, word.split(","))), "a list of whole numbers, such as 16,16")


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal may lack the ² of R²
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # a reader such as `head` has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    sys.exit(code)
