"""Finds films that tell most about a person's taste: well-known ones that split people."""

import numpy as np
import scipy.sparse as sp

# The films are chosen among this many: those that most people like, because a visitor knows them.
WELL_KNOWN = 100

# A variance below this is rounding: nothing is left to tell.
NOTHING_LEFT = 1e-9


def telling_films(likes: sp.csr_array, n: int) -> list[int]:
    """Choose films whose likes tell most about the likes of the other well-known films.

    This is greedy feature selection (Farahat, Ghodsi and Kamel, An Efficient Greedy Method for
    Unsupervised Feature Selection, ICDM 2011, section 3). Each film takes away what it explains of
    all others. So a second film of the same taste tells little.

    Parameters
    ----------
    likes : csr_array of shape (n_users, n_films)
        1 for each like.
    n : int
        The greatest number of films.

    Returns
    -------
    list of int
        The columns of the films, the most telling one first. There are fewer than ``n`` if the
        likes of fewer films differ between people.

    Examples
    --------
    The first two films are liked by the same people. So the second one tells nothing more.

    >>> likes = sp.csr_array(np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=float))
    >>> telling_films(likes, 3)
    [0, 2]
    """
    n_likes = likes.sum(axis=0)
    columns = np.argsort(-n_likes, kind="stable")[:WELL_KNOWN]
    known = likes[:, columns]
    shares = n_likes[columns] / likes.shape[0]
    left = (known.T @ known).toarray() / likes.shape[0] - np.outer(shares, shares)
    found: list[int] = []
    while len(found) < n:
        variances = np.diag(left)
        told = np.where(variances > NOTHING_LEFT, (left**2).sum(axis=0), 0.0)
        told /= np.maximum(variances, NOTHING_LEFT)
        best = int(told.argmax())
        if told[best] == 0:
            break
        found.append(int(columns[best]))
        explained = left[:, best] / np.sqrt(variances[best])
        left = left - np.outer(explained, explained)
    return found
