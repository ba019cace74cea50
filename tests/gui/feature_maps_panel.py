"""The feature maps panel in a window of its own, with a state that answers and an analysis that obeys."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from cnnviz.datasets import to_input
from cnnviz.drawing import LIGHT, Box
from cnnviz.experiment import LAB5, LENET
from cnnviz.graphics.heat_map import inside, placed
from cnnviz.graphics.ledger import Ledger
from cnnviz.graphics.stages import map_area
from cnnviz.snapshots import Origin, Snapshot
from tests.gui.driving import click, click_part, part_center, settle, show_window
from tests.small_data import first_images
from ui.panels.feature_maps.asks import ZoomBy
from ui.panels.feature_maps.explain import Gaze, explain
from ui.panels.feature_maps.layout import Room, layout_of
from ui.panels.feature_maps.page import Now, network_page
from ui.panels.feature_maps.panel import FeatureMapsPanel
from ui.panels.feature_maps.picture import picture
from ui.panels.feature_maps.view import View
from ui.panels.scene import Scene
from ui.state import AppState, Sample, Shift

LEFT = Qt.MouseButton.LeftButton

EXPERIMENTS = {
    "lab5": LAB5,
    "lenet": LENET,
    "wide kernel": replace(LAB5, kernel_size=5, padding=2, conv_bias=True, activation="leaky_relu"),
    "average, tanh": replace(LAB5, filters=(3, 4), pool="average", activation="tanh", hidden=(6, 5)),
    "average, sigmoid": replace(LAB5, filters=(4,), pool="average", activation="sigmoid", output="softmax"),
    "subsampled": replace(LAB5, filters=(2, 3), pool="subsample", pool_size=3, activation="relu"),
    "no pool, stride": replace(
        LAB5, filters=(2, 3), pool="none", stride=2, activation="relu", classes=("4", "9")
    ),
    "three blocks": replace(LENET, filters=(4, 5, 6), hidden=(), classes=("0", "1", "2")),
}


def line_of(ledger: Ledger, label: str) -> float | str:
    return next(row.number for row in ledger.rows if row.label == label)


@cache
def digits(classes):
    """Return MNIST with 40 training and 120 test images."""
    return first_images(classes, 40, 120)


class AtOnce:
    cancelled = False

    def report(self, fraction):
        assert 0 <= fraction <= 1

    def submit(self, kind, function, on_done, on_failed=None, on_progress=None):
        on_done(function(self))

    def cancel(self, kind):
        pass

    def is_busy(self, kind):
        return False


class Later:
    """Keeps tasks until the test wants them done."""

    def __init__(self):
        self.tasks = {}
        self.cancelled_kinds = []

    def submit(self, kind, function, on_done, on_failed=None, on_progress=None):
        self.tasks[kind] = (function, on_done, on_failed, on_progress)

    def cancel(self, kind):
        if self.tasks.pop(kind, None) is not None:
            self.cancelled_kinds.append(kind)

    def is_busy(self, kind):
        return kind in self.tasks

    def finish(self, kind):
        function, on_done, _, on_progress = self.tasks.pop(kind)
        on_done(function(SimpleNamespace(cancelled=False, report=on_progress or (lambda _share: None))))


def scene_of(name="lab5", index=0, choices=None, **changes):
    experiment = replace(EXPERIMENTS[name], **changes)
    data, network = digits(experiment.classes), experiment.build_network()
    sample = Sample(data.test_images[index], int(data.test_labels[index]), index)
    origin = Origin(1, experiment, data.name)
    return Scene(data, Snapshot(7, network, origin=origin), sample, Shift(), choices or View())


def scaled(network, factor):
    """A network with weights so many times as large."""
    return network.with_params({name: factor * array for name, array in network.params.items()})


def strong(network):
    """A network with weights that are not tiny."""
    rng = np.random.default_rng(3)
    params = {key: rng.normal(0, 0.5, each.shape).astype(each.dtype) for key, each in network.params.items()}
    return network.with_params(params)


class Shown:
    """What the columns show, by their keys."""

    leaves: dict

    def content(self, key):
        """What a card shows."""
        return self.leaves[key].content

    def shown(self, key):
        """Large map of a column, with what is looked at in it."""
        return self.content(key).looked

    def values(self, key):
        return self.shown(key).map.values

    def tiles(self, key):
        return self.content(f"{key} maps").tiles.maps

    def levels(self, key):
        colors = self.shown(key).map.colors
        return colors.lo, colors.hi

    def outlined(self, key, role):
        """Blocks of the large map that are outlined."""
        return tuple(block for each, block in self.page.marked.get(key, ()) if each == role)

    def marked(self, key, role):
        """Blocks that are outlined in the small maps, by the number of the map."""
        every, marks = range(len(self.tiles(key))), self.page.marked.get(f"{key} maps", ())
        return {n: m.blocks for m in marks if m.role == role for n in (m.maps or every) if m.blocks}

    def line(self, key):
        return self.content(f"{key} line").words


class Asked(Shown):
    """Columns of a network for a test image, without a window; none is folded."""

    def __init__(self, name="lab5", look=None, scene=None, size=(2400, 560), ratio=1.0):
        self.picture = picture(scene_of(name) if scene is None else scene)
        self.network, self.trace = self.picture.network, self.picture.trace
        explained, plan = explain(self.picture, look or Gaze()), self.picture.plan
        room, unfolded = Room(*size, LIGHT), tuple((column.key, False) for column in plan.columns)
        now = Now(explained, room, layout_of(plan, room, unfolded, None, None), ratio)
        self.page, self.arithmetic = network_page(now), explained.arithmetic
        self.leaves = self.page.leaves()


class Opened(Shown):
    """A panel in its window; requests are answered as the controller answers them."""

    def __init__(self, qtbot, experiment=LAB5, background=None, analysis=None, size=(1140, 720)):
        self.qtbot = qtbot
        self.experiment = experiment
        self.dataset = digits(experiment.classes)
        self.network = experiment.build_network()
        self.state = AppState(experiment)
        self.state.set_dataset(self.dataset)
        self.analysis = AtOnce() if analysis is None else analysis
        self.background = AtOnce() if background is None else background
        self.pins = []
        self.state.pinnedChanged.connect(lambda: self.pins.append(self.state.pinned))
        self.panel = FeatureMapsPanel(self.state, self.analysis, self.background)
        qtbot.addWidget(self.panel)
        # qtbot itself holds widgets weakly: once the test function has returned, a garbage collection in the
        # middle of a paint event would take the window away.
        vars(qtbot).setdefault("opened", []).append(self)
        self.panel.resize(*size)
        show_window(qtbot, self.panel)
        self.look(self.network)
        settle(qtbot)  # cells lie elsewhere until columns are laid out, and the pointer would miss them

    def look(self, network, index=0, step=0, pixels=None, run_id=1):
        """Show a network of a run and a test image, as the controller does it."""
        pixels = self.dataset.test_images[index] if pixels is None else pixels
        if self.state.sample is None or not np.array_equal(self.state.sample.pixels, pixels):
            self.state.set_sample(Sample(pixels, int(self.dataset.test_labels[index]), index))
        origin = Origin(run_id, self.experiment, self.dataset.name)
        self.state.set_live(Snapshot(step, network, origin=origin))
        self.network = network
        self.trace = network.forward(to_input(pixels[np.newaxis], network.dtype))

    @property
    def page(self):
        return self.flow.page

    @property
    def leaves(self):
        return self.page.leaves()

    @property
    def flow(self):
        return self.panel.network.flow

    @property
    def arithmetic(self):
        return self.panel.network.arithmetic

    @property
    def title(self):
        return self.arithmetic.page.leaves()["title"].content.words

    def is_told_pinned(self):
        return "pinned" in self.arithmetic.page.leaves()

    def patches(self, kind):
        """Patches that excite the filter "most" or "least", as the second page shows them."""
        return self.panel.top_patches.patches.page.leaves()[kind].content.patches

    def step_sweep(self):
        click(self.arithmetic.view("step"))

    def point_at(self, view, key):
        self._move(view, part_center(view, key))

    def map(self, key):
        """View of a column's large map, or of the outputs."""
        return self.flow.view(key)

    def thumbs(self, key):
        """View of all maps of a column."""
        return self.flow.view(f"{key} maps")

    def in_sight(self, key):
        """Numbers of the small maps that are in sight."""
        return {part.key for part in self.thumbs(key).drawing().parts if isinstance(part.key, int)}

    def cell_box(self, key, row, col):
        """Where a cell of a column's large map lies in its view; None where it is out of sight."""
        view, shown, ground = self.map(key), self.content(key), self.map(key).drawing().ground
        area = map_area(shown, Box(0, 0, view.width(), view.height()), ground.look)
        block, grid = placed(shown.looked, ground._replace(box=area))
        found = inside((row, col, 1, 1), block)
        return None if found is None else grid.cell(*found)

    def zoom(self, steps):
        for _ in range(steps):
            self.panel.network.answer(ZoomBy(1))

    def hover(self, key, row, col):
        self._move(self.map(key), self._middle(key, row, col))

    def leave(self):
        self._move(self.panel, QPointF(3, 3))

    def click(self, key, row, col):
        self.qtbot.mouseClick(self.map(key), LEFT, pos=self._middle(key, row, col).toPoint())

    def click_thumb(self, key, index):
        click_part(self.thumbs(key), index)

    def key(self, key, widget=None, modifier=Qt.KeyboardModifier.NoModifier):
        self.qtbot.keyClick(self.panel if widget is None else widget, key, modifier)

    def _middle(self, key, row, col):
        box = self.cell_box(key, row, col)
        return QPointF(box.x, box.y)

    def _move(self, widget, spot):
        QTest.mouseMove(self.panel.windowHandle(), widget.mapTo(self.panel, spot.toPoint()))
        settle(self.qtbot)
