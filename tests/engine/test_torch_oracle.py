"""Model files in PyTorch, where it is installed: they load unchanged, and the networks answer alike."""

import numpy as np
import pytest

from cnnviz import checkpoint
from cnnviz.datasets import load_mnist, to_input
from cnnviz.experiment import LAB5, LENET
from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnviz.snapshots import Snapshot

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is only an oracle here")

pytestmark = pytest.mark.torch


def as_torch_model(net):
    """Build the `torch.nn` model of the same layer names, with weights of its own."""
    nn = torch.nn
    modules = {}
    shape = net.input_shape
    for name, layer in net.layers:
        match layer:
            case Conv2D():
                modules[name] = nn.Conv2d(
                    shape[0], layer.filters, layer.kernel_size, layer.stride, layer.padding, bias=layer.bias
                )
            case Dense():
                modules[name] = nn.Linear(shape[0], layer.units, bias=layer.bias)
            case MaxPool2D():
                modules[name] = nn.MaxPool2d(layer.size, layer.step)
            case ReLU() | Flatten():
                modules[name] = getattr(nn, type(layer).__name__)()
            case _:
                raise AssertionError(f"no counterpart of {layer}")
        shape = net.shapes[name]
    model = nn.Sequential()
    for name, module in modules.items():
        model.add_module(name, module)
    return model.to(getattr(torch, net.dtype.name))


@pytest.mark.parametrize("experiment", [LAB5, LENET], ids=["lab5", "lenet"])
def test_saved_network_loads_unchanged_and_answers_alike(tmp_path, experiment):
    from safetensors.torch import load_file

    network = experiment.build_network()
    path = tmp_path / "net.safetensors"
    checkpoint.save(path, Snapshot(0, network), experiment)
    model = as_torch_model(network)
    model.load_state_dict(load_file(path), strict=True)
    images = to_input(load_mnist(("0", "1")).test_images[:32], experiment.dtype)
    with torch.no_grad():
        answers = model(torch.from_numpy(images)).numpy()
    tolerance = 1e-12 if experiment.dtype == "float64" else 1e-4
    np.testing.assert_allclose(network.forward(images).logits, answers, rtol=tolerance, atol=tolerance)
