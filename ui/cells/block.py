"""A block of cells of a larger map."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Block:
    """Rows and columns of a map that are shown enlarged."""

    row: int
    col: int
    rows: int
    cols: int

    @classmethod
    def around(cls, center: tuple[float, float], side: int, shape: tuple[int, int], step: int = 1) -> "Block":
        """Square of `side` cells round a point, inside the map, its corner on a multiple of `step`.

        Parameters
        ----------
        center : tuple of float
            Row and column that should be in the middle.
        side : int
        shape : tuple of int
            Rows and columns of the map.
        step : int

        Returns
        -------
        Block
        """
        rows, cols = min(side, shape[0]), min(side, shape[1])
        row, col = (
            min(max(math.floor((middle - (size - step) / 2) / step + 0.5), 0), (whole - size) // step) * step
            for middle, size, whole in zip(center, (rows, cols), shape, strict=True)
        )
        return cls(row, col, rows, cols)

    def cut[Kind: np.generic](self, values: NDArray[Kind]) -> NDArray[Kind]:
        """Part of an array of shape (..., h, w) that lies in the block."""
        return values[..., self.row : self.row + self.rows, self.col : self.col + self.cols]

    def holds(self, row: int, col: int) -> bool:
        """Whether a cell lies in the block."""
        return self.row <= row < self.row + self.rows and self.col <= col < self.col + self.cols

    def divided(self, step: int, shape: tuple[int, int]) -> "Block":
        """Block of windows of `step` x `step` cells that cover this one, in a map of `shape` windows."""
        row, col = min(self.row // step, shape[0] - 1), min(self.col // step, shape[1] - 1)
        rows, cols = math.ceil(self.rows / step), math.ceil(self.cols / step)
        return Block(row, col, min(rows, shape[0] - row), min(cols, shape[1] - col))

    def text(self) -> str:
        """Rows and columns in words."""
        rows = f"rows {self.row}–{self.row + self.rows - 1}"
        return f"{rows}, columns {self.col}–{self.col + self.cols - 1}"
