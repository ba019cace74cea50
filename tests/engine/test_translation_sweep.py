"""Stages, shifts, measures and sweeps of Translation against plain arithmetic and single passes."""

import numpy as np
import pytest

from cnnviz.errors import ParameterError, ShapeError
from cnnviz.layers import AvgPool2D, Conv2D, Dense, Flatten, MaxPool2D, ReLU, SubsamplePool2D, Tanh
from cnnviz.network import Network
from cnnviz.translation import (
    BACKGROUND,
    MEASURES,
    OUTPUT,
    REACH,
    STAGES,
    StagePlan,
    SweepSettings,
    WinnerChange,
    compare,
    conv_blocks,
    relative_change,
    shift,
    sweep,
    sweep_many,
    toy_lessons,
)
from cnnviz.translation.comparison import winner_map
from cnnviz.translation.digits import Rings
from cnnviz.translation.lessons import NEIGHBOURS, unchanged_shifts
from cnnviz.translation.measures import cosine_similarity
from cnnviz.translation.shifting import ink_lost
from tests.engine.routing_cases import weighted
from tests.oracles import assert_same_bits, shift_loop


def network_of(*layers, input_shape=(1, 11, 12), units=3, dtype="float64", seed=2):
    named = [(f"layer{index}", layer) for index, layer in enumerate((*layers, Flatten(), Dense(units)))]
    return Network.build(named, input_shape, seed=seed, dtype=dtype)


def digit_like(rng, network):
    """Ink in the middle, background around it."""
    image = np.full(network.input_shape, BACKGROUND)
    image[:, 3:8, 4:9] += rng.random((len(image), 5, 5)) * (rng.random((len(image), 5, 5)) < 0.7)
    return image.astype(network.dtype)


def measured_directly(network, image, dx, dy, settings):
    """Three forward passes and the definitions, for one shift: measure -> stage -> number."""
    moved = shift(image, dx, dy)
    batch = np.stack([image, moved, np.full_like(image, BACKGROUND)])
    probabilities = network.forward(batch).class_probabilities
    label = int(probabilities[0].argmax())
    plan = StagePlan.of(network, settings.block, settings.pool_size)
    maps = plan.maps_of(batch)[0]
    comparison = compare(network, image, dx, dy, block=settings.block, pool_size=settings.pool_size)
    assert_same_bits(comparison.original_probabilities, probabilities[0])
    assert_same_bits(comparison.moved_probabilities, probabilities[1])
    assert [comparison.original_class, comparison.moved_class] == probabilities[:2].argmax(axis=1).tolist()
    found = {name: {} for name in MEASURES}
    for stage, (before, after, blank) in maps.items():
        before, after = before - blank, after - blank
        size, grid = np.linalg.norm(before), comparison.stages[stage].grid
        assert size > 0
        found["relative_change"][stage] = np.linalg.norm(after - before) / size
        sizes = size * np.linalg.norm(after)
        found["cosine_similarity"][stage] = np.vdot(before, after) / sizes if sizes > 0 else np.nan
        interior = grid.interior(dx, dy)
        away = (after - grid.shift_maps(before, dx, dy))[:, interior]
        residual = np.linalg.norm(away) / size if interior.any() else np.nan
        found["equivariance_residual"][stage] = residual
    change = np.abs(probabilities[1] - probabilities[0])
    found["probability_change"][OUTPUT] = change[label]
    found["total_variation"][OUTPUT] = change.sum() / 2
    found["decision_flip"][OUTPUT] = float(probabilities[1].argmax() != label)
    return found, probabilities[1]


NETWORKS = {
    "laboratory": network_of(Conv2D(3, bias=False, init="lab5"), MaxPool2D(2, ties="all"), units=1),
    "activation": network_of(Conv2D(2), Tanh(), AvgPool2D(3), input_shape=(2, 12, 11)),
    "two activations": network_of(Conv2D(2, kernel_size=2), ReLU(), Tanh(), AvgPool2D(2)),
    "no pool": network_of(Conv2D(2), ReLU()),
    "subsampling": network_of(Conv2D(2), SubsamplePool2D(2)),
    "overlapping pool": network_of(Conv2D(2), MaxPool2D(3, stride=2)),
    "padding": network_of(Conv2D(2, padding=1), ReLU(), MaxPool2D(2)),
    "deep": network_of(Conv2D(2), MaxPool2D(2), Conv2D(3, kernel_size=2), ReLU(), MaxPool2D(2)),
}
LABORATORY = NETWORKS["laboratory"]
BLANK = np.full(LABORATORY.input_shape, BACKGROUND)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("laboratory", {"pool_size": 3}),
        ("two activations", {"pool_size": 2}),
        ("no pool", {}),
        ("subsampling", {"pool_size": 3}),
        ("overlapping pool", {"pool_size": 2}),
        ("padding", {}),
        ("deep", {"block": 2}),
    ],
)
def test_a_sweep_equals_one_forward_pass_after_the_other(rng, name, options):
    network = NETWORKS[name]
    image = digit_like(rng, network)
    settings = SweepSettings(dxs=(-11, -2, 0, 1, 3), dys=(0, -1, 5, -4), **options)
    result = sweep(network, image, settings)
    for row, dy in enumerate(settings.dys):
        for column, dx in enumerate(settings.dxs):
            expected, probabilities = measured_directly(network, image, dx, dy, settings)
            assert_same_bits(result.probabilities[row, column], probabilities)
            lost = ink_lost(image, np.array([dx]), np.array([dy]))
            assert result.ink_lost[row, column] == pytest.approx(lost[0, 0], abs=1e-12)
            for measure, stages in expected.items():
                found = {stage: values[row, column] for stage, values in result.values[measure].items()}
                assert found == pytest.approx(stages, rel=1e-10, abs=1e-12, nan_ok=True), (measure, dx, dy)


def test_no_shift_is_exactly_no_change_and_whole_cells_exactly_no_residual(rng):
    reach = range(-4, 5)
    result = sweep(LABORATORY, digit_like(rng, LABORATORY), SweepSettings(dxs=reach, dys=reach))
    whole_cells = np.array([[dx % 2 == dy % 2 == 0 for dx in reach] for dy in reach])
    for stage, values in result.values["relative_change"].items():
        assert values[4, 4] == 0
        assert result.values["cosine_similarity"][stage][4, 4] == 1
        residual = result.values["equivariance_residual"][stage]
        everywhere = np.ones_like(whole_cells)
        exact = everywhere if stage in ("pixels", "convolution") else whole_cells
        assert not residual[exact].any()
        assert np.isfinite(residual).all()
    for measure in ("probability_change", "total_variation", "decision_flip"):
        assert result.values[measure][OUTPUT][4, 4] == 0
    assert all((each.title, each.formula, each.meaning, each.source) for each in MEASURES.values())
    # Between two cells a maximum, or a single pixel, is not what its neighbours would make believe.
    for kind in ("max", "subsample"):
        assert result.values["equivariance_residual"][kind][~whole_cells].min() > 0


def test_single_precision_agrees_with_double_to_its_own_precision(rng):
    double = NETWORKS["activation"]
    single = network_of(Conv2D(2), Tanh(), AvgPool2D(3), input_shape=(2, 12, 11), dtype="float32")
    image = digit_like(rng, double)
    settings = SweepSettings(dxs=range(-3, 4), dys=range(-3, 4))
    exact, rounded = sweep(double, image, settings), sweep(single, image, settings)
    assert rounded.probabilities.dtype == np.float32
    for measure, stages in exact.values.items():
        for stage, values in stages.items():
            np.testing.assert_allclose(rounded.values[measure][stage], values, atol=2e-5)
    assert not rounded.values["equivariance_residual"]["max"][::3, ::3].any(), "shifts by whole cells"


def test_a_blank_sample_leaves_features_undefined_and_probabilities_unchanged():
    result = sweep(LABORATORY, BLANK, SweepSettings(dxs=(0, 1), dys=(0,)))
    for measure in ("relative_change", "cosine_similarity", "equivariance_residual"):
        assert all(np.isnan(values).all() for values in result.values[measure].values())
    assert not result.values["probability_change"][OUTPUT].any()
    assert not result.ink_lost.any()


def test_weights_that_have_run_away_give_nan_without_a_warning_and_only_what_is_asked_for_is_made(rng):
    wild = weighted(LABORATORY, lambda array: np.full_like(array, np.nan))
    settings = SweepSettings(dxs=(0, 1), dys=(0,), measures=["relative_change", "decision_flip"])
    result = sweep(wild, digit_like(rng, LABORATORY), settings)
    assert set(result.values) == {"relative_change", "decision_flip"}
    assert np.isnan(result.values["relative_change"]["max"]).all()
    assert np.isfinite(result.values["relative_change"]["pixels"]).all()


def test_the_probability_followed_is_that_of_the_label_thirteen_pixels_in_every_direction(rng):
    network = network_of(Conv2D(2), MaxPool2D(2), input_shape=(1, 28, 28))
    image = np.where(rng.random((1, 28, 28)) < 0.2, 0.5, -0.5)
    for label in range(3):
        result = sweep(network, image, label=label)
        assert result.dxs.tolist() == result.dys.tolist() == list(range(-REACH, REACH + 1))
        before = network.forward(image[None]).class_probabilities[0, label]
        change = np.abs(result.probabilities[..., label] - before)
        np.testing.assert_array_equal(result.values["probability_change"][OUTPUT], change)
        assert (result.label, REACH) == (label, 13)


def test_sweeping_many_equals_the_mean_and_spread_of_single_sweeps(rng):
    images = np.stack([digit_like(rng, LABORATORY) for _ in range(5)])
    labels = np.array([0, 1, 1, 0, 1])
    settings = SweepSettings(dxs=range(-3, 4), dys=range(-2, 3))
    many = sweep_many(LABORATORY, images, labels, settings)
    singles = [
        sweep(LABORATORY, image, settings, label=label) for image, label in zip(images, labels, strict=True)
    ]
    assert many.digits == 5
    lost = [ink_lost(each, many.dxs, many.dys) for each in images]
    np.testing.assert_allclose(many.ink_lost, np.mean(lost, axis=0))
    for measure, stages in many.mean.items():
        for stage, mean in stages.items():
            each = np.stack([single.values[measure][stage] for single in singles])
            np.testing.assert_allclose(mean, each.mean(axis=0), atol=2e-6)
            np.testing.assert_allclose(many.std[measure][stage], each.std(axis=0), atol=5e-6)
            rings = [Rings(many.dxs, many.dys).curve(values).mean for values in each]
            curve = many.curves[measure][stage]
            np.testing.assert_allclose(curve.mean, np.mean(rings, axis=0), atol=2e-6)
            np.testing.assert_allclose(curve.std, np.std(rings, axis=0), atol=5e-6)


def test_samples_without_a_value_are_left_out_of_the_mean(rng):
    image = digit_like(rng, LABORATORY)
    settings = SweepSettings(dxs=(-1, 0, 1), dys=(0, 1))
    alone = sweep_many(LABORATORY, image[None], None, settings)
    both = sweep_many(LABORATORY, np.stack([BLANK, image, BLANK]), None, settings)
    for stage, mean in alone.mean["relative_change"].items():
        np.testing.assert_array_equal(both.mean["relative_change"][stage], mean)
        assert not both.std["relative_change"][stage].any()
        curves = both.curves["relative_change"][stage], alone.curves["relative_change"][stage]
        np.testing.assert_array_equal(curves[0].mean, curves[1].mean)
    nothing = sweep_many(LABORATORY, BLANK[None], None, settings)
    assert np.isnan(nothing.mean["relative_change"]["max"]).all()
    assert np.isnan(nothing.std["relative_change"]["max"]).all()
    assert not nothing.mean["decision_flip"][OUTPUT].any()


@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_curve_along_one_axis_is_that_row_of_the_grid(rng, axis):
    network = NETWORKS["padding"]
    images = np.stack([digit_like(rng, network) for _ in range(3)])
    reach = range(-4, 5)
    whole = sweep_many(network, images, None, SweepSettings(dxs=reach, dys=reach))
    dxs, dys = (reach, (0,)) if axis == "x" else ((0,), reach)
    curves = sweep_many(network, images, None, SweepSettings(dxs=dxs, dys=dys)).along_axis()
    for measure, stages in curves.items():
        for stage, curve in stages.items():
            assert curve.distances.tolist() == list(reach)
            for mine, theirs in ((curve.mean, whole.mean), (curve.std, whole.std)):
                grid = theirs[measure][stage]
                np.testing.assert_allclose(mine, grid[4] if axis == "x" else grid[:, 4], atol=1e-6)


def test_rings_gather_the_shifts_of_about_the_same_distance(rng):
    dxs, dys = np.arange(-4, 5), np.arange(-3, 5)
    values = rng.normal(size=(len(dys), len(dxs)))
    values[2, 3], values[5, 5] = np.nan, np.inf
    curve = Rings(dxs, dys).curve(values)
    gathered = {ring: [] for ring in range(5)}
    for row, column in np.ndindex(values.shape):
        ring = int((dxs[column] ** 2 + dys[row] ** 2) ** 0.5 + 0.5)
        if ring in gathered and np.isfinite(values[row, column]):
            gathered[ring].append(values[row, column])
    assert curve.distances.tolist() == list(gathered)
    np.testing.assert_allclose(curve.mean, [np.mean(ring) for ring in gathered.values()], rtol=1e-12)
    np.testing.assert_allclose(curve.std, [np.std(ring) for ring in gathered.values()], atol=1e-12)
    # A ring without values is undefined.
    alone = Rings(dxs, dys).curve(np.where((dxs == 0) & (dys[:, None] == 0), 2.0, np.nan))
    assert (alone.mean[0], alone.std[0]) == (2, 0)
    assert np.isnan([*alone.mean[1:], *alone.std[1:]]).all()


# -- shifts and measures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_unchanged_features_are_exactly_unchanged_and_without_features_nothing_is_defined(rng, dtype, size):
    reference = (size * rng.normal(size=(3, 5, 5))).astype(dtype)
    assert relative_change(reference, reference.copy()) == 0
    assert cosine_similarity(reference, reference.copy()) == 1
    assert relative_change(reference, -reference) == pytest.approx(2)
    assert cosine_similarity(reference, -reference) == -1
    assert cosine_similarity(reference, 7 * reference) == pytest.approx(1)
    nothing = np.zeros_like(reference)
    assert relative_change(reference, nothing) == 1
    assert np.isnan(relative_change(nothing, reference))
    assert np.isnan([cosine_similarity(nothing, reference), cosine_similarity(reference, nothing)]).all()


def test_features_are_relative_to_a_blank_image(rng, binary_network):
    """With a constant added to all pixels and all blank pixels, a linear stage sees the same ink."""
    ink = rng.random(binary_network.input_shape)
    dark = compare(binary_network, ink - 0.5, 1, 0, background=-0.5).stages
    bright = compare(binary_network, ink + 3, 1, 0, background=3.0).stages
    for stage in STAGES:
        if stage in dark:
            assert dark[stage].measured() == pytest.approx(bright[stage].measured(), rel=1e-9)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_categories_equal_a_plain_loop(rng, size):
    """Four values only, so that ties, moves and changes are all common."""
    original, moved = rng.integers(0, 4, size=(2, 3, 7, 8)).astype("float64")
    winners = winner_map(original, moved, size)
    expected_counts = {(kind, tied): 0 for kind in WinnerChange for tied in (False, True)}
    assert winners.category.shape == (3, 7 // size, 8 // size)
    for c, i, j in np.ndindex(winners.category.shape):
        before, after = (
            maps[c, i * size : (i + 1) * size, j * size : (j + 1) * size] for maps in (original, moved)
        )
        first, second = before.ravel().tolist(), after.ravel().tolist()
        tied = first.count(max(first)) > 1 or second.count(max(second)) > 1
        if max(first) != max(second):
            kind = WinnerChange.CHANGED
        elif first.index(max(first)) == second.index(max(second)):
            kind = WinnerChange.SAME
        else:
            kind = WinnerChange.MOVED
        expected_counts[kind, tied] += 1
        assert winners.category[c, i, j] == kind
        assert winners.tied[c, i, j] == tied
        assert winners.change[c, i, j] == max(second) - max(first)
        assert winners.original_winner[c, i, j] == first.index(max(first))
        assert winners.moved_winner[c, i, j] == second.index(max(second))
        shown = winners.window(c, i, j)
        np.testing.assert_array_equal(shown[0], before)
        np.testing.assert_array_equal(shown[1], after)
    for kind, counts in winners.counts().items():
        assert counts == (expected_counts[kind, False], expected_counts[kind, True])
    assert sum(map(sum, winners.counts().values())) == winners.category.size


DISTANCES = (-7, -6, -2, -1, 0, 1, 3, 5, 6, 9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("dx", DISTANCES)
def test_shifts_equal_their_oracle(rng, dtype, dx):
    images = rng.normal(size=(2, 1, 5, 6)).astype(dtype)
    kept = images.copy()
    for dy in DISTANCES:
        moved = shift(images, dx, dy)
        np.testing.assert_array_equal(moved, shift_loop(images, dx, dy, BACKGROUND))
        assert moved.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(images, kept)
        assert not np.shares_memory(moved, images)


@pytest.mark.parametrize("background", [BACKGROUND, 0.0])
def test_ink_lost_equals_what_is_missing_after_the_shift(rng, background):
    ink = rng.random((1, 5, 6)) * (rng.random((1, 5, 6)) < 0.6)
    image = background + ink
    dxs = dys = np.array(DISTANCES)
    expected = [
        [1 - np.abs(shift_loop(image, dx, dy, background) - background).sum() / ink.sum() for dx in dxs]
        for dy in dys
    ]
    over = ink_lost(image, dxs, dys, background=background)
    np.testing.assert_allclose(over, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (
            lambda: SweepSettings(dxs=()),
            ParameterError,
            "'number of dxs' .* must be an int >= 1",
        ),
        (
            lambda: SweepSettings(dys=(0.5,)),
            ParameterError,
            "'dys' parameter of SweepSettings .* int",
        ),
        (lambda: SweepSettings(measures=("distance",)), ParameterError, "'measures' parameter"),
        (lambda: SweepSettings(dys=(65,)), ParameterError, "'dys' .* must be an int >= -64 and <= 64"),
        (lambda: sweep(LABORATORY, BLANK[0]), ShapeError, "needs an image of shape"),
        (lambda: sweep_many(LABORATORY, BLANK[None], np.array([0, 1])), ShapeError, "needs 1 labels"),
        (lambda: sweep_many(LABORATORY, np.zeros((0, 1, 11, 12))), ShapeError, "n >= 1"),
        (lambda: sweep_many(LABORATORY, BLANK), ShapeError, r"input of shape \(n, 1, 11, 12\), n >= 1"),
        (lambda: compare(LABORATORY, BLANK, 0, 0, block=2), ParameterError, "'block' .* int >= 1 and <= 1"),
        (lambda: compare(LABORATORY, BLANK[:, 1:], 0, 0), ShapeError, r"\(1, 11, 12\). Got \(1, 10, 12\)"),
        (
            lambda: compare(LABORATORY, BLANK, 0, 0, pool_size=10),
            ShapeError,
            "10 x 10 pixels.* smaller",
        ),
        (lambda: compare(LABORATORY, BLANK, 0, 0, label=3), ParameterError, "'label' .* must be an int >= 0"),
        (lambda: StagePlan.of(network_of(input_shape=(5,)), 1, None), ParameterError, "no convolution"),
        (lambda: relative_change(np.zeros((1, 2, 2)), np.zeros((1, 2, 3))), ShapeError, r"Got \(1, 2, 3\)"),
        (lambda: shift(np.eye(4), 0.5, 0), ParameterError, r"'dx' parameter of shift .* int\. Got 0\.5"),
        (lambda: shift(np.zeros(4), 1, 0), ShapeError, r"\(\.\.\., h, w\)"),
    ],
)
def test_misuse_is_named(call, error, said):
    with pytest.raises(error, match=said):
        call()


def stage_maps(network, images, block=1, size=None):
    return StagePlan.of(network, block, size).maps_of(images)[0]


def test_blocks_are_found_with_their_activation_and_pool():
    network = network_of(
        Conv2D(2), ReLU(), MaxPool2D(2), Conv2D(3, kernel_size=2), Conv2D(2, kernel_size=2), Tanh()
    )
    first, second, third = conv_blocks(network)
    assert (first.conv, first.features, first.pool) == (0, 1, 2)
    assert (second.conv, second.features, second.pool) == (3, 3, None)
    assert (third.conv, third.features, third.pool) == (4, 5, None)
    assert [block.has_activation for block in (first, second, third)] == [True, False, True]


def test_stages_are_the_outputs_of_the_network(rng):
    network = network_of(Conv2D(2), ReLU(), MaxPool2D(2), Conv2D(3, kernel_size=2), AvgPool2D(2))
    images = rng.normal(size=(3, *network.input_shape))
    outputs = network.forward(images).outputs
    stages = stage_maps(network, images)
    assert tuple(stages) == STAGES
    assert_same_bits(stages["pixels"], images)
    assert_same_bits(stages["convolution"], outputs["layer0"])
    assert_same_bits(stages["activation"], outputs["layer1"])
    assert_same_bits(stages["max"], outputs["layer2"])
    assert_same_bits(stages["average"], AvgPool2D(2).forward(outputs["layer1"], {}))
    deeper = stage_maps(network, images, block=2)
    assert tuple(deeper) == tuple(stage for stage in STAGES if stage != "activation")
    assert_same_bits(deeper["convolution"], outputs["layer3"])
    assert_same_bits(deeper["average"], outputs["layer4"])


@pytest.mark.parametrize(
    "layers",
    [
        (Conv2D(2),),
        (Conv2D(2, kernel_size=5),),
        (Conv2D(2, padding=1),),
        (Conv2D(2, kernel_size=5, padding=1), ReLU()),
        (Conv2D(2, stride=2, padding=2),),
        (Conv2D(2, padding=1), MaxPool2D(2), Conv2D(2, padding=1)),
        (Conv2D(2), AvgPool2D(2), Conv2D(2, kernel_size=2)),
        (Conv2D(2), MaxPool2D(3, stride=2), Conv2D(2)),
    ],
)
@pytest.mark.parametrize("size", [2, 3])
def test_the_interior_is_what_moves_with_the_image_and_no_more(rng, layers, size):
    """Two views of one large scene: what both see is found equal, cell for cell; at the edges they differ."""
    network = network_of(*layers, input_shape=(1, 23, 26))
    linear = not any(isinstance(layer, ReLU | MaxPool2D) for layer in layers)
    block = len(conv_blocks(network))
    scene = rng.normal(size=(1, 23 + 16, 26 + 16))
    view = scene[:, 8 : 8 + 23, 8 : 8 + 26]
    for stage in stage_maps(network, view[None], block, size):
        grid = compare(network, view, 0, 0, block=block, pool_size=size).stages[stage].grid
        step = (grid.columns.stride, grid.rows.stride)
        for cells_x, cells_y in ((0, 0), (1, 0), (0, -1), (-1, 1)):
            dx, dy = cells_x * step[0], cells_y * step[1]
            other = scene[:, 8 - dy : 8 - dy + 23, 8 - dx : 8 - dx + 26]
            before, after = stage_maps(network, np.stack([view, other]), block, size)[stage]
            expected = grid.shift_maps(before, dx, dy)
            interior = grid.interior(dx, dy)
            np.testing.assert_array_equal(after[:, interior], expected[:, interior])
            # Windows under a blur are wide: of few cells each may see a border.
            assert interior.any() or (dx, dy) != (0, 0) or stage == "max_blur"
            if dx and dy and linear and stage not in ("max", "max_blur"):
                # A maximum, or a cut at 0, may hide the edge; a sum does not.
                assert (after != expected).any(axis=0)[~interior].all()


@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, -1), (-3, 1), (5, 2), (30, 0)])
def test_a_shift_between_cells_is_the_mean_of_its_neighbours(rng, dx, dy):
    """Stride 2: an odd distance is half a cell. By hand, from the four whole shifts around it."""
    network = network_of(Conv2D(2))
    grid = compare(network, np.zeros(network.input_shape), 0, 0).stages["max"].grid
    maps = rng.normal(size=(2, grid.rows.cells, grid.columns.cells))

    def value(i, j):
        inside = 0 <= i < maps.shape[1] and 0 <= j < maps.shape[2]
        return maps[:, i, j] if inside else np.zeros(2)

    moved = grid.shift_maps(maps, dx, dy)
    for i, j in np.ndindex(maps.shape[1:]):
        rows, columns = ({dy // 2, -(-dy // 2)}, {dx // 2, -(-dx // 2)})
        expected = np.mean([value(i - a, j - b) for a in rows for b in columns], axis=0)
        np.testing.assert_allclose(moved[:, i, j], expected, atol=1e-15)


def lesson(name):
    return next(each for each in toy_lessons() if each.name == name)


def test_lessons_of_dots_and_of_a_row_show_their_images_and_say_what_they_found():
    dots = lesson("dots")
    assert dots.image[0].tolist() == [[0, 0, 0, 0, 1, 0], [0] * 6] * 3
    stages = dots.compare().stages
    assert stages["pixels"].moved[0].tolist() == [[0] * 6, [0, 0, 0, 0, 1, 0]] * 3
    differ = {stage: int((pair.original != pair.moved).sum()) for stage, pair in stages.items()}
    assert differ["convolution"] == 8
    assert differ["max"] == 0
    assert dots.result() == (
        "The convolution maps differ in 8 of 16 cells, the pooled maps in 0 of 4 (largest difference 0)."
    )
    row = lesson("row")
    stages = row.compare().stages
    assert stages["pixels"].original[0, 0].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert stages["max"].original[0, 0].tolist() == [0, 1, 0, 1]
    assert stages["pixels"].moved[0, 0].tolist() == [0, 1, 1, 0, 0, 1, 1, 0]
    assert stages["max"].moved[0, 0].tolist() == [1, 1, 1, 1]
    assert "pools to [0, 1, 0, 1]" in row.result()
    assert "pools to [1, 1, 1, 1]" in row.result()


def test_three_of_eight_shifts_of_a_bright_cell_are_hidden_wherever_it_is():
    """Every cell of a 2x2 window is a corner of it: three neighbours share the window."""
    for row, column in np.ndindex(6, 6):
        image = np.zeros((1, 6, 6))
        image[0, row, column] = 1
        hidden = unchanged_shifts(image, background=0.0)
        assert len(hidden) == 3
        for dx, dy in NEIGHBOURS:
            same_window = (row // 2, column // 2) == ((row + dy) // 2, (column + dx) // 2)
            assert ((dx, dy) in hidden) == same_window
    result = lesson("bright-cell").result()
    assert result.startswith("3 of the 8 one-pixel shifts")
    assert result.endswith("(+1, 0), (0, +1), (+1, +1).")
