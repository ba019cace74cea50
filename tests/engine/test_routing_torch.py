"""Routes, saliency and updates against PyTorch's autograd, where it is installed."""

import numpy as np
import pytest

from cnnviz.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from cnnviz.routing import apply_update, pool_routing
from tests.engine.routing_cases import ink, two_blocks

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is only an oracle here")

pytestmark = pytest.mark.torch


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
