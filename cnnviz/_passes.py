"""Forward and backward pass through named layers, on plain dicts: what training runs in a loop."""

from collections.abc import Mapping

import numpy as np

from cnnviz._architecture import NamedLayers
from cnnviz._types import FloatArray, Params
from cnnviz.layers import Layer, losses
from cnnviz.layers.losses import Labels


def forward_pass(layers: NamedLayers, params: Mapping[str, FloatArray], x: FloatArray) -> list[FloatArray]:
    """Output of every layer for a batch, checked by nobody: for callers that run it in a loop.

    * `x`: shape (n, *input_shape).
    * Returns: one per layer; the last holds the logits. Parameters that have run away give inf or NaN,
      without a warning.
    """
    outputs: list[FloatArray] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for name, layer in layers:
            x = layer.forward(x, own_params(name, layer, params))
            outputs.append(x)
    return outputs


def loss_and_gradients(
    layers: NamedLayers, params: Mapping[str, FloatArray], x: FloatArray, labels: Labels
) -> tuple[float, int, Params]:
    """Loss, right answers and parameter gradients of a batch: one training step without the update.

    Gradients that no parameter needs (of the input, for one) are not computed.

    * `layers`, `params`, `x`: as for `forward_pass`.
    * `labels`: shape (n,). Index of the right class of each sample.
    * Returns: mean cross-entropy; inf or NaN, without a warning, where parameters have run away.
    * Returns: how many samples got their class right.
    """
    outputs = forward_pass(layers, params, x)
    with np.errstate(over="ignore", invalid="ignore"):
        loss, d_out = loss_and_d_logits(outputs[-1], labels)
        correct = int(np.count_nonzero(losses.predicted_classes(outputs[-1]) == labels))
        learning = [index for index, (_, layer) in enumerate(layers) if layer.parameter_names]
        gradients: Params = {}
        for index in range(len(layers) - 1, min(learning, default=len(layers)) - 1, -1):
            name, layer = layers[index]
            before = outputs[index - 1] if index else x
            own = own_params(name, layer, params)
            for key, gradient in layer.parameter_gradients(d_out, before, own).items():
                gradients[f"{name}.{key}"] = gradient
            if index > learning[0]:
                d_out = layer.input_gradient(d_out, before, outputs[index], own)
    return loss, correct, gradients


def loss_and_d_logits(logits: FloatArray, labels: Labels) -> tuple[float, FloatArray]:
    """Mean cross-entropy and its gradient: binary for one logit, categorical for several."""
    if logits.shape[1] == 1:
        return losses.binary_cross_entropy(logits, labels), losses.binary_cross_entropy_backward(
            logits, labels
        )
    return losses.cross_entropy(logits, labels), losses.cross_entropy_backward(logits, labels)


def own_params(name: str, layer: Layer, params: Mapping[str, FloatArray]) -> Params:
    """Pick one layer's parameters, by short name."""
    return {key: params[f"{name}.{key}"] for key in layer.parameter_names}
