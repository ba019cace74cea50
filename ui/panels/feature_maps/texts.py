"""Columns, cells and their neighbours in words."""

from cnnviz.quantities import format_cell
from ui.panels.feature_maps.links import Links
from ui.panels.feature_maps.plan import Column, Kind, Plan
from ui.state import PinnedCell


def cell_name(plan: Plan, cell: PinnedCell) -> str:
    """Where a cell is, such as "conv1 · filter 3, row 12, column 9"."""
    column = plan.column(cell.stage)
    if len(cell.index) == 1 and cell.stage == plan.output_stage:
        is_only = column is not None and column.shape == (1, 1, 1)
        return f"{cell.stage} · logit" + ("" if is_only else f" {cell.index[0]}")
    if len(cell.index) == 1:
        return f"{cell.stage} · {format_cell(cell.index)}"
    if column is None or column.kind is Kind.IMAGE:
        is_grey = plan.channels(0) == 1
        return f"Input · {format_cell(cell.index[1:] if is_grey else cell.index, 'channel')}"
    return f"{cell.stage} · {format_cell(cell.index)}"


def weight_name(column: Column, index: tuple[int, ...], inputs: int) -> str:
    """Where a weight is, such as "weight of conv1 · filter 3, row 0, column 2"."""
    number, source, row, col = index
    of_input = f", input {source}" if inputs > 1 else ""
    return f"weight of {column.stage} · filter {number}{of_input}, {format_cell((row, col))}"


def field_text(links: Links) -> str:
    """What a cell sees of the image, such as "sees rows 12–14, columns 9–11"."""
    field = links.image_field
    if field is None:
        return ""
    if not len(field.rows) or not len(field.columns):
        return "sees padding only"
    rows = _span(int(field.rows[0]), int(field.rows[-1]), "row")
    columns = _span(int(field.columns[0]), int(field.columns[-1]), "column")
    return f"sees {rows}, {columns}"


def _span(first: int, last: int, noun: str) -> str:
    return f"{noun} {first}" if first == last else f"{noun}s {first}–{last}"


def column_title(column: Column) -> str:
    """Head of a column of maps."""
    if column.kind is Kind.IMAGE:
        return "Input"
    if column.kind is Kind.KERNELS:
        return "Filters" if column.group == 1 else f"Filters {column.group}"
    return "Evidence" if column.kind is Kind.EVIDENCE else column.stage


def about(column: Column) -> str:
    """What a column shows, in one or two sentences for its tool tip."""
    match column.kind:
        case Kind.IMAGE:
            return "The sample as it enters the network: black is −0.5, white +0.5."
        case Kind.KERNELS:
            return (
                f"Weights of the filters of {column.stage}: blue negative, white zero, red positive, all on "
                "one scale. Choose a filter to see its maps."
            )
        case Kind.EVIDENCE:
            return (
                f"Contribution of each cell of {column.stage} to the chosen logit: value × slope of the "
                "logit, which is the weight where one dense layer follows. With the biases, and what a "
                "sigmoid or tanh on the way bends, they add up to the logit. Relative to blank: the value "
                "less that of a blank image, and its logit for the biases."
            )
        case Kind.UNITS:
            return f"Units of {column.stage}, laid out row by row."
        case _:
            if column.layer is None:
                return ""
            ties = column.layer.tie_rule
            return column.layer.about + (f" Ties: {ties}." if ties else "")
