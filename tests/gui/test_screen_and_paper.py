"""The window and the report call the same things by the same names, in the same colours."""

import re

import numpy as np
import pytest

from cnnviz.drawing import LIGHT, PAPER, Colors, Image, drawn, unpacked
from cnnviz.graphics.heat_map import HEAT_MAP, HeatMap, Looked
from cnnviz.graphics.translation import stage_keys, stage_title, stages_of
from cnnviz.palette import COLOR_MAPS
from cnnviz.presets import LENET
from cnnviz.report.figures import distance_figure
from cnnviz.translation import Curve


def test_stages_have_one_name_and_one_colour() -> None:
    network = LENET.build_network()
    stages = [stage for stage in stage_keys(network, 1) if stage != "activation"]
    colors = {each.key: each.color.light for each in stages_of(network, 1, 2)}
    on_screen = {stage_title(network, 1, stage): colors[stage] for stage in stages}
    on_paper = {}
    for stage in stages:
        svg = distance_figure(
            {stage: Curve(np.arange(-2, 3), np.ones(5), np.zeros(5))}, np.zeros(5), 1, 2
        ).svg
        (color,) = set(re.findall(r'<polyline [^>]*stroke="(#\w+)"', svg))
        title = stage_title(network, 1, stage)
        assert f">{title}</text>" in svg
        on_paper[title] = color
    assert on_paper == on_screen
    assert len(set(on_paper.values())) == len(stages)


@pytest.mark.parametrize("name", COLOR_MAPS)
def test_values_have_one_colour(name: str) -> None:
    """On paper and on the screen."""
    for value in np.linspace(-1.2, 1.2, 61):
        shown, found = Looked(HeatMap(np.array([[value]]), Colors(name, -1.0, 1.0))), set()
        for look in (LIGHT, PAPER):
            image = next(
                mark for mark in drawn(HEAT_MAP, shown, 40, look, 40).all_marks() if isinstance(mark, Image)
            )
            found.add(tuple(unpacked(image.pixels)[0, 0].tolist()))
        assert len(found) == 1
