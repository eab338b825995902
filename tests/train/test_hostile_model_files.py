"""Files that may hold anything: they are read, or refused in one line by one kind of error, and cost no memory."""

import json
import struct
import tempfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite.nn import MLP, Conv2d, Dropout, Flatten, Maxout, Module, Reshape, Residual, Sequential
from autograd_lite.nn.architecture import KINDS, Kind
from autograd_lite.train.model_file import ModelFileError, load, save
from autograd_lite.train.preprocessing import Standardizer
from autograd_lite.train.tasks import Classification
from tests.strategies import examples

SUFFIXES = [".json", ".safetensors"]


@cache
def real_file(suffix):
    """The bytes of a model with some of everything in it."""
    image = [Reshape(1, 2, 2), Conv2d(1, 2, 2, activation="tanh", seed=0), Flatten(), Dropout(0.1, seed=0)]
    network = Sequential(*image, MLP(2, [2, 2], seed=1), Residual(Maxout(2, 2, 2, seed=2)), "softmax")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"model{suffix}")
        scaling = Standardizer((0.0,) * 4, (1.0,) * 4)
        save(
            network,
            path,
            preprocessing=scaling,
            task=Classification(("a", "b")),
            feature_names=tuple("abcd"),
            metadata={"k": 1},
        )
        return path.read_bytes()


def read_or_refuse(content, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"model{suffix}")
        path.write_bytes(content)
        try:
            load(path)
        except ModelFileError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017  # either way is right
            return str(error)
    return None


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_truncation_is_refused(suffix):
    content = real_file(suffix)
    assert read_or_refuse(content, suffix) is None
    whole = len(content.rstrip(b"\n"))  # of JSON the last line's end may be missing
    assert all(read_or_refuse(content[:length], suffix) for length in range(0, whole, 7))
    assert read_or_refuse(content[: whole - 1], suffix)


@examples(300)
@given(data=st.data(), suffix=st.sampled_from(SUFFIXES))
def test_a_file_with_wrong_bytes_is_read_or_refused_in_one_line(data, suffix):
    content = bytearray(real_file(suffix))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        length = data.draw(st.sampled_from([0, 1, 1, 1, 8]))
        content[place : place + length] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"9" * 30, b"[", b"null", b"1e"])
        )
    read_or_refuse(bytes(content), suffix)


JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4) | st.sampled_from([*KINDS, "Whitener"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "mean", "a"]), inner, max_size=3),
    max_leaves=6,
)


def places_of(item):
    """All objects and lists in a record."""
    if isinstance(item, (dict, list)):
        yield item
        for inner in item.values() if isinstance(item, dict) else item:
            yield from places_of(inner)


def with_record(record, content):
    """The same safetensors file with another record in its metadata."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"]["autograd_lite.model"] = json.dumps(record)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


@examples(300)
@given(data=st.data(), suffix=st.sampled_from(SUFFIXES))
def test_whatever_stands_in_a_record_it_is_read_or_refused_in_one_line(data, suffix):
    record = json.loads(real_file(".json"))
    if suffix == ".safetensors":
        del record["weights"]
    place = data.draw(st.sampled_from([place for place in places_of(record) if place]))
    key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JUNK)
    content = json.dumps(record).encode()
    read_or_refuse(content if suffix == ".json" else with_record(record, real_file(suffix)), suffix)


@examples(100)
@given(JUNK, st.sampled_from(SUFFIXES))
def test_any_json_that_is_no_model_is_refused(junk, suffix):
    content = json.dumps(junk).encode()
    complaint = read_or_refuse(content if suffix == ".json" else with_record(junk, real_file(suffix)), suffix)
    assert "is not JSON (" in complaint or "no model of this library" in complaint


NEURON = {
    "format": "autograd_lite.model",
    "version": 2,
    "network": {"type": "Neuron", "nin": 2, "activation": "tanh", "bias": False},
}
TENSOR = {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}


def tensors(header, numbers=16, length=None, record=NEURON):
    header = {"__metadata__": {"autograd_lite.model": json.dumps(record)}, **header}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(numbers)


LIES = {
    "fewer bytes than the header says": (tensors({"w": TENSOR}, 15), "the file is not safetensors"),
    "more bytes than the header says": (tensors({"w": TENSOR}, 17), "the file is not safetensors"),
    "a header longer than the file": (tensors({"w": TENSOR}, length=10**6), "the file is not safetensors"),
    "a header longer than all memory": (tensors({"w": TENSOR}, length=2**63), "the file is not safetensors"),
    "a shape longer than the file": (tensors({"w": {**TENSOR, "shape": [2**40]}}), "the file is not safetensors"),
    "a shape that overflows": (tensors({"w": {**TENSOR, "shape": [2**62, 2**62]}}), "the file is not safetensors"),
    "a negative shape": (tensors({"w": {**TENSOR, "shape": [-2]}}), "the file is not safetensors"),
    "tensors that overlap": (tensors({"w": TENSOR, "v": TENSOR}), "the file is not safetensors"),
    "nothing, very often": (
        tensors({"w": {"dtype": "F64", "shape": [0, 2**62], "data_offsets": [0, 0]}}, 0),
        "the tensor 'w' is F64 of shape [0, 4611686018427387904]; it must be F64, a number or a list",
    ),
    "a matrix": (tensors({"w": {**TENSOR, "shape": [2, 1]}}), "the tensor 'w' is F64 of shape [2, 1]"),
    "other numbers": (tensors({"w": {**TENSOR, "dtype": "I64"}}), "the tensor 'w' is I64 of shape [2]; it must be F64"),
    "another name": (tensors({"v": TENSOR}), "'w' is missing; 'v' is unexpected"),
    "a number for a list": (
        tensors({"w": {"dtype": "F64", "shape": [], "data_offsets": [0, 8]}}, 8),
        "the file has 1 weights; its network asks for 2",
    ),
    "no tensor": (tensors({}, 0), "the file has 0 weights; its network asks for 2"),
    "a network of many weights": (
        tensors({"w": TENSOR}, record={**NEURON, "network": {**NEURON["network"], "nin": 10**12}}),
        "the file has 2 weights; its network asks for 1000000000000",
    ),
    "an old version": (
        tensors({"w": TENSOR}, record={**NEURON, "version": 1}),
        "the model has the version 1; 2 can be read",
    ),
    "no metadata": (tensors({"__metadata__": {}, "w": TENSOR}), "its metadata has no 'autograd_lite.model'"),
    "no JSON": (
        tensors({"__metadata__": {"autograd_lite.model": "[" * 10**5}, "w": TENSOR}),
        "the record in the metadata is not JSON",
    ),
}


@pytest.mark.parametrize("case", LIES)
def test_headers_that_lie_are_refused(case):
    content, complaint = LIES[case]
    assert read_or_refuse(tensors({"w": TENSOR}), ".safetensors") is None
    assert complaint in read_or_refuse(content, ".safetensors")


def test_modules_that_are_nested_without_end_are_refused():
    network = '{"type": "Residual", "inner": ' * 400 + '{"type": "Flatten"}' + "}" * 400
    content = json.dumps({**NEURON, "network": "here", "weights": {}}).replace('"here"', network)
    assert "nested too deeply" in read_or_refuse(content.encode(), ".json")


def test_what_a_registered_type_raises_is_an_error_of_the_file(monkeypatch):
    class Odd(Module):
        def __init__(self, x):
            x + 1

    monkeypatch.setitem(KINDS, "Odd", Kind(Odd, {"x": lambda item, where: item}, lambda module: {}))
    content = json.dumps({**NEURON, "network": {"type": "Odd", "x": "a"}, "weights": {}}).encode()
    assert "can only concatenate str" in read_or_refuse(content, ".json")
