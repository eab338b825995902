"""One call of a function with a rule of its own: its outputs as nodes, and how sweeps pass through them.

The function runs on numbers and leaves no graph. Each of its outputs becomes a node whose operation, an `Output`, is a row
that stands in no table. All outputs but the first have the first as their last argument, through which nothing flows: so
every sweep meets the first before the others, or after them, and asks the rule once for all (see `engine.sweep`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pickle import PicklingError
from typing import Any, NoReturn

from autograd_lite.calculus.contents import holds_value, map_values
from autograd_lite.calculus.recording import differentiating, number_of, on_numbers
from autograd_lite.calculus.trees import ModuleBlock, flatten, matching
from autograd_lite.engine import state
from autograd_lite.engine.domain import REAL, sequence
from autograd_lite.engine.primitive import NaryPrimitive, Scalar
from autograd_lite.engine.sequences import dot
from autograd_lite.engine.value import Value

__all__ = ["Call", "Output", "Rule"]

Function = Callable[..., Any]
ANY = sequence(REAL, least=0)


@dataclass(frozen=True)
class Rule:
    """A function and its derivatives, as its author gave them; see `CustomFunction`."""

    name: str
    f: Function
    fwd: Function | None = None
    bwd: Function | None = None
    jvp: Function | None = None


class Call:
    """What the output nodes of one call have in common.

    Arguments:
        rule: what is called.
        args: all arguments.
        moving: the places of those that are differentiated; the others are handed on as they are.

    Attributes:
        size: how many scalars go in.
        count: how many come out.
    """

    def __init__(self, rule: Rule, args: Sequence[Any], moving: Sequence[int]) -> None:
        self._rule, self._moving = rule, tuple(moving)
        self._fixed = {k: arg for k, arg in enumerate(args) if k not in self._moving}
        what = f"{rule.name}: an argument (is it one for nondiff_argnums?)"
        self.inputs, self._place = flatten(tuple([args[k] for k in moving]), what)
        self.size = len(self.inputs)
        self._numbers: list[float] = []
        self._found: list[Scalar] = []
        self._residuals: Any = None

    def outputs(self) -> Any:
        """The function's result, made of new nodes."""
        inputs, self.inputs = tuple(self.inputs), []  # the nodes hold their arguments themselves
        tracer = state.tracing()
        if tracer is None:
            self._run([number_of(x) for x in inputs])
        else:
            with state.no_grad():
                returned = self._rule.f(*self._arguments(inputs))
            self._found, self._result = flatten(returned, f"{self._rule.name}: what it returned")
        self.count = len(self._found)
        nodes: list[Value] = []
        for k in range(self.count):
            row, args = self._row(k), inputs if k == 0 else (*inputs, nodes[0])
            if tracer is None:
                nodes.append(next(x for x in args if isinstance(x, Value)).apply(row, args))
            else:
                nodes.append(tracer.alias(self._found[k], row, args))
        return self._result.rebuild(nodes)

    def _row(self, k: int) -> Output:
        """The operation of output k."""
        name = self._rule.name if self._rule.name.isidentifier() else "function"
        return Output(
            name=name, arity=None, partials=(_unused,), active=(None,), domain=ANY, slopes=(), call=self, index=k,
            symbol=name if self.count == 1 else f"{name}[{k}]", doc=f"output {k} of the custom function {name}",
            evaluate=lambda numbers: self._run(numbers[: self.size])[k],
        )  # fmt: skip

    def _run(self, numbers: Sequence[float]) -> list[Scalar]:
        """The outputs on numbers, those of the last time if the numbers are the same; keeps what bwd needs."""
        if self._found and self._numbers == numbers:
            return self._found
        function = self._rule.fwd or self._rule.f
        with on_numbers():
            returned = function(*self._arguments(numbers))
        self._residuals = None
        if self._rule.fwd is not None:
            returned, self._residuals = self._pair("fwd", "(output, residuals)", returned)
        modules = any(isinstance(leaf, ModuleBlock) for leaf in self._place.leaves)
        if holds_value(returned) and not modules:
            raise TypeError(
                f"{self._rule.name} gives a Value of numbers alone: it depends on a Value that is not among its arguments, "
                "and no derivative would reach it; hand it over as an argument"
            )
        self._numbers = list(numbers)
        self._found, self._result = flatten(map_values(number_of, returned), f"{self._rule.name}: what it returned")
        return self._found

    # --- what sweeps ask ---------------------------------------------------------------------------------------------------

    def pull(self, args: Sequence[Scalar], adjoints: Sequence[Scalar], needed: Sequence[object]) -> list[Scalar | None]:
        """What flows to each argument, given the adjoints of all outputs: numbers of numbers, else a graph."""
        rule, args = self._rule, args[: self.size]
        if rule.bwd is None or rule.fwd is None:
            return [self._transposed(args, adjoints, k) if need else None for k, need in enumerate(needed[: self.size])]
        graph = _holds_value(args, adjoints)
        residuals = self._residuals
        if graph:
            again = self._asked("fwd", graph, rule.fwd, *self._arguments(args))
            residuals = self._pair("fwd", "(output, residuals)", again)[1]
        cotangent = self._result.of_vectors().rebuild(adjoints)
        given = self._asked("bwd", graph, rule.bwd, *self._fixed.values(), residuals, cotangent)
        if not isinstance(given, (tuple, list)) or len(given) != len(self._moving):
            wanted = f"wanted is a tuple with one derivative for each of {len(self._moving)} arguments"
            raise TypeError(f"{rule.name}: bwd returned {given!r:.60}; {wanted}")
        terms: list[Scalar | None] = []
        for item, place in zip(given, self._place.of_vectors().children, strict=True):
            what = f"{rule.name}: what bwd returned"
            terms += [None] * place.size if item is None else matching(what, item, place)
        return terms if graph else [None if z is None else number_of(z) for z in terms]

    def push(self, args: Sequence[Scalar], tangents: Sequence[Scalar | None]) -> list[Scalar]:
        """The tangents of all outputs, given those of the arguments; None is one that stands still."""
        rule, args = self._rule, args[: self.size]
        if rule.jvp is None:
            raise TypeError(
                f"{rule.name} is a custom_vjp, a rule for reverse mode alone; forward mode (jvp, jacfwd, linearize, "
                f"hessian, hvp) needs a custom_jvp, or {rule.name}.defjvp(rule) beside defvjp"
            )
        rates = [0.0 if rate is None else rate for rate in tangents[: self.size]]
        graph = _holds_value(args, rates)
        arguments = self._arguments(args)
        primals = tuple([arguments[k] for k in self._moving])
        returned = self._asked(
            "jvp", graph, rule.jvp, *self._fixed.values(), primals, self._place.of_vectors().rebuild(rates)
        )
        _, tangent = self._pair("jvp", "(output, tangent)", returned)
        found = matching(f"{rule.name}: the tangent that jvp returned", tangent, self._result.of_vectors())
        return found if graph else [number_of(z) for z in found]

    def _transposed(self, args: Sequence[Scalar], adjoints: Sequence[Scalar], k: int) -> Scalar | None:
        """The rule of forward mode read backwards: what flows to argument k, from a unit tangent of it."""
        column = self.push(args, [1.0 if j == k else None for j in range(self.size)])
        pairs = [(s, z) for s, z in zip(adjoints, column, strict=True) if not (type(s) is float and s == 0.0)]
        return dot([s for s, _ in pairs], [z for _, z in pairs])

    def _arguments(self, scalars: Sequence[Scalar]) -> list[Any]:
        moving = dict(zip(self._moving, self._place.rebuild(scalars), strict=True))
        return [arg for _, arg in sorted((self._fixed | moving).items())]

    def _asked(self, name: str, graph: bool, function: Function, *args: Any) -> Any:
        """What a rule returns; for a graph it is given Values, on which not every function works."""
        if not graph:
            return function(*args)
        try:
            with differentiating():
                return function(*args)
        except (TypeError, AttributeError) as error:
            raise TypeError(
                f"{self._rule.name}: its {name} fails on Values ({error}); to be differentiated again it must be "
                "written with this library's functions"
            ) from error

    def _pair(self, name: str, wanted: str, pair: Any) -> tuple[Any, Any]:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"{self._rule.name}: {name} returned {pair!r:.60}; it must return a pair {wanted}")
        return pair


@dataclass(frozen=True, eq=False, repr=False)
class Output(NaryPrimitive):
    """The operation of one output of a call: its local derivatives are those that the rule gives for it alone."""

    call: Any = None
    index: int = 0

    def flows(self, args: Sequence[float], out: float) -> Sequence[object]:
        return [k < self.call.size for k in range(len(args))]

    def local_partials(self, args: Sequence[Scalar], out: Scalar, needed: Sequence[object]) -> Sequence[Scalar | None]:
        alone = [1.0 if k == self.index else 0.0 for k in range(self.call.count)]
        return [*self.call.pull(args, alone, needed), *[None] * (len(args) - self.call.size)]

    def __reduce__(self) -> NoReturn:
        raise PicklingError(
            f"a graph with a call of the custom function {self.name} cannot be pickled; pickle value.detach()"
        )


def _unused(args: Sequence[Scalar], out: Scalar, needed: Sequence[object]) -> NoReturn:
    raise NotImplementedError  # the row's own method stands in its place


def _holds_value(*groups: Sequence[Scalar]) -> bool:
    return any(isinstance(x, Value) for group in groups for x in group)
