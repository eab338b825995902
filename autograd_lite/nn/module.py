"""Module: what has parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any, Self

from autograd_lite.engine.scope import scoped
from autograd_lite.engine.storage import Storage, abandon
from autograd_lite.engine.value import Value
from autograd_lite.nn.state import State, load_state, state_of

__all__ = ["Module"]


class Module:
    """Something with parameters: leaf Values in its attributes, in lists of them, and in modules therein.

    The numbers of all parameters also stand side by side in one buffer, `storage`, for optimisers and compiled programs.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.intercept = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.slope * x + self.intercept
    >>> line = Line()
    >>> [p.data for p in line.parameters()]
    [2.0, 1.0]
    """

    _storage: Storage | None = None
    _stand_ins: tuple[Value, ...] | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        call = vars(cls).get("__call__")
        if isinstance(call, FunctionType):  # what can be called names itself in pictures
            setattr(cls, "__call__", scoped(call, owned=True))  # noqa: B010  # types know no method to assign to

    def parameters(self) -> list[Value]:
        """The distinct leaf Values of this module, in the order of its attributes."""
        return list(dict.fromkeys(_leaves(vars(self))) if self._stand_ins is None else self._stand_ins)

    def modules(self) -> Iterator[Module]:
        """This module and all modules within it, each once.

        >>> from autograd_lite.nn import Layer
        >>> len(list(Layer(2, 3).modules()))
        4
        """
        return (module for _, module in self.named_modules())

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """This module, whose name is empty, and all modules within it, each once, by the dotted names of attributes.

        >>> from autograd_lite.nn import MLP
        >>> [name for name, _ in MLP(1, [1, 1], seed=0).named_modules()]
        ['', 'layers.0', 'layers.0.neurons.0', 'layers.1', 'layers.1.neurons.0']
        """
        waiting: list[tuple[str, Any]] = [("", self)]
        seen: set[int] = set()
        while waiting:
            name, item = waiting.pop()
            if isinstance(item, (list, tuple)):
                inner: Any = enumerate(item)
            elif isinstance(item, dict):
                inner = item.items()
            elif isinstance(item, Module) and id(item) not in seen:
                seen.add(id(item))
                yield name, item
                inner = vars(item).items()
            else:
                continue
            waiting.extend([(f"{name}.{key}" if name else str(key), part) for key, part in inner][::-1])

    def with_parameters(self, values: Sequence[Value]) -> Self:
        """The same module on other Values: a copy that shares all but its parameters; this one stays as it is.

        The copy's `parameters()` are these Values for good, be they leaves or results: derivatives pass through them.

        Arguments:
            values: one for each parameter, in their order.

        Raises:
            ValueError: if there are not as many as parameters.

        >>> from autograd_lite.nn import Neuron
        >>> neuron = Neuron(1, activation="identity", seed=0)
        >>> w, b = Value(3.0), Value(1.0)
        >>> neuron.with_parameters([w * w, b])([2.0]).data
        19.0
        """
        own = self.parameters()
        if len(values) != len(own):
            raise ValueError(f"with_parameters: {len(values)} values were given for {len(own)} parameters")
        copy: Self = _replaced(self, dict(zip(own, values, strict=True)), {})
        return copy

    def train(self, mode: bool = True) -> Self:
        """Puts layers such as `Dropout` into the mode of training, or takes them out of it; returns the module."""
        for module in _modules(vars(self)):
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Puts layers such as `Dropout` into the mode of use; returns the module."""
        return self.train(False)

    def state_dict(self) -> State:
        """The numbers of all parameters by the dotted names of attributes, as in PyTorch: plain data, fit for JSON.

        A list of Values is a list of numbers under one name. A parameter that stands in several places stands here once.

        Raises:
            ValueError: if two places have the same name, since the key of a dict has a dot in it.

        >>> from autograd_lite.nn import Layer
        >>> Layer(2, 1, init="constant").state_dict()
        {'neurons.0.w': [0.1, 0.1], 'neurons.0.b': 0.0}
        """
        return state_of(self)

    def load_state_dict(self, state: Mapping[str, Any], *, strict: bool = True) -> None:
        """Gives the parameters the numbers that `state_dict` gave; arrays are taken as well as lists.

        Arguments:
            state: numbers by names.
            strict: False for a state that has names of other parameters, or not all names of these.

        Raises:
            TypeError: for what is no dict.
            ValueError: for names that are missing or unexpected, and for numbers that do not fit; then nothing is changed.

        >>> from autograd_lite.nn import Layer
        >>> Layer(2, 1).load_state_dict({"neurons.0.w": [1.0, 2.0, 3.0], "neuron.0.b": 0.0})
        Traceback (most recent call last):
        ValueError: load_state_dict: the state does not fit this Layer: 'neurons.0.b' is missing; 'neuron.0.b' is unexpected;
        'neurons.0.w' has 3 numbers in place of 2
        """
        load_state(self, state, strict=strict)

    def zero_grad(self) -> None:
        """Sets the derivative of every parameter to 0."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    @property
    def storage(self) -> Storage:
        """The buffer with the numbers of all parameters, in their order.

        It is made on first use, and again after a parameter moved into another module's buffer or an attribute with
        parameters was set. After changing a list of parameters or layers in place, set that attribute anew.
        """
        storage = self._storage
        if storage is None or not storage.current:
            storage = Storage(self.parameters())
            object.__setattr__(self, "_storage", storage)
        return storage

    def __setattr__(self, name: str, value: object) -> None:
        if _leaves([vars(self).get(name), value]):
            abandon(self.parameters())
        object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_storage"}


def _replaced(item: Any, stand_ins: Mapping[Value, Value], copies: dict[int, Any]) -> Any:
    """An attribute on other Values; a module or container that stands in several places is copied once."""
    if isinstance(item, Value):
        return stand_ins.get(item, item)
    if id(item) in copies:
        return copies[id(item)]
    copy: Any
    if isinstance(item, Module):
        copy = object.__new__(type(item))
        attributes = {name: _replaced(inner, stand_ins, copies) for name, inner in vars(item).items() if name != "_storage"}
        vars(copy).update(attributes, _stand_ins=tuple([stand_ins[parameter] for parameter in item.parameters()]))
    elif isinstance(item, dict):
        copy = {key: _replaced(inner, stand_ins, copies) for key, inner in item.items()}
    elif isinstance(item, (list, tuple)):
        inners = [_replaced(inner, stand_ins, copies) for inner in item]
        copy = type(item)(*inners) if hasattr(item, "_fields") else type(item)(inners)
    else:
        return item
    copies[id(item)] = copy
    return copy


def _leaves(item: object) -> list[Value]:
    """The leaf Values in an attribute; what is neither a Value, a module nor a container has none."""
    found: list[Value] = []
    waiting = [item]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Value):
            if item.op is None:
                found.append(item)
        elif isinstance(item, Module):
            found.extend(item.parameters())
        elif isinstance(item, dict):
            waiting.extend(reversed(item.values()))
        elif isinstance(item, (list, tuple)):
            waiting.extend(reversed(item))
    return found


def _modules(item: object) -> Iterator[Module]:
    """The modules in an attribute, not those within them."""
    if isinstance(item, Module):
        yield item
    elif isinstance(item, dict):
        for inner in item.values():
            yield from _modules(inner)
    elif isinstance(item, (list, tuple)):
        for inner in item:
            yield from _modules(inner)
