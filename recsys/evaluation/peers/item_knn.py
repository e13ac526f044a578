"""Item neighbours: an item is scored by its likeness to the items that the user liked."""

import numpy as np
import scipy.sparse as sp

from recsys.data.ratings import Floats
from recsys.evaluation.peers.from_likes import FromLikes

# Similarities are computed in blocks of at most this many cells of items x items.
MOST_CELLS = 4_000_000


class ItemKNN(FromLikes):
    """The item-based top-N recommender of Deshpande and Karypis 2004, on likes.

    Two items are as similar as the cosine of the sets of users who liked them (Sarwar et al. 2001,
    section 3.1.1). Each item keeps its ``n_neighbors`` most similar items. An item's score is the
    sum of its similarities to those liked items that keep it as a neighbour.

    Parameters
    ----------
    n_neighbors : int
        The number of neighbours of each item.
    damping : float
        Each similarity is multiplied by n / (n + damping). Here n is the number of users who liked
        both items (Bell and Koren 2007, section 3).

    Examples
    --------
    Who likes item 1 likes item 2 too.

    >>> from recsys import Ratings
    >>> users, items = [1, 1, 2, 2, 3, 4, 5], [1, 2, 1, 2, 1, 3, 3]
    >>> ratings = Ratings.from_columns(users, items, [5, 4, 5, 5, 4, 5, 5])
    >>> ItemKNN().fit(ratings).top(np.array([3]), 2).tolist()
    [[2, 3]]
    """

    def __init__(self, n_neighbors: int = 1000, damping: float = 3.0) -> None:
        self.n_neighbors = n_neighbors
        self.damping = damping

    def _learn(self, profiles: sp.csr_array) -> None:
        n_items = profiles.shape[1]
        lengths = np.sqrt(np.maximum(profiles.sum(axis=0), 1))
        by_item = profiles.T.tocsr()
        size = max(1, MOST_CELLS // n_items)
        blocks = []
        for first in range(0, n_items, size):
            block = slice(first, first + size)
            both = (by_item[block] @ profiles).toarray()
            similar = both / (both + self.damping + (both == 0))
            similar *= both / (lengths[block, None] * lengths)
            similar[np.arange(len(similar)), np.arange(n_items)[block]] = 0.0
            if self.n_neighbors < n_items:
                least = -np.partition(-similar, self.n_neighbors - 1, axis=1)
                similar[similar < least[:, [self.n_neighbors - 1]]] = 0.0
            blocks.append(sp.csr_array(similar))
        self._similar = sp.vstack(blocks, format="csr")

    def _scores(self, profiles: sp.csr_array) -> Floats:
        scores: Floats = (profiles @ self._similar).toarray()
        return scores
