"""Images of the user's own as PNG, bit by bit, and back."""

import io

import numpy as np

from cnnviz._types import ByteArray
from cnnviz.errors import DataError

_LARGEST_SIDE = 1024


def png_of(pixels: ByteArray) -> bytes:
    """Return pixels of shape (c, h, w) with one or three channels as a PNG."""
    from PIL import Image

    image = pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    packed = io.BytesIO()
    Image.fromarray(image).save(packed, "PNG")
    return packed.getvalue()


def pixels_of(content: bytes) -> ByteArray:
    """Return the pixels (c, h, w) of a PNG that `png_of` has made.

    * Raises DataError: if it is damaged, or another kind of picture: a clause.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.mode not in ("L", "RGB") or max(image.size) > _LARGEST_SIDE:
                raise DataError("an image in it is not as CNNViz writes them")
            array = np.asarray(image)
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise SyntaxError, struct.error and more
        raise DataError("an image in it is damaged") from error
    return array[np.newaxis].copy() if array.ndim == 2 else np.ascontiguousarray(array.transpose(2, 0, 1))
