"""`play` below the browser: what a moved slider replays is what a new graph would show, and little of it is sent."""

from __future__ import annotations

import json
import math
import re
import sys
from importlib.resources import files
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value
from autograd_lite.drawing import play_screen, playing
from autograd_lite.drawing.play_replay import Replay
from autograd_lite.drawing.play_screen import Screen, scene_at
from autograd_lite.drawing.playing import Leaf, play
from autograd_lite.drawing.scene import scene_of
from autograd_lite.drawing.texts import lines_of
from autograd_lite.engine.extras import MissingExtraError
from autograd_lite.nn import MLP
from tests.drawing.reading import read_svg
from tests.drawing.test_labels import HOSTILE
from tests.strategies import examples, graphs, special_floats

CHECKOUT = Path(__file__).parent.parent.parent


class Widget:
    """What `play` uses of anywidget's class."""

    def __init__(self, **traits):
        self.__dict__.update(traits)
        self.sent = []

    def on_msg(self, listener):
        self.listener = listener

    def hear(self, content):
        self.listener(self, content, [])
        return self.sent[-1]

    def send(self, content):
        self.sent.append(json.loads(json.dumps(content, allow_nan=False)))

    def _repr_mimebundle_(self, **options):
        return {"application/vnd.jupyter.widget-view+json": {"model_id": "7"}, "text/plain": "PlayWidget()"}, {"of": "it"}


@pytest.fixture
def widgets(monkeypatch):
    """Has `play` find a library of widgets, whether one is installed or not."""
    library, traits = ModuleType("anywidget"), ModuleType("traitlets")
    library.AnyWidget, traits.Dict = Widget, lambda: SimpleNamespace(tag=lambda sync: None)
    monkeypatch.setitem(sys.modules, "anywidget", library)
    monkeypatch.setitem(sys.modules, "traitlets", traits)
    playing._widget_class.cache_clear()
    yield
    playing._widget_class.cache_clear()


def texts(scene):
    """All that a picture says of numbers."""
    boxes = [(shown.kind, lines_of(scene, shown)) for shown in scene.boxes]
    return boxes, [(mark.source, mark.target, mark.flows, mark.text) for mark in scene.marks]


def fresh(f, digits=4, **leaves):
    """The same of a graph made by the engine at a point."""
    output = f(**{name: Value(x, name) for name, x in leaves.items()})
    output.backward()
    return texts(scene_of(output, digits, 10_000))


def lesson(x, y):
    return ag.sin(x) * y + x**2


def branching(x, y):
    return x * y if x > 0 else ag.where(y > 1, ag.exp(x), -y)


def five_hundred(x, y, z):
    """Thirty-three rows of five sines; every number depends on every leaf."""
    row = [x, y, z, x * y, y * z]
    for _ in range(33):
        row = [ag.sin(a + b * x) for a, b in zip(row, row[1:] + row[:1], strict=True)]
    return ag.total(row)


# --- replays -------------------------------------------------------------------------------------------------------------


@examples(100)
@given(recipe=graphs(), points=st.lists(st.lists(special_floats | st.floats(0.1, 3.0), min_size=4, max_size=4), max_size=2))
def test_a_replay_says_what_a_new_graph_says_at_any_point(recipe, points):
    names = [f"x{k}" for k in range(len(recipe.inputs))]

    def f(**leaves):
        return recipe.on_rows([leaves[name] for name in names])[-1]

    replay = Replay(f, names, 1000)
    for point in [recipe.inputs, *points, recipe.inputs]:
        leaves = dict(zip(names, point, strict=False))
        try:
            expected = fresh(f, **leaves)
        except (ValueError, IndexError) as error:  # an order or an index that is none
            with pytest.raises(type(error), match=re.escape(str(error))):
                replay.at(list(leaves.values()))
            continue
        assert texts(scene_at(replay.at(list(leaves.values())), 4)) == expected
    assert replay.is_compiled


def structural(x, y):
    """Zeros of either sign that come through structural zeros and beside them."""
    return ag.relu(x) * -y + ag.maximum(x, y) * 0.0 + ag.where(x > y, ag.log(x), -0.0 * y) - ag.trunc(y)


@examples(100)
@given(x=special_floats, y=special_floats)
def test_zeros_of_either_sign_and_what_is_not_finite_are_those_of_the_sweep(x, y):
    assert texts(scene_at(Replay(structural, ("x", "y"), 100).at([x, y]), 4)) == fresh(structural, x=x, y=y)


def many_terms(x, y):
    """Sums that an array program would take in an order of its own."""
    return ag.total([ag.dot([ag.sin(x * k), y, x], [y, ag.cos(x + k), x * y]) for k in range(40)])


@pytest.mark.parametrize("x", [0.1, 0.7, 2.9])
def test_in_large_graphs_too_the_numbers_are_those_of_the_engine_to_the_last_digit(x):
    assert texts(scene_at(Replay(many_terms, ("x", "y"), 1000).at([x, 0.3]), 17)) == fresh(many_terms, 17, x=x, y=0.3)


def test_derivatives_are_those_of_the_closed_form():
    recording = Replay(lesson, ("x", "y"), 100).at([1.25, 0.5])
    x, sine, y, *_, output = recording.nodes
    assert (x.label, sine.op.symbol, y.label) == ("x", "sin", "y")
    assert output.data == math.sin(1.25) * 0.5 + 1.25**2
    # Three roundings.
    assert [x.grad, sine.grad, y.grad, output.grad] == pytest.approx(
        [math.cos(1.25) * 0.5 + 2.5, 0.5, math.sin(1.25), 1.0], rel=1e-15
    )


def test_each_way_through_a_branch_is_recorded_once_and_replayed_after_that():
    calls = []

    def f(x, y):
        calls.append(1)
        return branching(x, y)

    replay = Replay(f, ("x", "y"), 100)
    ways = [(1.0, 2.0), (-1.0, 2.0), (-1.0, 0.5)]
    for point in ways:
        replay.at(point)
    runs, recordings = len(calls), len(replay.recordings)
    for point in [(x * 0.5, y) for x, y in ways] + ways:
        assert texts(scene_at(replay.at(point), 4)) == fresh(branching, x=point[0], y=point[1])
    assert (len(calls), len(replay.recordings)) == (runs, recordings)


def reading(x, y):
    return ag.sin(x) * y if x.data > 0 else x + y


def mapped(x, y):
    return ag.total(list(ag.vmap(lambda a: a * x + y)(np.array([1.0, 2.0]))))


@ag.custom_vjp
def clipped(x):
    return x * 1.0


clipped.defvjp(lambda x: (x * 1.0, x), lambda x, s: (max(-1.0, min(1.0, x)),))


def ruled(x, y):
    return clipped(x) * y


@pytest.mark.parametrize("f", [reading, mapped, ruled])
def test_what_cannot_be_compiled_is_recorded_at_every_move_and_laid_out_once(f):
    replay, screen = Replay(f, ("x", "y"), 100), Screen(4)
    for x in (2.0, 0.5, 3.0):
        recording = replay.at([x, 0.75])
        assert texts(scene_at(recording, 4)) == fresh(f, x=x, y=0.75)
        screen.update(recording)
    assert not replay.is_compiled
    assert (len(replay.recordings), screen.pictures) == (1, 1)


def test_values_and_modules_that_the_function_reaches_are_read_at_every_move():
    w, model = Value(3.0, "w"), MLP(1, [2, 1], seed=0)

    def f(x):
        return model([x]) * w

    replay = Replay(f, ("x",), 1000)
    for number in (3.0, -2.0):
        w.data = model.parameters()[0].data = number
        assert texts(scene_at(replay.at([0.5]), 4)) == fresh(f, x=0.5)
        w.zero_grad()
        model.zero_grad()
        for parameter in model.parameters():
            parameter.grad = None
    assert replay.is_compiled


# --- what is sent --------------------------------------------------------------------------------------------------------


def test_a_move_sends_the_texts_and_colours_that_change_and_nothing_else(widgets):
    played = play(lambda x, y: ag.sin(x) + ag.exp(y), x=(0, 2, 0.0), y=(0, 2))
    sent = played.answer({"position": [1.0, 1.0], "view": "v"})
    boxes = sent.pop("boxes")
    assert [box[:3] for box in boxes] == [[0, "1", "grad 0.5403"], [1, "0.8415", "grad 1"], [4, "3.56", "grad 1"]]
    assert sent == {
        "graph": 0,
        "title": "graph of 5 nodes, value 3.56",
        "arrows": [[0, "0.5403", 1]],
        "position": [1.0, 1.0],
        "view": "v",
        "message": "",
    }
    assert played.answer({"position": [1.0, 1.0]})["boxes"] == []


def test_five_hundred_nodes_move_without_a_new_trace_or_layout_in_fifty_kilobytes(widgets, monkeypatch):
    laid_out, calls = [], []
    monkeypatch.setattr(play_screen, "svg_of", lambda *args: laid_out.append(1) or "<svg/>")

    def f(x, y, z):
        calls.append(1)
        return five_hundred(x, y, z)

    played = play(f, x=(-1, 1), y=(-1, 1, 0.3), z=(-1, 1, 0.7))
    assert "graph of 501 nodes" in repr(played)
    traced = len(calls)
    for k in range(20):
        sent = played.answer({"position": [k / 20, 0.3 - k / 20, k / 40]})
        assert sent["message"] == ""
        assert "svg" not in sent
        assert len(sent["boxes"]) > 490  # a slider at its start, and perhaps a derivative that rounds to what it was, stay
        assert len(json.dumps(sent)) < 50_000
    assert (len(calls), laid_out) == (traced, [1])


@pytest.mark.parametrize(("x", "theme"), [(-2.5, "light"), (0.0, "light"), (1.5, "dark")])
def test_colours_are_those_of_the_still_picture(widgets, x, theme):
    played = play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5), theme=theme)
    played.move(x=x)
    boxes, _, _ = read_svg(played.picture.svg)
    sent = played.answer({"whole": True})["boxes"]
    assert [box[3] for box in sent] == [box.fill for box in boxes if box.fill]


def test_another_branch_sends_its_picture_and_the_way_back_needs_no_new_layout(widgets):
    played = play(branching, x=(-1, 1, 0.5), y=(0.0, 2.0))
    there = played.answer({"position": [-0.5, 0.5]})
    assert "svg" in there
    assert there["graph"] == 1
    back = played.answer({"position": [0.5, 0.5]})
    assert "svg" in back
    assert back["graph"] == 0
    assert played._screen.pictures == 2
    assert "svg" not in played.answer({"position": [0.25, 0.5]})


def test_boxes_have_room_for_all_but_the_longest_numbers():
    for digits in (1, 4, 17):
        screen = Screen(digits)
        svg = screen.update(Replay(lesson, ("x", "y"), 10).at([0.0, 0.0]))["svg"]
        room = f"{play_screen.WIDEST:.{digits}g}".replace("-", "−")
        assert svg.count(f">{room}</text>") == 6 + 6
        longest = max(len(f"{x:.{digits}g}") for x in (-1.2345678901234567e-300, -0.00012345678901234567, -123456.7))
        assert longest < 2 * len(room)


def test_a_page_that_asks_is_told_all_that_is_shown(widgets):
    played = play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5))
    played.answer({"position": [1.0, 2.0]})
    whole = played.widget.hear({"whole": True, "view": "second"})
    assert whole["position"] == [1.0, 2.0]
    assert (len(whole["boxes"]), len(whole["arrows"])) == (6, 6)
    assert whole["svg"] == played.widget.setup["first"]["svg"]


def test_sliders_can_be_moved_from_the_notebook(widgets):
    played = play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5))
    played.move(y=2.0)
    assert played.position == {"x": 0.0, "y": 2.0}
    assert played.widget.sent[-1]["position"] == [0.0, 2.0]
    with pytest.raises(TypeError, match=re.escape("there is no slider 'z'; there are x, y")):
        played.move(z=1.0)
    with pytest.raises(ValueError, match="y is 3; its slider goes from 0 to 2"):
        played.move(y=3.0)


# --- errors --------------------------------------------------------------------------------------------------------------


def test_an_error_of_the_function_is_a_message_and_the_next_move_goes_on(widgets):
    def f(x):
        if x < 0:
            raise ValueError("x must not be <b>below</b> 0")
        return ag.sqrt(x)

    played = play(f, x=(-1, 1, 0.25))
    for _ in range(2):
        sent = played.answer({"position": [-0.5], "view": "v"})
        assert sent == {"view": "v", "message": "ValueError: x must not be <b>below</b> 0"}
        assert played.position == {"x": 0.25}
        assert played.answer({"position": [0.25]})["boxes"] == []
    assert [box[1] for box in played.answer({"position": [0.81]})["boxes"]] == ["0.81", "0.9"]


def test_a_function_that_goes_too_many_ways_says_so_beside_the_sliders(widgets):
    def f(x):
        while x > 1:
            x = x - 1
        return x

    played = play(f, x=(0, 100, 0.5))
    for k in range(70):
        sent = played.answer({"position": [k + 0.5]})
    assert "goes more than max_variants=64 ways" in sent["message"]
    assert played.answer({"position": [3.5]})["message"] == ""


@pytest.mark.parametrize(
    ("position", "message"),
    [
        ([9.0, 1.0], "ValueError: play: x is 9; its slider goes from -3 to 3"),
        ([math.nan, 1.0], "ValueError: play: x is nan; its slider goes from -3 to 3"),
        ([1.0], "ValueError: play: 1 numbers were given for 2 sliders"),
        (["1", 1.0], "TypeError: play: x is not defined for str; it takes real numbers and Values, so convert with float()"),
        (None, "TypeError: object of type 'NoneType' has no len()"),
    ],
)
def test_a_message_that_no_slider_sends_changes_nothing(widgets, position, message):
    played = play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5))
    assert played.answer({"position": position})["message"] == message
    assert played.position == {"x": 0.0, "y": 0.5}


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"x": (3, -3)}, ValueError, "x goes from 3 to -3; the lower end must come first"),
        ({"x": (1, 1)}, ValueError, "x goes from 1 to 1"),
        ({"x": (0, 1, 2)}, ValueError, "the range of x is (0, 1, 2); it must be (low, high) or (low, high, start)"),
        ({"x": (0, math.inf)}, ValueError, "the range of x is (0, inf, inf); it must be finite"),
        ({"x": (-1e308, 1e308)}, ValueError, "it must be finite"),
        ({"x": math.nan}, ValueError, "it must be finite"),
        ({"x": (1,)}, ValueError, "x is given as 1 numbers; wanted are (low, high)"),
        ({"x": ("0", 1)}, TypeError, "play(x=) is not defined for str"),
        ({"x": "0"}, TypeError, "play(x=) is not defined for str"),
        ({"x": None}, TypeError, "play(x=) is not defined for NoneType"),
        ({}, TypeError, "no leaf is given; name them with their ranges, play(f, x=(-3, 3))"),
        ({"y": (0, 1)}, TypeError, "square(x) cannot be called with y: missing a required argument: 'x'"),
        ({"x": 1, "z": 2}, TypeError, "square(x) cannot be called with x, z: got an unexpected keyword argument 'z'"),
        ({"x": 1, "digits": 0}, ValueError, "digits is 0; it must be a whole number from 1 to 17"),
        ({"x": 1, "theme": "blue"}, ValueError, "the theme is 'blue'; it must be 'light', 'dark' or 'auto'"),
        ({"x": 1, "direction": "up"}, ValueError, "the direction is 'up'; it must be 'right' or 'down'"),
        ({"x": 1, "limit": 0}, ValueError, "the limit is 0; it must be a whole number above 0"),
        ({"x": 1, "limit": 1}, ValueError, "the graph has 2 nodes, and the limit is 1"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_wanted(widgets, given, error, message):
    def square(x):
        return x**2

    with pytest.raises(error, match=re.escape(message)):
        play(square, **given)


@pytest.mark.parametrize("returned", [3.0, None, [Value(1.0)], Value(1.0) > 0])
def test_a_function_must_return_a_value(widgets, returned):
    with pytest.raises(TypeError, match=f"the function returned a {type(returned).__name__}; it must return one Value"):
        play(lambda x: returned, x=(0, 1))
    with pytest.raises(TypeError, match="the function is of type int"):
        play(3, x=(0, 1))


def test_without_the_library_of_widgets_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    playing._widget_class.cache_clear()
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'autograd_lite[notebooks]'")):
        play(lesson, x=(-3, 3), y=0.5)


# --- sliders and still pictures ------------------------------------------------------------------------------------------


@examples(100)
@given(low=st.floats(-1e9, 1e9), span=st.floats(1e-6, 1e9))
def test_a_slider_stops_at_some_hundred_round_numbers(low, span):
    high = low + span
    if low < high:
        step = Leaf("x", low, high, low).step
        assert 199.99 <= (high - low) / step <= 500.01  # 2 to 5 is the largest gap of 1, 2, 5, 10; the quotient is rounded
        assert re.fullmatch(r"[125]e[+-]\d+", f"{step:.0e}")


def test_a_fixed_leaf_has_no_slider_and_a_leaf_starts_where_it_is_told_or_in_the_middle(widgets):
    played = play(lambda x, y, z: x * y + z, x=(-1, 3), y=2, z=(0, 1, 0.25))
    assert played.position == {"x": 1.0, "y": 2.0, "z": 0.25}
    assert played.widget.setup["sliders"] == [
        {"name": "x", "low": -1.0, "high": 3.0, "step": 0.02},
        {"name": "z", "low": 0.0, "high": 1.0, "step": 0.005},
    ]
    assert played.widget.setup["first"]["position"] == [1.0, 0.25]


def test_where_widgets_do_not_run_the_picture_at_the_last_position_is_shown(widgets):
    played = play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5))
    played.answer({"position": [1.5, 2.0]})
    data, metadata = played._repr_mimebundle_(include=None, exclude=None)
    assert metadata == {"of": "it"}
    assert data["application/vnd.jupyter.widget-view+json"] == {"model_id": "7"}
    assert data["text/plain"] == repr(played) == "play at x = 1.5, y = 2: graph of 6 nodes, value 4.245, grad 1"
    assert data["text/html"].startswith(played.picture._repr_html_())
    assert data["text/html"].endswith("<p>x = 1.5, y = 2. The sliders move it in a running notebook.</p>")
    assert texts(played.picture.scene) == fresh(lesson, x=1.5, y=2.0)


@pytest.mark.parametrize("kept", [False, True])
def test_a_page_made_of_a_notebook_has_the_picture_unless_the_notebook_keeps_its_widgets(monkeypatch, kept):
    nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    monkeypatch.setattr(playing, "_widget_class", lambda: Widget)  # nbconvert needs what the fixture replaces
    played = play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5))
    played.move(x=1.5)
    data, metadata = played._repr_mimebundle_(include=None, exclude=None)
    output = nbformat.v4.new_output("execute_result", data=data, metadata=metadata, execution_count=1)
    cell = nbformat.v4.new_code_cell("play(lesson)", outputs=[output], execution_count=1)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    if kept:
        states = {"state": {"7": {}}, "version_major": 2, "version_minor": 0}
        notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": states}
    source, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    (image,) = re.findall('src="(data:image[^"]+)"', played.picture._repr_html_())
    assert (image in source) is not kept
    assert ('<script type="application/vnd.jupyter.widget-view+json">' in source) is kept


def test_a_picture_that_was_kept_does_not_move(widgets):
    played = play(lesson, x=(-3, 3), y=(0.0, 2.0, 0.5))
    kept = played.picture
    before = kept.svg
    played.move(x=1.0)
    assert kept.svg == before != played.picture.svg


@pytest.mark.parametrize("label", [label for label in HOSTILE if len(label) < 1000])
def test_a_hostile_name_is_text_in_the_still_picture(widgets, label):
    played = play(lambda **leaves: leaves[label] * 2.0, **{label: (0, 1)})
    still = played._repr_mimebundle_()[0]["text/html"]
    assert re.sub(r'alt="[^"]*"', "", still).count("<") == 3  # an image, a paragraph and its end
    json.dumps(played.widget.setup).encode()


def test_the_script_asks_for_nothing_from_elsewhere():
    script = files("autograd_lite.drawing").joinpath("play.js").read_text(encoding="utf-8")
    assert not re.search(r"https?:|import |fetch|innerHTML|eval|Function\(", script)


CELL = """
import sys
sys.path.insert(0, {checkout!r})
import autograd_lite as ag
from autograd_lite.drawing.playing import play
play(lambda x, y: ag.sin(x) * y + x**2, x=(-3, 3), y=(0.0, 2.0, 0.5))
"""


def test_in_a_kernel_the_widget_opens_a_channel_and_answers_on_it():
    """With anywidget itself, over the messages that a front end exchanges with a notebook's kernel."""
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    manager = pytest.importorskip("jupyter_client.manager", reason="jupyter_client is not installed")
    kernel, client = manager.start_new_kernel(kernel_name="python3")
    try:
        opened = []

        def told(message):
            opened.extend([message["content"]] * (message["msg_type"] == "comm_open"))
            if message["msg_type"] == "execute_result":
                opened.append(message["content"]["data"])

        client.execute_interactive(CELL.format(checkout=str(CHECKOUT)), output_hook=told, timeout=60)
        *channels, data = opened
        view = data["application/vnd.jupyter.widget-view+json"]["model_id"]
        (channel,) = [channel for channel in channels if channel["comm_id"] == view]
        state = channel["data"]["state"]
        assert state["_esm"] == files("autograd_lite.drawing").joinpath("play.js").read_text(encoding="utf-8")
        assert [leaf["name"] for leaf in state["setup"]["sliders"]] == ["x", "y"]
        assert data["text/html"].startswith("<img ")
        asked = {"method": "custom", "content": {"position": [1.5, 2.0], "view": "v"}}
        client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": view, "data": asked}))
        while (message := client.get_iopub_msg(timeout=60))["msg_type"] != "comm_msg":
            pass
        answer = message["content"]["data"]["content"]
        assert (answer["title"], answer["position"]) == ("graph of 6 nodes, value 4.245", [1.5, 2.0])
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
