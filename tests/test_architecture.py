"""The shape of the house: who imports whom, how large things are, and that no algorithm names an operation."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import autograd_lite
from autograd_lite.engine.primitive import TABLE

PACKAGE = Path(autograd_lite.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

FAMILIES = ["engine", "calculus", "checks", "compiler", "scipy", "nn", "optim", "train", "sklearn", "drawing", "__main__"]
"""Imports run from left to right: a family may import those before it."""

ENGINE = [
    "extras",
    "collection",
    "domain",
    "special",
    "ieee",
    "notation",
    "operand",
    "primitive",
    "operations",
    "reductions",
    "state",
    "chance",
    "node",
    "storage",
    "sweep",
    "sweep_graph",
    "record",
    "functions",
    "sequences",
    "activations",
    "condition",
    "copying",
    "value",
    "scope",
    "printing",
    "paths",
    "sweep_table",
    "ledger",
    "derivation",
    "symbolic",
]
"""The same within the engine."""

TABLE_FILES = {"operations.py", "reductions.py", "ieee.py"}


def module_name(file):
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(file):
    """The modules of this package that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "autograd_lite")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: imports are absolute"
            if node.module.split(".")[0] == "autograd_lite":
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                yield from (name if name_is_module(name) else node.module for name in names)


def name_is_module(name):
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def place(name, order, depth):
    parts = name.split(".")
    return order.index(parts[depth]) if len(parts) > depth else None


def broken_imports(file):
    """Imports that run against the order of families, or of the engine's modules."""
    own = module_name(file)
    for name in imports(file):
        if own == "autograd_lite" or name == "autograd_lite":
            continue  # the front door imports the engine, and what it loads on first use it names as text
        here, there = place(own, FAMILIES, 1), place(name, FAMILIES, 1)
        if there > here or (
            there == here == 0 and len(own.split(".")) > 2 and place(name, ENGINE, 2) >= place(own, ENGINE, 2)
        ):
            yield f"{own} imports {name}"


@pytest.mark.slow  # the same on any interpreter
@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_imports_run_one_way(file):
    assert list(broken_imports(file)) == []


def test_a_wrong_import_is_seen(monkeypatch):
    wrong = PACKAGE / "engine" / "node.py"
    monkeypatch.setattr(
        Path, "read_text", lambda self, **kw: "from autograd_lite.engine import value\nimport autograd_lite.nn"
    )
    assert len(list(broken_imports(wrong))) == 2


def test_nn_and_optim_know_nothing_of_the_compiler():
    for family in ("nn", "optim"):
        for file in (PACKAGE / family).glob("*.py"):
            assert not [name for name in imports(file) if name.startswith("autograd_lite.compiler")]


@pytest.mark.slow  # the same on any interpreter
@pytest.mark.parametrize("file", FILES, ids=module_name)
def test_a_file_is_read_in_ten_minutes_and_a_function_fits_on_a_screen(file):
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            lines = node.end_lineno - node.lineno + 1 - (len(docstring.splitlines()) if docstring else 0)
            assert lines <= 40, f"{node.name} has {lines} lines"


@pytest.mark.slow  # the same on any interpreter
@pytest.mark.parametrize("file", [file for file in FILES if file.name not in TABLE_FILES], ids=module_name)
def test_no_algorithm_names_an_operation(file):
    """No name or symbol of an operation is compared with a text, and none is looked up by a text, outside the table."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            attributes = {side.attr for side in sides if isinstance(side, ast.Attribute)}
            assert not (attributes & {"name", "symbol"} and texts_in(node) & names_in_the_table()), f"line {node.lineno}"
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "TABLE":
            assert not texts_in(node), f"line {node.lineno}"


def texts_in(tree):
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def names_in_the_table():
    return {text for row in TABLE.values() for text in (row.name, row.symbol)}


def loaded_by(statement):
    """The modules in a fresh interpreter after a statement."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    return set(done.stdout.split())


def test_importing_the_package_loads_the_engine_only():
    modules = loaded_by("import autograd_lite")
    assert not modules & {"numpy", "graphviz", "tqdm", "sklearn", "matplotlib", "hypothesis", "scipy"}
    families = {name.split(".")[1] for name in modules if name.startswith("autograd_lite.")}
    assert families == {"engine"}


def test_every_function_is_at_one_dot_and_families_load_on_first_use():
    modules = loaded_by("import autograd_lite as ag; ag.nn.MLP; assert 'nn' in dir(ag)")
    assert "autograd_lite.nn" in modules
    assert "numpy" not in modules
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = autograd_lite.nothing


NAMES = """
exp expm1 exp2 log log1p log2 log10 sqrt rsqrt cbrt square reciprocal sin cos tan asin acos atan atan2 sinh cosh tanh asinh
acosh atanh erf erfc lgamma digamma polygamma norm_cdf norm_pdf hypot norm floor ceil round trunc sign copysign fmod
remainder maximum minimum max min clip where equal step pick relu relu6 leaky_relu abs_relu swish elu selu gelu mish
sigmoid hardsigmoid logsigmoid
softplus softsign silu hardtanh logsumexp logaddexp softmax log_softmax xlogy dot total product mean var std sum prod abs pow
Value Condition gradients no_grad stop_gradient
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_the_public_names_are_there_and_say_what_they_do(name):
    assert name in autograd_lite.__all__
    item = getattr(autograd_lite, name)
    assert item.__doc__
    assert isinstance(item, type) or item.__doc__ != type(item).__doc__
