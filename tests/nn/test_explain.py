"""Backpropagation by hand: the δ recursion beside mpmath, published numbers, and the sweep over the graph."""

import subprocess
import sys
from html.parser import HTMLParser

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Value, gradients
from autograd_lite.nn import MLP, Dropout, Layer
from autograd_lite.nn import explain as module
from autograd_lite.nn.activations import ACTIVATIONS
from autograd_lite.nn.chain import loss_named, loss_of
from autograd_lite.nn.explain import explain_backprop
from autograd_lite.nn.sequential import Sequential
from tests.strategies import examples

mp = mpmath.mp


def lecture_network():
    model = MLP(2, [2, 1], activation=["sigmoid", "sigmoid"])
    model.storage.write([0.1] * 9)
    return model


def mazur_network():
    model = MLP(2, [2, 2], activation=["sigmoid", "sigmoid"])
    model.storage.write([0.15, 0.20, 0.35, 0.25, 0.30, 0.35, 0.40, 0.45, 0.60, 0.50, 0.55, 0.60])
    return model


# --- the lecture's 2-2-1 network ------------------------------------------------------------------------------------------


def test_the_lectures_network_has_the_lectures_numbers():
    explained = explain_backprop(lecture_network(), [1.0, 0.0], 0.9)
    hidden, output = explained.layers
    half_a_place = 5e-8
    assert output.outputs == pytest.approx([0.5522997], abs=half_a_place)
    assert output.deltas == pytest.approx([0.0859740], abs=half_a_place)
    assert hidden.deltas == pytest.approx([0.0021280] * 2, abs=half_a_place)
    # Its δ is minus the derivative: a weight moves up by rate·δ·h where ∂E/∂w = -δ·h.
    assert output.by_bias == pytest.approx([-0.0859740], abs=half_a_place)
    assert output.by_weight[0] == pytest.approx([-0.0859740 * 0.5498340] * 2, abs=half_a_place)
    assert hidden.by_weight == ((-hidden.deltas[0], 0.0), (-hidden.deltas[1], 0.0))  # x = (1, 0)


def test_the_lectures_network_is_written_down_cell_by_cell():
    text = str(explain_backprop(lecture_network(), [1.0, 0.0], 0.9))
    units, weights, layers = (part.splitlines()[3:] for part in text.split("\n\n")[2:])
    cells = [
        [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in part] for part in (units, weights, layers)
    ]
    slope = "sigmoid(s) * sigmoid(-s) = 0.247517"
    assert text.startswith("E = half_squared_error(outputs, target) = 0.0604477\n")
    assert cells[0] == [
        ["1,1", "0.1·1 + 0.1·0 + 0.1 = 0.2", "sigmoid(0.2) = 0.549834", slope,
         "(w[2,1,1]·δ[2,1])·f′(s) = (0.1·0.085974)·0.247517 = 0.002128"],
        ["1,2", "0.1·1 + 0.1·0 + 0.1 = 0.2", "sigmoid(0.2) = 0.549834", slope,
         "(w[2,1,2]·δ[2,1])·f′(s) = (0.1·0.085974)·0.247517 = 0.002128"],
        ["2,1", "0.1·0.549834 + 0.1·0.549834 + 0.1 = 0.209967", "sigmoid(0.209967) = 0.5523",
         "sigmoid(s) * sigmoid(-s) = 0.247265", "−∂E/∂h·f′(s) = −(-0.3477)·0.247265 = 0.085974"],
    ]  # fmt: skip
    assert cells[1] == [
        ["w[1,1,1]", "from an input", "0.1", "−δ[1,1]·x[1] = −0.002128·1", "-0.002128"],
        ["w[1,1,2]", "from an input", "0.1", "−δ[1,1]·x[2] = −0.002128·0", "0"],
        ["b[1,1]", "bias", "0.1", "−δ[1,1]·1 = −0.002128·1", "-0.002128"],
        ["w[1,2,1]", "from an input", "0.1", "−δ[1,2]·x[1] = −0.002128·1", "-0.002128"],
        ["w[1,2,2]", "from an input", "0.1", "−δ[1,2]·x[2] = −0.002128·0", "0"],
        ["b[1,2]", "bias", "0.1", "−δ[1,2]·1 = −0.002128·1", "-0.002128"],
        ["w[2,1,1]", "from a hidden unit", "0.1", "−δ[2,1]·h[1,1] = −0.085974·0.549834", "-0.0472714"],
        ["w[2,1,2]", "from a hidden unit", "0.1", "−δ[2,1]·h[1,2] = −0.085974·0.549834", "-0.0472714"],
        ["b[2,1]", "bias", "0.1", "−δ[2,1]·1 = −0.085974·1", "-0.085974"],
    ]
    assert cells[2] == [
        ["1", "sigmoid", "((0.0247517, 0.0247517), (0.0247517, 0.0247517))", "(-0.0085974, -0.0085974)",
         "(-0.0004256, -0.0004256)"],
        ["2", "sigmoid", "((0.0247265, 0.0247265))", "(-0.3477)", "(-0.0085974, -0.0085974)"],
    ]  # fmt: skip


# --- Mazur's 2-2-2 network ------------------------------------------------------------------------------------------------

MAZUR_X, MAZUR_TARGETS = ("0.05", "0.10"), ("0.01", "0.99")
MAZUR_W = ("0.15", "0.20", "0.35", "0.25", "0.30", "0.35", "0.40", "0.45", "0.60", "0.50", "0.55", "0.60")


def mazur_forward(w):
    """s and h of both layers in mpmath, from the parameters in their order."""

    def layer(x, w):
        sums = [w[k] * x[0] + w[k + 1] * x[1] + w[k + 2] for k in (0, 3)]
        return sums, [1 / (1 + mp.exp(-s)) for s in sums]

    sums, h = layer([mp.mpf(x) for x in MAZUR_X], w[:6])
    return (sums, h), layer(h, w[6:])


def mazur_error(*w):
    _, (_, y) = mazur_forward(w)
    return mp.fsum((mp.mpf(t) - y) ** 2 for t, y in zip(MAZUR_TARGETS, y, strict=True)) / 2


def test_mazurs_network_cell_by_cell_beside_mpmath():
    explained = explain_backprop(mazur_network(), [0.05, 0.10], [0.01, 0.99])
    with mp.workdps(40):
        w = [mp.mpf(text) for text in MAZUR_W]
        slopes = [mp.diff(mazur_error, w, n=tuple(int(j == k) for j in range(12))) for k in range(12)]
        steps = mazur_forward(w)
        wanted_error = mazur_error(*w)
    tiny = {"rel": 1e-14, "abs": 0.0}  # a dozen roundings of 1e-16
    assert explained.value == pytest.approx(float(wanted_error), **tiny)
    for place, (table, (sums, outputs)) in enumerate(zip(explained.layers, steps, strict=True)):
        own = slopes[6 * place : 6 * place + 6]
        assert table.sums == pytest.approx([float(s) for s in sums], **tiny)
        assert table.outputs == pytest.approx([float(h) for h in outputs], **tiny)
        assert [table.slopes[j][j] for j in (0, 1)] == pytest.approx([float(h * (1 - h)) for h in outputs], **tiny)
        assert table.by_weight[0] == pytest.approx([float(x) for x in own[:2]], rel=1e-13)  # δ is a difference of numbers
        assert table.by_weight[1] == pytest.approx([float(x) for x in own[3:5]], rel=1e-13)
        assert table.by_bias == pytest.approx([float(own[2]), float(own[5])], rel=1e-13)
        assert table.deltas == pytest.approx([-float(own[2]), -float(own[5])], rel=1e-13)


def test_mazurs_network_has_mazurs_numbers():
    explained = explain_backprop(mazur_network(), [0.05, 0.10], [0.01, 0.99])
    hidden, output = explained.layers
    assert explained.value == pytest.approx(0.2983711087600027, abs=2e-16)
    assert hidden.sums[0] == pytest.approx(0.3775, abs=1e-15)
    assert hidden.outputs == pytest.approx([0.593269992, 0.596884378], abs=5e-10)
    assert output.outputs == pytest.approx([0.75136507, 0.772928465], abs=5e-9)
    assert output.by_weight[0][0] == pytest.approx(0.08216704, abs=5e-9)
    assert output.by_weight[0][0] == pytest.approx(0.082167040564231, abs=5e-16)
    assert hidden.by_weight[0][0] == pytest.approx(0.000438568, abs=5e-10)
    assert output.errors[0] == pytest.approx(0.74136507, abs=5e-9)
    assert hidden.errors[0] == pytest.approx(0.036350306, abs=5e-10)
    printed = [row[0:1] + row[-1:] for table in explained.layers for row in table.weight_cells()]
    assert ["w[2,1,1]", "0.082167"] in printed
    assert ["w[1,1,1]", "0.000438568"] in printed


def test_errors_go_back_by_the_jacobians_of_the_layers():
    hidden, output = explain_backprop(mazur_network(), [0.05, 0.10], [0.01, 0.99]).layers
    for table in (hidden, output):
        h, w = np.array(table.outputs), np.array(table.weights)
        jacobian = (h * (1 - h))[:, None] * w  # diag(σ′(s))·W
        assert np.array(table.jacobian) == pytest.approx(jacobian, rel=1e-14)
        assert np.array(table.passed) == pytest.approx(np.array(table.errors) @ jacobian, rel=1e-14)
    assert hidden.errors == pytest.approx(output.passed, rel=1e-14)  # w·δ on one side, e·J on the other
    x = [Value(0.05), Value(0.10)]
    loss = ag.nn.losses.half_squared_error(mazur_network()(x), [0.01, 0.99])
    assert hidden.passed == pytest.approx(gradients(loss, x), rel=1e-13)


# --- any network ----------------------------------------------------------------------------------------------------------


def absolute_terms(loss, parameters):
    return [ag.ledger(loss, p, k=1).magnitude for p in parameters]


def by_hand(explained):
    """The derivatives in the order of the parameters."""
    return [
        slope
        for table in explained.layers
        for j, row in enumerate(table.by_weight)
        for slope in (*row, *(() if table.by_bias is None else (table.by_bias[j],)))
    ]


WHOLE = ["softmax", "log_softmax"]
LOSSES = ["squared_error", "half_squared_error", "binary_cross_entropy", "softmax_cross_entropy", "multivariate_logistic"]


@st.composite
def explained_networks(draw):
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    names = [draw(st.sampled_from(sorted(ACTIVATIONS) + WHOLE)) for _ in sizes[1:]]
    model = MLP(sizes[0], sizes[1:], activation=names, bias=draw(st.booleans()), seed=0)
    number = st.floats(-2.0, 2.0)
    model.storage.write([draw(number) for _ in model.parameters()])
    single = sizes[-1] == 1
    loss = draw(st.sampled_from(LOSSES[:3] if single else LOSSES + ["log_loss"] * (names[-1] == "softmax")))
    if loss in LOSSES[3:]:
        target = draw(st.integers(0, sizes[-1] - 1))
    else:
        targets = [draw(st.floats(0.0, 1.0)) for _ in range(sizes[-1])]
        target = targets[0] if single else targets
    return model, [draw(number) for _ in range(sizes[0])], target, loss


@examples(150)
@given(case=explained_networks())
def test_any_network_with_any_loss_has_the_derivatives_of_gradients(case):
    model, x, target, loss = case
    explained = explain_backprop(model, x, target, loss)
    value = loss_of(model, (x, target, loss), "test")
    assert explained.value == pytest.approx(value.data, rel=1e-12, abs=1e-300)
    found, wanted = by_hand(explained), gradients(value, model.parameters())
    for slope, swept, size in zip(found, wanted, absolute_terms(value, model.parameters()), strict=True):
        assert abs(slope - swept) <= 1e-12 * size + 1e-300  # of an underflow nothing is right but its size
    assert str(explained)
    assert explained.html()
    assert explained.markdown()


def test_of_softmax_with_its_cross_entropy_delta_is_target_minus_probability():
    model = MLP(2, [3, 3], activation=["tanh", "softmax"], seed=1)
    explained = explain_backprop(model, [0.5, -1.0], [0.0, 1.0, 0.0], _cross_entropy)
    output = explained.layers[-1]
    y = np.array(output.outputs)
    assert output.deltas == pytest.approx(np.array([0.0, 1.0, 0.0]) - y, rel=1e-13)
    assert np.array(output.slopes) == pytest.approx(np.diag(y) - np.outer(y, y), rel=1e-13)
    assert np.array(output.jacobian) == pytest.approx((np.diag(y) - np.outer(y, y)) @ np.array(output.weights), rel=1e-12)
    assert "∂E/∂h[2,1]·∂h[2,1]/∂s + ∂E/∂h[2,2]·∂h[2,2]/∂s + " in str(explained)
    assert "softmax(s)[2] = " in str(explained)


def _cross_entropy(outputs, target):
    return ag.total([-t * ag.log(y) for y, t in zip(outputs, target, strict=True)])


def test_the_units_of_a_layer_may_have_activations_of_their_own_and_share_weights():
    model = MLP(2, [2, 2], activation=["tanh", "tanh"], seed=3)
    first, second = model.layers[0].neurons
    second.activation = ag.sin
    shared = Sequential(model, model)
    explained = explain_backprop(shared, [0.5, -0.25], [0.0, 1.0])
    assert len(explained.layers) == 4
    assert explained.layers[0].outputs[1] == pytest.approx(np.sin(explained.layers[0].sums[1]), rel=1e-15)
    value = loss_of(shared, ([0.5, -0.25], [0.0, 1.0], "half_squared_error"), "test")
    twice = np.array(by_hand(explained)).reshape(2, -1).sum(axis=0)
    assert twice == pytest.approx(gradients(value, model.parameters()), rel=1e-12)
    assert first.activation is ag.tanh


def test_inputs_may_be_values_or_arrays_and_a_layer_may_stand_alone():
    layer = Layer(2, 1, activation="sigmoid", seed=0)
    plain = explain_backprop(layer, [0.5, -1.0], 1.0)
    assert explain_backprop(layer, np.array([0.5, -1.0]), 1.0) == plain
    assert explain_backprop(Sequential(layer), [Value(0.5), Value(-1.0)], 1.0) == plain
    assert [row[1] for row in plain.layers[0].weight_cells()] == ["from an input", "from an input", "bias"]


def test_near_the_smallest_floats_only_an_underflow_is_between_the_two_ways():
    model = MLP(1, [2, 3, 1], activation=["abs_relu", "selu", "abs_relu"], bias=False)
    model.storage.write([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 5e-324])
    found = explain_backprop(model, [1.0], 0.0, "squared_error").layers[1].by_weight[1][0]
    swept = gradients(loss_of(model, ([1.0], 0.0, "squared_error"), "test"), model.layers[1].neurons[1].w[0])
    assert 0.0 < abs(found - swept) <= 1e-323


def test_dead_units_have_zeros_without_a_sign():
    model = MLP(1, [1, 1], activation="relu")
    model.storage.write([-1.0, 0.0, 2.0, 0.0])
    explained = explain_backprop(model, [1.0], 1.0)
    assert explained.layers[0].deltas == (0.0,)
    assert "-0 " not in str(explained)
    assert "-0\n" not in str(explained)


# --- what is refused, and what is found out -------------------------------------------------------------------------------


class Doubled(MLP):
    def __call__(self, x):
        return 2.0 * super().__call__(x)


def test_what_does_not_agree_with_gradients_raises():
    with pytest.raises(AssertionError, match=r"by the δ recursion ∂E/∂w\[1,1,1\] is .*, by gradients it is"):
        explain_backprop(Doubled(2, [2, 1], activation="tanh", seed=0), [1.0, 0.5], 0.25)


@pytest.mark.parametrize("factor", [1.0 + 1e-10, -1.0, 0.0])
def test_an_activation_whose_derivative_is_a_little_wrong_is_found_out(monkeypatch, factor):
    right = module.outputs_and_slopes

    def wrong(activation, sums):
        outputs, slopes = right(activation, sums)
        return outputs, [slope * factor for slope in slopes]

    monkeypatch.setattr(module, "outputs_and_slopes", wrong)
    with pytest.raises(AssertionError, match="by the δ recursion"):
        explain_backprop(lecture_network(), [1.0, 0.5], 0.9)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: explain_backprop(MLP(2, [1], seed=0), [1.0], 0.0), ValueError, "1 inputs were given to a network of 2"),
        (
            lambda: explain_backprop(MLP(2, [1], seed=0), [1.0, 2.0], 0.0, "rmse"),
            ValueError,
            "unknown loss 'rmse'; known are",
        ),
        (
            lambda: explain_backprop(MLP(2, [1], seed=0), [1.0, 2.0], 0.0, limit=2),
            ValueError,
            "3 parameters, the limit is 2",
        ),
        (lambda: explain_backprop(Sequential(Layer(1, 1), Dropout(0.5)), [1.0], 0.0), TypeError, "is a Dropout; it must be"),
        (lambda: explain_backprop(MLP(1, [1], seed=0), [float("nan")], 0.0), ValueError, "not finite"),
        (lambda: loss_of(MLP(1, [1]), 1.0, "this"), TypeError, "this: the loss is of type float"),
    ],
)
def test_what_does_not_fit_raises_with_what_was_given(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_within_no_grad_there_is_nothing_to_compare_with():
    with ag.no_grad(), pytest.raises(RuntimeError, match="call it outside"):
        explain_backprop(lecture_network(), [1.0, 0.0], 0.9)


def test_a_loss_may_be_named_or_given():
    assert loss_named("hinge") is ag.nn.hinge
    assert loss_named(_cross_entropy) is _cross_entropy


# --- how it is shown ------------------------------------------------------------------------------------------------------


class Cells(HTMLParser):
    """The rows of the tables in a page, and all tags."""

    def __init__(self):
        super().__init__()
        self.tags, self.rows = set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_text_markdown_and_html_have_the_same_cells():
    explained = explain_backprop(mazur_network(), [0.05, 0.10], [0.01, 0.99])
    page = Cells()
    page.feed(explained._repr_html_())
    lines = [line for line in explained.markdown().splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    cells = [[cell.replace("\\", "") for cell in line.strip("| ").split(" | ")] for line in lines]
    page_cells = [[cell.split("Layers")[0].split("Weights")[0] for cell in row] for row in page.rows]
    assert cells == page_cells
    assert [len(row) for row in cells] == [5] * (1 + 4 + 1 + 12 + 1 + 2)
    text = str(explained)
    assert all(cell in text for row in cells for cell in row)
    assert repr(explained) == text


def test_names_that_are_no_words_are_not_shown_and_labels_do_nothing():
    def activation(s):
        return s * Value(2.0, "<script>|`*")

    activation.__name__ = "<script>alert(1)</script>"
    explained = explain_backprop(MLP(1, [2], activation=[activation], seed=0), [1.0], [0.0, 1.0], lambda y, t: ag.total(y))
    page = Cells()
    page.feed(explained.html())
    assert page.tags == {"p", "h4", "table", "tr", "th", "td"}
    assert any("<script>|`* = 2" in row for row in page.rows)
    assert "alert" not in str(explained)
    assert "f(" in str(explained)
    assert str(explained).startswith("E = loss(outputs, target)")
    assert r"| \<script\>\|\`\* = 2 |" in explained.markdown()


def test_of_a_large_table_the_first_and_the_last_rows_are_shown():
    explained = explain_backprop(MLP(9, [9, 1], activation="tanh", seed=0), [1.0] * 9, 0.5)
    text = str(explained)
    assert "… 40 more" in text  # 9·10 + 10 = 100 weights, of which 60 are shown
    assert text.count("\nw[") + text.count("\nb[") == 60
    assert "… 3 more" in text  # of nine terms six are shown
    assert all(line.endswith(" |") for line in explained.markdown().splitlines() if line.startswith("|"))


def test_numpy_is_not_loaded_to_import_it():
    code = (
        "import autograd_lite.nn.explain, autograd_lite.nn.symmetries, autograd_lite.nn.diagnostics, autograd_lite.nn.costs"
    )
    code += "\nimport sys\nassert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
