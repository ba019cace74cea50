"""The fast path: the same network as `cnnviz.layers`, trained seven to thirty times as fast.

This page says why it computes the same. The layers are the reference; tests compare the two.

**A convolution is a matrix product.** Each cell of a feature map is the sum of a patch of the image times a
kernel. Write every patch as a column, one below the other the pixels of all channels: the patch matrix.
Write every kernel as a row. Then row times column is one cell, and `filters @ patches` is all of them::

                            patch of cell 1   2   3   ...
      kernel of filter 1   [ . . . . ]      | .   .   .         one row for each filter,
      kernel of filter 2   [ . . . . ]   @  | .   .   .    =    one column for each cell
                                            | .   .   .
                                   bias  -> | 1   1   1

The bias is the weight of an input that is always 1. The patch matrix is a copy of pixels, made by one
`take` with a table of their numbers; padding is a pixel too, one that is 0 (`blocks.py`).

**Sorted well, a pool is arithmetic on whole rows.** The order of the columns is ours to choose. Put the top
left cells of all pooling windows first, then their right neighbours, and so on. Here are 2 x 2 windows over
a map of 4 x 4 cells::

      a1 b1 | a2 b2
      c1 d1 | c2 d2          columns:   a1 a2 a3 a4   b1 b2 b3 b4   c1 c2 c3 c4   d1 d2 d3 d4
      ------+------
      a3 b3 | a4 b4          maximum of the four quarters:   one pooled row
      c3 d3 | c4 d4

Maximum and mean become operations on long contiguous runs, which is what NumPy does best. So does finding
the winners: the quarters are compared with the pooled row, and the result, true or false, is kept for the
way back (`cells.py`).

**The way back uses the same matrices.** Pooling sends the gradient of each pooled cell to its winners, by
the tie rule: `winners * d_pooled`, again quarter by quarter. That is the gradient of every cell of the
convolution, `d_cells`, already in the order of the columns. A kernel has met every patch, so its gradient
is the sum over all columns of cell gradient times patch: `d_cells @ patches.T`, one product. A patch has
met every kernel: `filters.T @ d_cells`. And a pixel has been copied into several patches, so its gradient
is the sum over its copies: another `take`, by the table read backwards, and a sum (`blocks.py`).

**What never falls may wait.** ReLU and leaky ReLU keep the order of numbers: the largest cell is still the
largest afterwards. So they are applied after a max pool, to a quarter of the numbers. If all cells of a
window are negative, ReLU would tie them at 0; but then its derivative is 0 and no winner gets anything.
Sigmoid and tanh keep the order too, but they flatten: far from 0 two different numbers come out equal, and
a pool that looks only then sees a tie. They stay in front of the pool, so that the same ties are found.
(Leaky ReLU flattens by at most one rounding. With LENET's filters and leaky ReLU in float32, this decides
one window in 10,000, where the gradient is 0.01 times as large as elsewhere.)

**Equal patches give equal bits.** Two windows in three on MNIST lie in the blank background, where all
cells of a window are equal: ties are the rule, and they exist only if equal patches give exactly equal
sums. A fast matrix product does not promise that. It works on, say, 16 columns at once and on those that
are left over in another way, in which the same numbers are added up in another order and rounded
differently. So the columns are filled up to a multiple of 16, and they, and if need be the filters, are
cut into products small enough to treat all their columns alike, as tried on this machine (`products.py`).
Winners were compared with those of the reference in 865,280 windows of a trained LAB5: none differed.

**Samples come last.** All arrays have the shape (numbers of a sample, samples). So a slice of one pixel for
all samples is a contiguous run, and the output of the last convolution is, without being moved, the input
of the dense layers: `weights @ inputs`, one product (`blocks.py`).

**Chunks.** Batches are cut into chunks whose arrays stay in the cache. Only a chunk is ever converted to
floating point: the data set stays uint8 (`ends.py`, `engine.py`).

**Nothing is decided twice.** For each size of chunk the arrays are made once, and every NumPy call is
prepared with its arguments and its output (`cells.py`). A training step is a list of such calls: for LAB5
there are nine, besides loading the image, the loss and the update.

What may differ from the layers is the last bit or two: sums are added up in another order. Ties between
*different* patches, which would need two different sums to be equal by accident, can be decided differently
for that reason.
"""

from cnnviz.fused.engine import FusedEngine
from cnnviz.fused.plan import plan_stages

__all__ = ["FusedEngine", "plan_stages"]
