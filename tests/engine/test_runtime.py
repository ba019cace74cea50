"""What the engine shares with its surroundings: BLAS threads and long computations."""

import os
import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from cnnviz.datasets import to_input
from cnnviz.evaluation import CancelledError, evaluate
from cnnviz.experiment import LAB5
from cnnviz.inspect.excitation import class_contributions, exciting_patches
from cnnviz.routing import check_all, tie_rate_of_images
from cnnviz.runtime import one_blas_thread
from cnnviz.translation import SweepSettings, sweep, sweep_many
from tests.patience import PATIENCE
from tests.processes import python
from tests.small_data import first_images

# Training, evaluation and single passes as a program would do it that knows nothing of BLAS.
PROGRAM = """
import hashlib
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_info
from cnnviz.datasets import Dataset, to_input
from cnnviz.evaluation import evaluate
from cnnviz.experiment import LENET
from cnnviz.training import Trainer

def threads():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

before = threads()
rng = np.random.default_rng(0)
images, labels = rng.integers(0, 256, (400, 1, 28, 28), np.uint8), rng.integers(0, 10, 400)
data = Dataset(images, labels, images, labels, LENET.classes)
config = replace(LENET, learning_rate=0.01, batch_size=128, momentum=0.9)
trainer = Trainer(LENET.build_network(data.input_shape), data, config)
trainer.advance(3)
trainer.advance(1)
network = trainer.network
images = to_input(data.test_images[:100], network.dtype)
tested = evaluate(network, data.test_images[:399], data.test_labels[:399])
found = [*network.params.values(), tested.probabilities, network.forward(images).logits]
found += [network.predict(images), *network.gradients(images, data.test_labels[:100]).params.values()]
print(hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in found)).hexdigest())
print(*before, *threads())
"""


def run(**variables: str) -> list[str]:
    environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    return python("-c", PROGRAM, env=environment | variables).stdout.splitlines()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch):
    """Set BLAS to three threads, and return what tells how many there are.

    Another test of this process may have asked for one thread for good, as the program does.
    """
    monkeypatch.setattr(one_blas_thread, "_holders", 0)

    def count() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    with threadpool_limits(3, user_api="blas"):
        if count() != {3}:
            pytest.skip("this BLAS has no number of threads that can be set")
        yield count


def test_a_program_that_knows_nothing_of_blas_gets_the_same_bits_and_keeps_its_threads():
    bits, counts = run()
    assert bits == run(OPENBLAS_NUM_THREADS="1")[0]
    before, after = counts.split()
    assert before == after


def test_an_exception_gives_the_threads_back(threads):
    @one_blas_thread
    def fail() -> None:
        raise RuntimeError(str(threads()))

    with pytest.raises(RuntimeError, match=r"^\{1\}$"):
        fail()
    assert threads() == {3}


@pytest.mark.parametrize("first_ends_first", [True, False])
def test_blocks_of_two_threads_may_overlap(threads, first_ends_first):
    held, seen = threading.Event(), set[int]()
    may_end = threading.Event()

    def other() -> None:
        with one_blas_thread:
            held.set()
            assert may_end.wait(PATIENCE)
            seen.update(threads())

    thread = threading.Thread(target=other)
    with one_blas_thread:
        thread.start()
        assert held.wait(PATIENCE)
        if not first_ends_first:
            may_end.set()
            thread.join()
            assert threads() == {1}
    if first_ends_first:
        assert threads() == {1}
        may_end.set()
        thread.join()
    assert seen == {1}
    assert threads() == {3}


def test_long_computations_tell_their_progress_and_can_be_stopped():
    network, data = LAB5.build_network(), first_images((0, 1), 1, 200)
    images, labels = data.test_images, data.test_labels
    few = to_input(images[:4], network.dtype)
    settings = SweepSettings(dxs=(0, 1), dys=(0, 1, 2))
    computations = {
        "checking gradients": lambda **hooks: check_all(network, few[0], 0, **hooks),
        "counting ties": lambda **hooks: tie_rate_of_images(network, images, "pool1", **hooks),
        "searching patches": lambda **hooks: exciting_patches(network, images, "conv1", 0, **hooks),
        "adding evidence": lambda **hooks: class_contributions(network, images, labels, "pool1", **hooks),
        "sweeping many": lambda **hooks: sweep_many(network, few, None, settings, **hooks),
        "sweeping one": lambda **hooks: sweep(network, few[0], settings, **hooks),
        "testing": lambda **hooks: evaluate(network, images.repeat(3, 0), labels.repeat(3), **hooks),
    }
    for name, compute in computations.items():
        told = []
        compute(progress=told.append)
        assert told == sorted(told), name
        assert told[-1] == 1, name
        assert len(told) > 1, name
        shares = iter(told)

        def until_the_second(share, shares=shares, told=told):
            assert share == next(shares)
            if share != told[0]:
                raise CancelledError

        with pytest.raises(CancelledError):
            compute(progress=until_the_second)
        assert len(list(shares)) == len(told) - 2, name
