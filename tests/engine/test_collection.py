"""Work without the cyclic collector leaves it as it was."""

import gc

import pytest

import autograd_lite as ag
from autograd_lite.engine.collection import no_collection


@pytest.fixture
def collector():
    """Restores the collector, whatever a test does."""
    enabled = gc.isenabled()
    yield
    (gc.enable if enabled else gc.disable)()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_before_after_contexts_in_one_another_and_after_errors(enabled, collector):
    (gc.enable if enabled else gc.disable)()
    with no_collection():
        with pytest.raises(ZeroDivisionError), no_collection():
            raise ZeroDivisionError
        assert not gc.isenabled()
    assert gc.isenabled() is enabled


def test_a_picture_that_is_refused_leaves_the_collector_on(collector):
    gc.enable()
    with pytest.raises(ValueError, match="too many"):
        ag.draw(ag.total([ag.Value(float(k)) for k in range(9)]), limit=3)
    assert gc.isenabled()
