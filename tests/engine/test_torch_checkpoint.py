"""A model file of CNNViz is a PyTorch model file: the same names, shapes and answers."""

import numpy as np
import pytest

from cnnviz import checkpoint
from cnnviz.datasets import load_mnist, to_input
from cnnviz.presets import LAB5, LENET

torch = pytest.importorskip("torch", reason="PyTorch is not installed (requirements/oracle.in)")
pytestmark = pytest.mark.torch


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
    checkpoint.save(path, network, experiment=experiment)
    model = module().to(getattr(torch, experiment.dtype))
    model.load_state_dict(load_file(path), strict=True)
    images = to_input(load_mnist(("0", "1")).test_images[:32], experiment.dtype)
    with torch.no_grad():
        answers = model(torch.from_numpy(images)).numpy()
    tolerance = 1e-12 if experiment.dtype == "float64" else 1e-4
    np.testing.assert_allclose(network.forward(images).logits, answers, rtol=tolerance, atol=tolerance)
