"""The engine against PyTorch, where it is installed: layers, losses, optimisers, networks, model files."""

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
    losses,
)
from cnnviz.network import Network, loss_and_gradients
from cnnviz.optim import SGD, Adam
from cnnviz.snapshots import Snapshot

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is only an oracle here")

pytestmark = pytest.mark.torch

DTYPES = ["float32", "float64"]
TOLERANCE = {"float32": {"rtol": 1e-4, "atol": 1e-5}, "float64": {"rtol": 1e-10, "atol": 1e-12}}


def tensors(*arrays):
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def assert_close(actual, expected, dtype):
    assert actual.dtype == np.dtype(dtype)
    np.testing.assert_allclose(actual, expected.detach().numpy(), **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("channels", "filters", "kernel", "stride", "padding"),
    [(1, 8, 3, 1, 0), (3, 4, 3, 1, 1), (2, 5, 5, 2, 2), (4, 1, 2, 3, 0), (2, 3, 1, 1, 0)],
)
def test_convolution(rng, dtype, channels, filters, kernel, stride, padding):
    x = rng.normal(size=(3, channels, 11, 9)).astype(dtype)
    weight = rng.normal(size=(filters, channels, kernel, kernel)).astype(dtype)
    bias = rng.normal(size=filters).astype(dtype)
    leaves = tensors(x, weight, bias)
    expected = torch.nn.functional.conv2d(*leaves, stride=stride, padding=padding)
    layer, params = Conv2D(filters, kernel, stride, padding), {"weight": weight, "bias": bias}
    out = layer.forward(x, params)
    assert_close(out, expected, dtype)
    d_out = rng.normal(size=out.shape).astype(dtype)
    expected.backward(torch.tensor(d_out))
    d_x, d_params = layer.backward(d_out, x, out, params)
    for gradient, leaf in zip((d_x, *d_params.values()), leaves, strict=True):
        assert_close(gradient, leaf.grad, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 3), (3, 2), (2, 1), (2, 3)])
@pytest.mark.parametrize("tied", [False, True])
def test_max_pooling_with_the_first_winner(rng, dtype, size, stride, tied):
    x = (rng.integers(0, 3, size=(2, 3, 9, 8)) if tied else rng.normal(size=(2, 3, 9, 8))).astype(dtype)
    (leaf,) = tensors(x)
    expected, where = torch.nn.functional.max_pool2d(leaf, size, stride, return_indices=True)
    pool = MaxPool2D(size, stride)
    pooled, winner = pool.forward(x, {}), pool.first_winners(x)
    np.testing.assert_array_equal(pooled, expected.detach().numpy())
    # PyTorch counts in the whole map, we count in the window.
    rows, columns = np.divmod(winner, size)
    tops, lefts = np.ogrid[: pooled.shape[2], : pooled.shape[3]]
    np.testing.assert_array_equal((tops * stride + rows) * 8 + lefts * stride + columns, where.numpy())
    d_out = rng.normal(size=pooled.shape).astype(dtype)
    expected.backward(torch.tensor(d_out))
    assert_close(pool.input_gradient(d_out, x, pooled, {}), leaf.grad, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_max_pooling_that_splits_ties_is_amax(rng, dtype):
    """PyTorch's `amax` shares the gradient among equal cells."""
    x = rng.integers(0, 3, size=(2, 3, 8, 6)).astype(dtype)
    (leaf,) = tensors(x)
    expected = leaf.reshape(2, 3, 4, 2, 3, 2).amax(dim=(3, 5))
    pool = MaxPool2D(2, ties="split")
    pooled = pool.forward(x, {})
    d_out = rng.normal(size=pooled.shape).astype(dtype)
    expected.backward(torch.tensor(d_out))
    assert_close(pool.input_gradient(d_out, x, pooled, {}), leaf.grad, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 1)])
def test_average_pooling(rng, dtype, size, stride):
    x = rng.normal(size=(2, 3, 9, 8)).astype(dtype)
    (leaf,) = tensors(x)
    expected = torch.nn.functional.avg_pool2d(leaf, size, stride)
    pool = AvgPool2D(size, stride)
    out = pool.forward(x, {})
    assert_close(out, expected, dtype)
    d_out = rng.normal(size=out.shape).astype(dtype)
    expected.backward(torch.tensor(d_out))
    assert_close(pool.input_gradient(d_out, x, out, {}), leaf.grad, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("layer", "theirs"),
    [
        (ReLU(), torch.relu),
        (LeakyReLU(0.2), lambda x: torch.nn.functional.leaky_relu(x, 0.2)),
        (Sigmoid(), torch.sigmoid),
        (Tanh(), torch.tanh),
    ],
)
def test_activations(rng, dtype, layer, theirs):
    """Zeros and large values among ordinary ones."""
    x = np.concatenate([rng.normal(size=20) * 4, [0.0, -0.0, 1e4, -1e4]]).reshape(4, 6).astype(dtype)
    (leaf,) = tensors(x)
    expected = theirs(leaf)
    out = layer.forward(x, {})
    assert_close(out, expected, dtype)
    d_out = rng.normal(size=out.shape).astype(dtype)
    expected.backward(torch.tensor(d_out))
    assert_close(layer.input_gradient(d_out, x, out, {}), leaf.grad, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
def test_losses(rng, dtype, scale):
    labels = np.array([0, 1, 1, 0, 1])
    one = (rng.normal(size=(5, 1)) * scale).astype(dtype)
    (leaf,) = tensors(one)
    target = torch.tensor(labels[:, None].astype(dtype))
    expected = torch.nn.functional.binary_cross_entropy_with_logits(leaf, target)
    expected.backward()
    loss = losses.cross_entropy(one, labels)
    assert loss == pytest.approx(expected.item(), rel=1e-6)
    assert_close(losses.cross_entropy_gradient(one, labels), leaf.grad, dtype)

    several = (rng.normal(size=(5, 4)) * scale).astype(dtype)
    (leaf,) = tensors(several)
    expected = torch.nn.functional.cross_entropy(leaf, torch.tensor(labels))
    expected.backward()
    assert losses.cross_entropy(several, labels) == pytest.approx(expected.item(), rel=1e-6)
    assert_close(losses.cross_entropy_gradient(several, labels), leaf.grad, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda: SGD(0.05), lambda params: torch.optim.SGD(params, lr=0.05)),
        (lambda: SGD(0.05, 0.9), lambda params: torch.optim.SGD(params, lr=0.05, momentum=0.9)),
        (lambda: Adam(0.01), lambda params: torch.optim.Adam(params, lr=0.01)),
        (
            lambda: Adam(0.01, 0.8, 0.95, 1e-6),
            lambda params: torch.optim.Adam(params, lr=0.01, betas=(0.8, 0.95), eps=1e-6),
        ),
    ],
)
def test_optimisers(rng, dtype, ours, theirs):
    start = rng.normal(size=(3, 4)).astype(dtype)
    param, leaf = start.copy(), torch.tensor(start)
    optimizer, reference = ours(), theirs([leaf])
    for step in range(12):
        if step == 6:  # the rate is changed on the way
            optimizer.learning_rate = 0.003
            reference.param_groups[0]["lr"] = 0.003
        gradient = rng.normal(size=start.shape).astype(dtype)
        optimizer.update(param, gradient)
        leaf.grad = torch.tensor(gradient)
        reference.step()
    assert_close(param, leaf, dtype)


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


class Lab5(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, bias=False)
        self.dense1 = torch.nn.Linear(8 * 13 * 13, 1)

    def forward(self, x):
        return self.dense1(torch.nn.functional.max_pool2d(self.conv1(x), 2).flatten(1))


class Lenet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(8, 16, 3, padding=1)
        self.dense1 = torch.nn.Linear(16 * 7 * 7, 128)
        self.dense2 = torch.nn.Linear(128, 10)

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.nn.functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.dense2(torch.relu(self.dense1(x.flatten(1))))


@pytest.mark.parametrize(("experiment", "module"), [(LAB5, Lab5), (LENET, Lenet)], ids=["lab5", "lenet"])
def test_saved_network_loads_unchanged_and_answers_alike(tmp_path, experiment, module):
    from safetensors.torch import load_file

    network = experiment.build_network()
    path = tmp_path / "net.safetensors"
    checkpoint.save(path, Snapshot(0, network), experiment)
    model = module().to(getattr(torch, experiment.dtype))
    model.load_state_dict(load_file(path), strict=True)
    images = to_input(load_mnist(("0", "1")).test_images[:32], experiment.dtype)
    with torch.no_grad():
        answers = model(torch.from_numpy(images)).numpy()
    tolerance = 1e-12 if experiment.dtype == "float64" else 1e-4
    np.testing.assert_allclose(network.forward(images).logits, answers, rtol=tolerance, atol=tolerance)
