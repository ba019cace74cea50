"""The window and the report call the same things by the same names, in the same colours."""

import re

import numpy as np
import pytest

from cnnviz.palette import COLOR_MAPS
from cnnviz.presets import LENET
from cnnviz.report.figures_translation import distance_figure
from cnnviz.report.svg import Canvas
from cnnviz.translation import Curve
from ui.controls.color_scale import ColorScale
from ui.panels.translation.stages import stage_keys, stage_tiles, stage_title
from ui.theme import LIGHT

_ENTRY = r'<line [^>]*stroke="(#\w+)"[^>]*stroke-width="1.4"[^>]*/>\n<text[^>]*>([^<]*)</text>'


def legend(svg: str) -> dict[str, str]:
    """Name and colour of each entry, as the picture has them: a line, and the text after it."""
    return {name: color for color, name in re.findall(_ENTRY, svg)}


def test_stages_have_one_name_and_one_colour() -> None:
    network = LENET.build_network()
    stages = [stage for stage in stage_keys(network, 1) if stage != "activation"]
    curve = Curve(np.arange(-2, 3), np.ones(5), np.zeros(5))
    on_paper = legend(distance_figure(dict.fromkeys(stages, curve), np.zeros(5), 1, 2).svg)
    tiles = {tile.key: tile for tile in stage_tiles(network, 1, 2)}
    on_screen = {stage_title(network, 1, stage): tiles[stage].color(LIGHT).name().upper() for stage in stages}
    assert on_paper == on_screen
    assert len(set(on_paper.values())) == len(stages)


@pytest.mark.parametrize("name", COLOR_MAPS)
def test_values_have_one_colour(name: str) -> None:
    for value in np.linspace(-1.2, 1.2, 61):
        canvas = Canvas(10, 10, "one cell")
        canvas.heat_map(0, 0, 10, np.array([[value]]), name, (-1.0, 1.0))
        found = re.search(r'<path [^>]*fill="(#\w+)"', canvas.to_svg())
        assert found is not None
        assert found[1] == ColorScale(name, -1.0, 1.0).color(float(value)).name().upper()
