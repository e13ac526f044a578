"""The weighted total of all rows from their pieces, with the bits of ``weighted_total``."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kmeans_core.arrays import Floats, ceil_div
from kmeans_core.kernels.centers import total

# The rows of a block in ``kernels.centers.weighted_total``.
BLOCK_ROWS = 128


@dataclass(frozen=True, eq=False)
class PieceTotal:
    """The part of some consecutive rows in the weighted total of all rows.

    A block of rows may lie in two pieces. Then the second piece goes on with the sum of the first,
    row by row.
    """

    head: Floats  # the products of the rows that end the block of an earlier piece
    blocks: Floats  # the sums of the blocks that begin in this piece; the last may be unfinished


def piece_total(first: int, weights: Floats, values: Floats) -> PieceTotal:
    """Add weight * value over the rows from number ``first`` on."""
    products = weights * values
    n_head = min(-first % BLOCK_ROWS, len(products))
    rest = products[n_head:]
    n_blocks = ceil_div(len(rest), BLOCK_ROWS)
    padded = np.zeros(n_blocks * BLOCK_ROWS)  # 0 more changes no sum
    padded[: len(rest)] = rest
    blocks = np.zeros(n_blocks)
    for column in padded.reshape(n_blocks, BLOCK_ROWS).T:
        blocks += column
    return PieceTotal(products[:n_head], blocks)


def joined_total(parts: Iterable[PieceTotal]) -> float:
    """The weighted total of all rows from the parts of all pieces, in the order of the rows."""
    blocks: list[Floats] = []
    for part in parts:
        if len(part.head) > 0:
            # The last block of the earlier piece goes on.
            of_block = blocks[-1][-1]
            for product in part.head:
                of_block += product
            blocks[-1] = np.append(blocks[-1][:-1], of_block)
        if len(part.blocks) > 0:
            blocks.append(part.blocks)
    return float(total(np.concatenate(blocks)))
