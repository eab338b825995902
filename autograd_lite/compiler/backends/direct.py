"""The short way of a call: one Python function from the arguments to the finished result.

A call of a small function is mostly looking at what it was given and putting together what it gives back. Here both are
written out for one trace: the arguments are taken apart as that trace had them, guards are checked where their numbers are
known, and the result is a literal. Where anything is not as in the trace, the function returns `MISS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from textwrap import indent
from typing import Any

import numpy as np

from autograd_lite.calculus.trees import ArrayBlock, Block, ScalarBlock, Structure
from autograd_lite.compiler.backends.python_backend import Body, compiled, has_lanes, part_bounds
from autograd_lite.compiler.backends.spellings import Scope
from autograd_lite.compiler.program import Input, Program
from autograd_lite.compiler.sources import Array, Leaves, Numbers, Parameters, StoredIn
from autograd_lite.compiler.traced_call import Form, Trace
from autograd_lite.engine.node import Node
from autograd_lite.engine.storage import Buffer

__all__ = ["MISS", "direct_function"]

FEW = 50
"""Numbers up to which a sum of them is written out."""

MISS = object()
"""What a direct function returns for a call that it is not made for."""


def direct_function(
    program: Program, trace: Trace, arguments: Sequence[Structure]
) -> Callable[[tuple[Any, ...]], Any] | None:
    """The function from the tuple of positional arguments to the result, in float64.

    Arguments:
        program: the trace's, simplified.
        trace: says what the program reads and what its outputs are.
        arguments: the structures of the positional arguments, as the trace had them.

    Returns:
        the function; or None where there are lanes, where the program is too long for one function (then the short way is
        no shorter), or where a guard is false whatever the arguments are.
    """
    if len(part_bounds(program)) > 2 or has_lanes(program, trace.results):
        return None
    if not all(isinstance(source, (Numbers, Array, Parameters, StoredIn, Leaves)) for source in trace.sources):
        return None
    guards: dict[int, list[bool]] = {}
    for guard, output in zip(trace.guards, program.outputs, strict=False):
        if type(output) is int:
            guards.setdefault(output, []).append(guard.truth)
        elif (output != 0.0) is not guard.truth:
            return None
    writer = _Writer(program, trace)
    writer.refuse(f"len(args) != {len(arguments)}")
    writer.take_apart("args", arguments)
    for place in range(len(program)):
        writer.body.write(place)
        for truth in guards.get(place, ()):
            writer.refuse(f"{writer.body.operand(place)} {'==' if truth else '!='} 0.0")
    writer.give_back()
    # A row that refuses a number says so best where the function runs as it is written.
    tried = indent(str(writer.body), "    ")
    text = f"def call(args):\n    try:\n{tried}\n    except (IndexError, ValueError):\n        return MISS"
    return compiled(text, "call", writer.scope)


class _Writer:
    """Writes what stands around the statements of a program.

    Attributes:
        body: the statements, and those around them.
        numbers: the variables of the arguments that are single numbers.
        blocks: the variables of all blocks of the arguments.
        buffers: of each block that is a module, where its numbers live.
        elements: of each source of many numbers the expression of one, once any is read.
    """

    def __init__(self, program: Program, trace: Trace) -> None:
        self.program, self.trace = program, trace
        self.scope = Scope()
        self.scope.items["MISS"] = MISS
        self.body = Body(program, range(len(program)), self.scope, {}, self._read)
        self.numbers: list[str] = []
        self.blocks: list[str] = []
        self.buffers: dict[int, Buffer] = {}
        self.elements: dict[int, str] = {}
        self._arguments = count()

    def write(self, line: str) -> None:
        """Writes a statement."""
        self.body.lines.append(line)

    def refuse(self, condition: str) -> None:
        """Writes that the function is not made for calls in which a condition holds."""
        self.write(f"if {condition}: return MISS")

    # --- arguments -------------------------------------------------------------------------------------------------------

    def take_apart(self, name: str, children: Sequence[Structure]) -> None:
        """Writes how the elements of a sequence are checked, and taken apart in their turn."""
        variables = [f"x{next(self._arguments)}" for _ in children]
        if variables:
            self.write(f"{', '.join(variables)}, = {name}")
        for variable, child in zip(variables, children, strict=True):
            self._take(variable, child)

    def _take(self, name: str, structure: Structure) -> None:
        if structure.block is not None:
            self._check(name, structure.block)
            return
        if structure.kind is None:
            self.refuse(f"{name} is not None")
            return
        children = structure.children
        self.refuse(f"type({name}) is not {self.scope.bind('t', structure.kind)} or len({name}) != {len(children)}")
        if structure.kind is dict:
            keys = [self.scope.bind("k", key) for key in structure.keys]
            for key in keys:
                self.refuse(f"{key} not in {name}")
            name = "".join([f"{name}[{key}], " for key in keys])
        self.take_apart(name, children)

    def _check(self, name: str, block: Block) -> None:
        if isinstance(block, ScalarBlock):
            self.refuse(f"type({name}) is not float")
            self.numbers.append(name)
        elif isinstance(block, ArrayBlock):
            shape = self.trace.shapes[len(self.blocks)]
            array, double = self.scope.bind("t", np.ndarray), self.scope.bind("t", np.dtype(float))
            self.refuse(f"type({name}) is not {array} or {name}.dtype is not {double} or {name}.shape != {shape}")
        else:
            module: Any = block.module
            own, storage = self.scope.bind("k", module), self.scope.bind("k", module.storage)
            self.buffers[len(self.blocks)] = module.storage._buffer
            self.refuse(f"{name} is not {own} or {name}._storage is not {storage} or {storage}._buffer.moved")
        self.blocks.append(name)

    def _read(self, op: Input) -> str:
        """The expression of an input."""
        source = self.trace.sources[op.source]
        if isinstance(source, Numbers):
            return self.numbers[op.position]
        if isinstance(source, Leaves):
            return self._leaf(source.nodes[op.position])
        if op.source not in self.elements:
            self.elements[op.source] = self._open(op.source)
        return self.elements[op.source].format(op.position)

    def _leaf(self, node: Node) -> str:
        """The number of a Value as it is now, also where a buffer was written past its leaf."""
        name = self.scope.bind("n", node)
        stored = f" if {name}._x is None else {name}._x.numbers[{name}._y]" if node.op is None else ""
        return f"{name}._number{stored}"

    def _open(self, number: int) -> str:
        """Writes how the elements of an array or a buffer are got at, and returns the expression of one.

        A list of all is the fastest, unless few of them are needed.
        """
        source, name = self.trace.sources[number], f"s{number}"
        reads = sum(isinstance(op, Input) and op.source == number for op in self.program.ops)
        if isinstance(source, Array):
            block = self.blocks[source.block]
            if 8 * reads < math.prod(self.trace.shapes[source.block]):
                return f"{block}.item({{}})"
            self.write(f"{name} = {block}.ravel().tolist()")
            return f"{name}[{{}}]"
        if isinstance(source, StoredIn):
            buffer = source.buffer
            self.refuse(f"{self.scope.bind('b', buffer)}.moved")
        else:
            assert isinstance(source, Parameters)
            buffer = self.buffers[source.block]
        numbers = self.scope.bind("d", buffer.numbers)
        self.write(f"{name} = {numbers}{'' if 4 * reads < len(buffer.numbers) else '.tolist()'}")
        return f"{name}[{{}}]"

    # --- result ----------------------------------------------------------------------------------------------------------

    def give_back(self) -> None:
        """Writes the result; where it must be finite to be right and is not, the function is not made for the call."""
        outputs, results, start = self.program.outputs, [], 0
        for size, _ in self.trace.results:
            results.append([self.body.result(output) for output in outputs[start : start + size]])
            start += size
        if self.trace.optimistic:
            everything = [text for result in results for text in result]
            added = " + ".join(everything) if len(everything) <= FEW else f"sum([{', '.join(everything)}])"
            self.refuse(f"not {self.scope.bind('f', math.isfinite)}({added})")
        blocks = iter([self._block(form, results) for form in self.trace.forms])
        self.write(f"return {self._literal(self.trace.structure, blocks)}")

    def _block(self, form: Form, results: list[list[str]]) -> str:
        if form.kind == "number":
            return results[0][form.index]
        array = f"{self.scope.bind('f', np.array)}([{', '.join(results[1 + form.index])}])"
        return array if len(form.shape) == 1 else f"{array}.reshape({form.shape})"

    def _literal(self, structure: Structure, blocks: Iterator[str]) -> str:
        """A tree as an expression; see `Structure.from_blocks`."""
        if structure.block is not None:
            return next(blocks)
        filled = [self._literal(child, blocks) for child in structure.children]
        if structure.kind is None:
            return "None"
        if structure.kind is dict:
            texts = dict(zip(structure.keys, filled, strict=True))
            pairs = [f"{self.scope.bind('k', key)}: {texts[key]}" for key in structure.given or structure.keys]
            return f"{{{', '.join(pairs)}}}"
        if hasattr(structure.kind, "_fields"):
            return f"{self.scope.bind('t', structure.kind)}({', '.join(filled)})"
        return f"[{', '.join(filled)}]" if structure.kind is list else f"({''.join([f'{text}, ' for text in filled])})"
