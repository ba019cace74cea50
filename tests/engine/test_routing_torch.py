"""Routes, saliency and updates against PyTorch's autograd, where it is installed."""

import numpy as np
import pytest

from cnnviz.layers import AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnviz.routing import apply_update, pool_routes, pool_routing
from tests.engine.routing_cases import ink, two_blocks

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is only an oracle here")

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 1), (2, 3), (3, 3)])
def test_first_winner_is_theirs_also_among_equals(rng, size, stride):
    values = rng.integers(0, 3, size=(3, 9, 8)).astype(np.float64)
    pool = MaxPool2D(size, stride)
    incoming = rng.normal(size=pool.output_shape(values.shape))
    leaf = torch.tensor(values, requires_grad=True)
    torch.nn.functional.max_pool2d(leaf, size, stride).backward(torch.tensor(incoming))
    routed = pool_routes(pool, values, "first").delivered(incoming, values.shape)
    np.testing.assert_allclose(routed, leaf.grad.numpy(), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (2, 1)])
def test_averages_are_spread_as_theirs(rng, size, stride):
    values = rng.normal(size=(2, 7, 8))
    pool = AvgPool2D(size, stride)
    incoming = rng.normal(size=pool.output_shape(values.shape))
    leaf = torch.tensor(values, requires_grad=True)
    torch.nn.functional.avg_pool2d(leaf, size, stride).backward(torch.tensor(incoming))
    routed = pool_routes(pool, values).delivered(incoming, values.shape)
    np.testing.assert_allclose(routed, leaf.grad.numpy(), rtol=1e-12, atol=1e-14)


def test_two_blocks_with_a_blank_background():
    """Gradients at both pools and at the image, and the loss after an update."""
    network = two_blocks("first")
    x, label = ink(network), 2
    parameters = {
        name: torch.tensor(np.array(array), requires_grad=True) for name, array in network.params.items()
    }
    image = torch.tensor(x, requires_grad=True)

    def run(weights, kept):
        out = image
        for name, layer in network.layers:
            own = (weights.get(f"{name}.weight"), weights.get(f"{name}.bias"))
            match layer:
                case Conv2D():
                    out = torch.nn.functional.conv2d(out, *own, padding=layer.padding)
                case Dense():
                    out = torch.nn.functional.linear(out, *own)
                case MaxPool2D():
                    out = torch.nn.functional.max_pool2d(out, layer.size)
                case ReLU():
                    out = torch.relu(out)
                case Flatten():
                    out = out.flatten(1)
            kept[name] = out
            out.retain_grad()
        return torch.nn.functional.cross_entropy(out, torch.tensor([label]))

    kept = {}
    run(parameters, kept).backward()
    trace, gradients = network.forward(x), network.gradients(x, np.array([label]))
    for layer, before in (("pool1", "gate1"), ("pool2", "gate2")):
        found = pool_routing(network, trace, gradients, layer)
        np.testing.assert_allclose(found.incoming, kept[layer].grad.numpy()[0], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(
            found.routed["first"], kept[before].grad.numpy()[0], rtol=1e-10, atol=1e-14
        )
    np.testing.assert_allclose(gradients.input, image.grad.numpy(), rtol=1e-10, atol=1e-14)
    stepped = {
        name: (tensor - 0.1 * tensor.grad).detach().requires_grad_() for name, tensor in parameters.items()
    }
    after = apply_update(network, gradients, 0.1)
    assert after.gradients(x, np.array([label])).loss == pytest.approx(run(stepped, {}).item(), rel=1e-10)
