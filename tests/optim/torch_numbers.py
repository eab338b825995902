"""Takes steps with PyTorch's optimisers and writes down where they lead, for the tests to compare with.

    python -m tests.optim.torch_numbers             # needs torch, and nothing else; writes torch_numbers.json beside it

Everything is in float64. The network's parameters stand in the order of this library's: for each neuron its weights, then
its bias.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".json")

STEPS = (1, 2, 20)
"""After which steps the parameters are written down."""

LATE = 5
"""In how many steps, in the cases so called, the second of two variables has no derivative yet."""

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "decay": ("SGD", {"weight_decay": 0.1}),
    "nesterov decay": ("SGD", {"momentum": 0.8, "nesterov": True, "weight_decay": 0.05}),
    "adagrad": ("Adagrad", {}),
    "adagrad decay": ("Adagrad", {"weight_decay": 0.1, "eps": 1e-6}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop momentum decay": ("RMSprop", {"alpha": 0.9, "eps": 1e-6, "momentum": 0.9, "weight_decay": 0.1}),
    "adam": ("Adam", {}),
    "adam decay": ("Adam", {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1}),
    "adamw": ("AdamW", {}),
    "adamw decay": ("AdamW", {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.3}),
}
"""PyTorch's class and arguments; the learning rate is that of the problem for SGD, and PyTorch's own for all others."""

RATES = {"rosenbrock": 5e-4, "network": 0.05}
"""The learning rates of SGD."""

LENGTH = 24
"""Of a schedule; no less than the steps, since PyTorch's cosine goes up again at its end."""

SCHEDULES = ("linear_decay", "cosine", "harmonic", "warm_up")


def scheduler(name: str, optimizer: Any) -> Any:
    """The schedule of a name, from the optimiser's rate on."""
    from torch.optim import lr_scheduler as schedulers

    if name == "linear_decay":
        return schedulers.LinearLR(optimizer, start_factor=1.0, end_factor=0.25, total_iters=LENGTH)
    if name == "cosine":
        return schedulers.CosineAnnealingLR(optimizer, T_max=LENGTH, eta_min=1e-5)
    if name == "harmonic":
        return schedulers.LambdaLR(optimizer, lambda step: 10.0 / (10.0 + step + 1))
    rise = schedulers.LinearLR(optimizer, start_factor=1.0 / 5.0, end_factor=1.0, total_iters=4)
    return schedulers.SequentialLR(optimizer, [rise, schedulers.CosineAnnealingLR(optimizer, T_max=LENGTH)], milestones=[4])


def run(optimizer: Any, loss: Any, numbers: Any, *, schedule: str = "", clip: float = math.inf, late: Any = None) -> Any:
    """Takes the steps; `late` is a parameter without a derivative in the first of them."""
    from torch.nn.utils import clip_grad_value_

    steps, places = scheduler(schedule, optimizer) if schedule else None, {}
    for step in range(1, max(STEPS) + 1):
        optimizer.zero_grad()
        loss().backward()
        if late is not None and step <= LATE:
            late.grad = None
        clip_grad_value_(optimizer.param_groups[0]["params"], clip)
        optimizer.step()
        if steps is not None:
            steps.step()
        if step in STEPS:
            places[str(step)] = numbers()
    return places


def cases(problem: str, make: Any) -> dict[str, Any]:
    """All cases of a problem, which is made anew for each: its parameters, its loss, and the parameters as numbers."""
    import torch

    def case(name: str, *, late: bool = False, **options: Any) -> Any:
        parameters, loss, numbers = make()
        kind, settings = OPTIMIZERS[name]
        rate = {"lr": RATES[problem]} if kind == "SGD" else {}
        optimizer = getattr(torch.optim, kind)(parameters, **rate, **settings)
        return run(optimizer, loss, numbers, late=parameters[1] if late else None, **options)

    found = {name: case(name) for name in OPTIMIZERS}
    found |= {f"sgd, {name}": case("sgd", schedule=name) for name in SCHEDULES}
    found |= {"adam, cosine": case("adam", schedule="cosine"), "momentum, clipped": case("momentum", clip=0.05)}
    if problem == "rosenbrock":
        found |= {f"{name}, late": case(name, late=True) for name in OPTIMIZERS}
    return found


def rosenbrock(start: list[float]) -> Any:
    """Rosenbrock's valley, of two variables."""
    import torch

    x, y = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in start)
    return [x, y], lambda: (1 - x) ** 2 + 100 * (y - x**2) ** 2, lambda: [x.item(), y.item()]


def network(start: list[float], inputs: list[list[float]], targets: list[list[float]]) -> Any:
    """A network of 3 inputs, 4 units of tanh and 2 outputs, and its mean squared error."""
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2)).double()
    first, second = torch.tensor(start[:16], dtype=torch.float64), torch.tensor(start[16:], dtype=torch.float64)
    with torch.no_grad():
        for layer, rows in ((model[0], first.reshape(4, 4)), (model[2], second.reshape(2, 5))):
            layer.weight.copy_(rows[:, :-1])
            layer.bias.copy_(rows[:, -1])
    x, t = torch.tensor(inputs, dtype=torch.float64), torch.tensor(targets, dtype=torch.float64)

    def numbers() -> list[float]:
        rows = [torch.cat([layer.weight, layer.bias[:, None]], 1).ravel() for layer in (model[0], model[2])]
        return torch.cat(rows).tolist()

    return list(model.parameters()), lambda: torch.nn.functional.mse_loss(model(x), t), numbers


def rates(name: str) -> list[float]:
    """The rates from the first step to the schedule's end."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    steps, found = scheduler(name, optimizer), []
    for _ in range(LENGTH + 1):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        steps.step()
    return found


def main() -> None:
    import torch

    torch.manual_seed(0)
    start = (0.7 * torch.randn(26, dtype=torch.float64)).tolist()
    inputs, targets = (torch.randn(5, n, dtype=torch.float64).tolist() for n in (3, 2))
    corner = [-1.2, 1.0]
    data = {
        "torch": torch.__version__,
        "rates": {name: rates(name) for name in SCHEDULES},
        "rosenbrock": {"start": corner, "cases": cases("rosenbrock", lambda: rosenbrock(corner))},
        "network": {
            "start": start,
            "inputs": inputs,
            "targets": targets,
            "cases": cases("network", lambda: network(start, inputs, targets)),
        },
    }
    text = json.dumps(data, indent=1)
    lines = re.sub(r"\[[^][]*\]", lambda numbers: " ".join(numbers.group().split()), text)  # a line for each vector
    FILE.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
