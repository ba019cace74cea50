"""The end of the way: the gradient at the pixels, over the digit and in numbers."""

import numpy as np

from cnnviz._types import FloatArray
from cnnviz.drawing import Colors, Pixels, Share, Table, packed, unpacked
from cnnviz.drawing.kept import kept
from cnnviz.drawing.page import Card, Fit, Page, Row, across, down
from cnnviz.graphics.heat_map import fitting
from cnnviz.graphics.tiles import FRAMED, Framed, Whole
from cnnviz.inspect.receptive_field import INPUT
from cnnviz.palette import COLOR_MAPS, signed_levels
from cnnviz.quantities import format_cell, format_signed, format_value
from ui.panels.backprop.arithmetic import filter_parts, focus_cell
from ui.panels.backprop.asks import Enlarge, SetSide
from ui.panels.backprop.focus import Focus
from ui.panels.backprop.formulas import pixels_at_ties
from ui.panels.backprop.now import Now
from ui.panels.backprop.pages.plates import Plate, block_round, filter_picker, gradient_plate
from ui.panels.backprop.passes import Pass


def page(now: Now) -> Page:
    """Saliency over the digit, where the block is moved; the block in numbers; each filter's part."""
    passed, step, focus = now.passed, now.step, now.focus
    pixels, whole = _found(passed, focus.still(), focus.is_covered)
    tip = f"∂L/∂x over the image: {_meaning(passed)}. Drag the frame to choose the part in numbers"
    framed = Framed(whole, pixels.map.shown)
    saliency = Card(
        "saliency", FRAMED, framed, "Saliency", "gradient at the input, over the image", tip, is_live=True
    )
    spoken_of = focus_cell(passed, INPUT, focus)
    card = pixels.card("pixels", focus, covered=focus.is_covered, spoken_of=spoken_of)
    upper = across(saliency, card, room=Share(3), gap=24)
    network, channel = passed.network, focus.channel(passed.network, INPUT)
    below: tuple[Row, ...] = ()
    if step.layer in network.filter_layers and network.shapes[step.layer][0] > 1:
        tip = "What each filter sends back to the pixels; the parts add up to ∂L/∂x. Choose a filter"
        parts, current = _parts(passed, step.layer, channel), focus.channel(passed.network, step.layer)
        below = (across(*filter_picker(step.layer, parts, "Part of each filter", current, tip)),)
    return Page(down(upper, *below, gap=12), fit=Fit("pixels", fitting, focus.side, SetSide))


_parts = kept(filter_parts)


@kept
def _found(passed: Pass, focus: Focus, is_covered: bool) -> tuple[Plate, Whole]:
    channel, gradient = focus.channel(passed.network, INPUT), passed.gradient(INPUT)
    block = block_round(focus.center, focus.side, gradient.shape[1:])
    pixels = gradient_plate(passed, INPUT, channel, "Gradient ∂L/∂x", block)
    return pixels, _whole(passed, channel, is_covered)


@kept
def _whole(passed: Pass, channel: int, is_covered: bool) -> Whole:
    image, gradient = passed.values(INPUT)[channel], passed.gradient(INPUT)
    if is_covered:
        return Whole(Colors("grey", -0.5, 0.5).pixels(image), Enlarge)
    shown = gradient[channel]

    def say(row: int, col: int) -> str:
        slope, pixel = format_signed(float(shown[row, col]), 5), format_value(float(image[row, col]), 5)
        return f"{format_cell((row, col))}: gradient {slope}, pixel {pixel}"

    ends = (divmod(int(place), shown.shape[1]) for place in (shown.argmin(), shown.argmax()))
    least, most = (say(*cell) for cell in ends)
    return Whole(
        _tinted(image, shown, signed_levels(gradient)[1]),
        Enlarge,
        say,
        f"Smallest at {least}. Largest at {most}.",
        (Table.of_cells("gradient", shown), Table.of_cells("pixels", image)),
    )


def _tinted(image: FloatArray, values: FloatArray, limit: float) -> Pixels:
    """The image under a colour whose opacity is the magnitude and whose hue is the sign."""
    share = np.clip(np.nan_to_num(values) / limit, -1.0, 1.0)
    # Full colour even where it is faint: on grey, pale blue and pale red could not be told apart.
    index = np.rint(127.5 + 127.5 * np.sign(share) * (0.55 + 0.45 * np.abs(share))).astype(np.intp)
    below, alpha = unpacked(Colors("grey", -0.5, 0.5).pixels(image)), (np.abs(share) ** 0.6)[..., None]
    return packed(np.rint(below * (1 - alpha) + COLOR_MAPS["signed"][index] * alpha))


def _meaning(passed: Pass) -> str:
    if passed.ties_reach_input:
        return f"red positive, blue negative. {pixels_at_ties(passed).rstrip('.')}"
    return "red where a brighter pixel raises the loss, blue where it lowers it"
