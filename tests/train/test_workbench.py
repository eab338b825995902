"""Networks that are computed, one after the other, by what was compiled once."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd_lite.nn.losses import half_squared_error
from autograd_lite.train import workbench as module
from autograd_lite.train.engines import outputs_of
from autograd_lite.train.workbench import WorkbenchKey, workbench

ROOT = Path(__file__).parents[2]
ROWS = np.array([[1.0, -2.0], [0.5, 3.0], [0.0, 0.0]])


def key_of(*hidden):
    return WorkbenchKey(2, (*hidden, 1), "tanh", half_squared_error)


@pytest.fixture(autouse=True)
def _empty():
    module._idle.cache_clear()


def numbers_of(network):
    return np.array([parameter.data for parameter in network.parameters()])


def test_it_computes_what_the_network_itself_computes():
    for seed in range(3):
        network = key_of(4).network(seed, "xavier")
        with workbench(key_of(4), numbers_of(network)) as bench:
            assert np.array_equal(bench.outputs(ROWS), outputs_of(network, ROWS))


def test_one_that_is_in_use_is_not_handed_out_and_one_that_is_given_back_is():
    numbers = numbers_of(key_of(4).network(0))
    with workbench(key_of(4), numbers) as first, workbench(key_of(4), 2.0 * numbers) as second:
        assert first is not second
        assert np.array_equal(first.vector.read(), numbers)
    with workbench(key_of(4), numbers) as third:
        assert third in (first, second)


def test_after_an_error_it_is_thrown_away():
    numbers, used = numbers_of(key_of(4).network(0)), []

    def fail():
        with workbench(key_of(4), numbers) as bench:
            used.append(bench)
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail()
    with workbench(key_of(4), numbers) as bench:
        assert bench is not used[0]


def test_those_used_last_are_kept_and_not_more_than_eight_structures():
    def used(width):
        with workbench(key_of(width), np.zeros(4 * width + 1)) as bench:
            return bench

    first = {width: used(width) for width in range(1, 11)}
    assert [width for width in range(10, 0, -1) if used(width) is first[width]] == list(range(10, 2, -1))


def test_weights_are_told_from_biases():
    with workbench(key_of(2), np.zeros(9)) as bench:
        assert bench.is_weight.tolist() == [1, 1, 0, 1, 1, 0, 1, 1, 0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_process_forked_while_threads_compute_can_compute():
    code = """
import os, threading
import numpy as np
from tests.train.test_workbench import ROWS, key_of
from autograd_lite.train.workbench import workbench

def use():
    with workbench(key_of(4), np.zeros(17)) as bench:
        return bench.outputs(ROWS)

def use_on():
    while True:
        use()

use()
for _ in range(3):
    threading.Thread(target=use_on, daemon=True).start()
for _ in range(10):
    child = os.fork()
    if child == 0:
        use()
        os._exit(0)
    os.waitpid(child, 0)
os._exit(0)
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=True, timeout=60)  # else it waits for ever
