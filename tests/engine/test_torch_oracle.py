"""The engine against PyTorch, where it is installed: whole networks and model files."""

from dataclasses import replace

import numpy as np
import pytest

from cnnviz import checkpoint
from cnnviz.datasets import load_mnist, to_input
from cnnviz.experiment import LAB5, LENET
from cnnviz.layers import (
    AvgPool2D,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from cnnviz.network import Network, loss_and_gradients
from cnnviz.optim import SGD
from cnnviz.snapshots import Snapshot

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is only an oracle here")

pytestmark = pytest.mark.torch

DTYPES = ["float32", "float64"]
TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 1e-5}, "float64": {"rtol": 1e-10, "atol": 1e-12}}


def assert_close(actual, expected, dtype):
    assert actual.dtype == np.dtype(dtype)
    np.testing.assert_allclose(actual, expected.detach().numpy(), **TOLERANCE[dtype])


def as_torch_model(net):
    """Build the `torch.nn` model of the same layer names and load our parameters into it, unchanged."""
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
            case AvgPool2D():
                modules[name] = nn.AvgPool2d(layer.size, layer.step)
            case LeakyReLU():
                modules[name] = nn.LeakyReLU(layer.slope)
            case ReLU() | Sigmoid() | Tanh() | Flatten():
                modules[name] = getattr(nn, type(layer).__name__)()
            case _:
                raise AssertionError(f"no counterpart of {layer}")
        shape = net.shapes[name]
    model = nn.Sequential()
    for name, module in modules.items():
        model.add_module(name, module)
    model = model.to(getattr(torch, net.dtype.name))
    model.load_state_dict({name: torch.tensor(array) for name, array in net.params.items()}, strict=True)
    return model


NETWORKS = {
    "lab": (LAB5.build_network().layers, (1, 28, 28)),
    "lenet": (LENET.build_network().layers, (1, 28, 28)),
    "mixed": (
        [
            ("conv1", Conv2D(4, kernel_size=5, stride=2, padding=2)),
            ("tanh1", Tanh()),
            ("pool1", AvgPool2D(3, stride=2)),
            ("conv2", Conv2D(5, kernel_size=2)),
            ("leaky2", LeakyReLU(0.1)),
            ("pool2", MaxPool2D(2, stride=1)),
            ("flatten", Flatten()),
            ("dense1", Dense(7, bias=False)),
            ("sigmoid", Sigmoid()),
            ("dense2", Dense(3)),
        ],
        (2, 21, 19),
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", list(NETWORKS))
def test_whole_networks_train_alike(rng, dtype, name):
    """Outputs, loss and gradients of the first step, then the parameters after ten steps with momentum."""
    layers, input_shape = NETWORKS[name]
    net = Network.build(layers, input_shape, seed=6, dtype=dtype)
    model = as_torch_model(net)
    x = rng.normal(size=(6, *input_shape)).astype(dtype)
    labels = rng.integers(0, net.classes_count, size=6)

    def their_loss():
        logits = model(torch.tensor(x))
        if logits.shape[1] == 1:
            target = torch.tensor(labels[:, None].astype(dtype))
            return logits, torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
        return logits, torch.nn.functional.cross_entropy(logits, torch.tensor(labels))

    logits, loss = their_loss()
    loss.backward()
    gradients = net.gradients(x, labels)
    assert_close(net.forward(x).logits, logits, dtype)
    assert gradients.loss == pytest.approx(loss.item(), rel=1e-5)
    for key, parameter in model.named_parameters():
        assert_close(gradients.params[key], parameter.grad, dtype)

    params = {key: array.copy() for key, array in net.params.items()}
    # Small steps: in float32 the two round differently, and a larger one may flip a ReLU in only one of them.
    ours, theirs = (
        {key: SGD(0.001, 0.9) for key in params},
        torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9),
    )
    for _ in range(10):
        for key, gradient in loss_and_gradients(net.layers, params, x, labels)[2].items():
            ours[key].update(params[key], gradient)
        theirs.zero_grad()
        their_loss()[1].backward()
        theirs.step()
    for key, parameter in model.named_parameters():
        assert_close(params[key], parameter, dtype)


# --- model files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", [LAB5, LENET], ids=["lab5", "lenet"])
def test_saved_network_loads_unchanged_and_answers_alike(tmp_path, experiment):
    from safetensors.torch import load_file

    network = experiment.build_network()
    path = tmp_path / "net.safetensors"
    checkpoint.save(path, Snapshot(0, network), experiment)
    model = as_torch_model(replace(experiment, seed=5).build_network())
    model.load_state_dict(load_file(path), strict=True)
    images = to_input(load_mnist(("0", "1")).test_images[:32], experiment.dtype)
    with torch.no_grad():
        answers = model(torch.from_numpy(images)).numpy()
    tolerance = 1e-12 if experiment.dtype == "float64" else 1e-4
    np.testing.assert_allclose(network.forward(images).logits, answers, rtol=tolerance, atol=tolerance)
