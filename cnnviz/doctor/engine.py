"""Whether the engine computes what it should: BLAS, some steps of training, some gradients."""

import os
import time
from collections.abc import Iterator

from cnnviz.doctor.fact import Fact, problem

_STEPS, _GRADIENTS, _SPEED_STEPS = 12, 300, 1500
_CLOSE = 1e-9  # both are float64; thousands of terms are added in another order


def blas() -> Iterator[Fact]:
    """Tell which BLAS multiplies matrices, for which processor, and on how many threads."""
    import numpy as np
    from threadpoolctl import threadpool_info

    from cnnviz.runtime import one_blas_thread

    _ = np.ones((2, 2)) @ np.ones((2, 2))
    with one_blas_thread():
        libraries = [each for each in threadpool_info() if each["user_api"] == "blas"]
    cores = os.cpu_count() or 1
    if not libraries:
        yield Fact("BLAS", f"none that tells of itself (NumPy brings its own), {cores} cores")
    for each in libraries:
        kernel = each.get("architecture") or "an unknown kernel"
        threads = each["num_threads"]
        text = f"{each['internal_api']} {each['version'] or ''} for {kernel}, {cores} cores, "
        if threads == 1:
            yield Fact("BLAS", f"{text}1 thread while CNNViz computes")
        else:
            yield problem("BLAS", f"{text}{threads} threads: they cannot be set to 1, and training is slow")


def training() -> Iterator[Fact]:
    """Train the exercise's network some steps, and compare with loops; then measure the speed."""
    import numpy as np

    from cnnviz.datasets import load_mnist, to_input
    from cnnviz.doctor.loops import train_in_loops
    from cnnviz.presets import LAB5
    from cnnviz.quantities import format_count, format_value
    from cnnviz.training import Trainer, epoch_order

    dataset, network = load_mnist(LAB5.classes), LAB5.build_network()
    order = epoch_order(len(dataset.train_labels), LAB5.seed, 0)[:_STEPS]
    inputs = to_input(dataset.train_images[order], np.float64)[:, 0].tolist()
    labels = dataset.train_labels[order].tolist()
    start = network.params
    kernels, weights, bias = train_in_loops(
        start["conv1.weight"][:, 0].tolist(),
        start["dense1.weight"][0].tolist(),
        start["dense1.bias"].item(),
        zip(inputs, labels, strict=True),
        LAB5.learning_rate,
    )
    trainer = Trainer(network, dataset, LAB5.train_config())
    trainer.advance(_STEPS)
    trained = trainer.network.params
    expected = np.concatenate([np.ravel(kernels), weights, [bias]])
    got = np.concatenate([trained[name].ravel() for name in ("conv1.weight", "dense1.weight", "dense1.bias")])
    moved = np.abs(got - np.concatenate([start[name].ravel() for name in start])).max()
    off = float(np.abs(got - expected).max() / moved)
    words = f"{_STEPS} steps of LAB5 differ from plain loops by {format_value(off, 2)} of the largest change"
    if off < _CLOSE:
        yield Fact("training", words)
    else:
        yield problem("training", f"{words}: this engine computes wrongly here. Install the packages anew.")
    begin = time.perf_counter()
    trainer.advance(_SPEED_STEPS)
    speed = _SPEED_STEPS / (time.perf_counter() - begin)
    yield Fact("speed", f"{format_count(round(speed))} images/s with LAB5, one image a step")


def gradients() -> Iterator[Fact]:
    """Compare gradients of a network of two blocks with finite differences."""
    from cnnviz.datasets import load_mnist, to_input
    from cnnviz.presets import LENET
    from cnnviz.quantities import format_count, format_value
    from cnnviz.routing import check_sample

    dataset = load_mnist(LENET.classes)
    x, label = to_input(dataset.test_images[:1]), int(dataset.test_labels[0])
    check = check_sample(LENET.build_network(), x, label, _GRADIENTS, seed=0)
    wrong = check.counts["mismatch"]
    words = f"{format_count(check.checked)} of LENET compared with finite differences"
    if wrong:
        yield problem("gradients", f"{words}, {format_count(wrong)} differ. Install the packages anew.")
    else:
        yield Fact("gradients", f"{words}, largest error {format_value(check.largest_error, 2)}")
