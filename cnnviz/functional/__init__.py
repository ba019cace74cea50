"""Pure array functions: convolution, pooling, activations, losses, and the gradient of each.

Every function takes arrays and returns new ones; nothing is remembered between calls. Feature maps are
`(n, c, h, w)`, flat features `(n, d)`, and the dtype that goes in comes out. A gradient with respect to `x`
is called `d_x`. This is the readable reference that the fast path is tested against.
"""

from cnnviz.functional.activations import (
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from cnnviz.functional.convolution import conv2d, conv2d_input_gradient, conv2d_weight_gradient
from cnnviz.functional.dense import dense
from cnnviz.functional.losses import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    class_probabilities,
    cross_entropy,
    cross_entropy_backward,
    log_softmax,
    predicted_classes,
    probabilities_from_logits,
    softmax,
)
from cnnviz.functional.max_blur import blur_kernel, max_blur_pool2d, max_blur_pool2d_backward
from cnnviz.functional.max_pooling import (
    TIE_RULES,
    max_pool2d,
    max_pool2d_backward,
    max_pool2d_values,
    window_winners,
    winner_shares,
)
from cnnviz.functional.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    subsample_pool2d,
    subsample_pool2d_backward,
)

__all__ = [
    "TIE_RULES",
    "avg_pool2d",
    "avg_pool2d_backward",
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "blur_kernel",
    "class_probabilities",
    "conv2d",
    "conv2d_input_gradient",
    "conv2d_weight_gradient",
    "cross_entropy",
    "cross_entropy_backward",
    "dense",
    "leaky_relu",
    "leaky_relu_backward",
    "log_softmax",
    "max_blur_pool2d",
    "max_blur_pool2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool2d_values",
    "predicted_classes",
    "probabilities_from_logits",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "subsample_pool2d",
    "subsample_pool2d_backward",
    "tanh",
    "tanh_backward",
    "window_winners",
    "winner_shares",
]
