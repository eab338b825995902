"""Makes the pictures that the README shows, in .github/.

    python -m tests.pictures

Graphs are SVG; the steps of a page are photographed in a Chromium by playwright (the extra `browser`).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import draw_network
from autograd_lite.nn import MLP, Neuron, hinge, l2
from autograd_lite.train.datasets import moons

FOLDER = Path(__file__).parent.parent / ".github"

# --- graphs --------------------------------------------------------------------------------------------------------------


def neuron():
    """A neuron of two inputs after its backward sweep."""
    unit = Neuron(2, activation="tanh", seed=4)
    for name, parameter in zip(("w1", "w2", "b"), unit.parameters(), strict=True):
        parameter.label = name
    out = unit([Value(1.0, "x1"), Value(-0.5, "x2")])
    out.label = "out"
    out.backward()
    return out


def moons_loss():
    """The loss of a hundred points, with a penalty on the weights: some 7,000 nodes."""
    model = MLP(2, [16, 16, 1], seed=1337)
    points, labels = moons(100, noise=0.1, seed=0)
    scores = [model(point) for point in points]
    with ag.name_scope("mean hinge"):
        data_loss = ag.mean([hinge(score, label) for score, label in zip(scores, labels, strict=True)])
    with ag.name_scope("penalty"):
        penalty = l2(model, 1e-4)
    loss = data_loss + penalty
    loss.label = "loss"
    loss.backward()
    return loss


def layers_of_two():
    """Five layers of two nodes, and so 32 paths from w to the output."""
    w = Value(1.1, "w")
    a, b = w + 0.0, w + 0.5
    for _ in range(4):
        a, b = a * b, a + b
    out = a * b
    out.label = "o"
    out.backward()
    return out, w


def chain():
    """Five hundred operations, one after the other, that all use one leaf."""
    w = Value(1.2, "w")
    x = Value(1.0, "x")
    for _ in range(250):
        x = ag.sin(w * x)
    x.backward()
    return x


def page():
    """A page that steps through a small network's loss, its modules folded at first."""
    model = MLP(2, [3, 1], activation="tanh", seed=0)
    loss = (model([Value(1.0, "x1"), Value(-0.5, "x2")]) - 1.0) ** 2
    loss.label = "loss"
    return ag.step_through(loss, depth=1)


def graphs():
    """The pictures by name."""
    loss = moons_loss()
    out, w = layers_of_two()
    return {
        "neuron": ag.draw(neuron()),
        "moons_depth_1": ag.draw(loss, depth=1),
        "moons_depth_2": ag.draw(loss, depth=2),
        "paths": ag.draw(out, paths=ag.ledger(out, w, k=3)),
        "heat": ag.draw(out, heat=w, theme="dark"),
    }


# --- files ---------------------------------------------------------------------------------------------------------------


def photographed(folder):
    """Three steps of the page: values going forward, derivatives coming back, a group opened; and the start of a chain."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play, tempfile.TemporaryDirectory() as place:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1250, "height": 520}, device_scale_factor=1.25)
        view.goto(page().save(Path(place) / "steps.html").as_uri())
        steps = page().steps.steps
        turn = sum(step.phase != "backward" for step in steps)
        for number, (k, opened) in enumerate(
            [(turn - 2, "overview"), (turn + 1, "MLP"), (turn + 9, "MLP/layers.0")], start=1
        ):
            view.locator("#view").select_option(opened)
            view.evaluate("k => go(k)", k)
            view.wait_for_timeout(400)
            view.screenshot(path=folder / f"step_through_{number}.png")
        view.goto(ag.draw(chain()).save(Path(place) / "chain.svg").as_uri())
        view.screenshot(path=folder / "chain.png", clip={"x": 0, "y": 0, "width": 1250, "height": 190})
        browser.close()


def main():
    for name, picture in graphs().items():
        print(picture.save(FOLDER / f"{name}.svg").name, picture)
    model = MLP(2, [4, 3, 1], activation="tanh", seed=0)
    figure = draw_network(model, [1.0, -0.5], 1.0, width="gradient", bias=True)
    figure.savefig(FOLDER / "network.png", dpi=110)
    photographed(FOLDER)


if __name__ == "__main__":
    sys.exit(main())
