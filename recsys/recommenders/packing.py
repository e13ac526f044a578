"""Packs PocketGroups into numbers and text for a page, which pocket.js of recsys.report reads.

The fields:

===============  ===================================================================================
n_users          the users that the model keeps
n_all_users      the users of its training data
n_all_films      the films of its training data, with those that nobody likes
titles           the titles of the packed films, as people say them; all other fields number films
                 by their places in this list
smallest         the smallest rating of the scale
largest          the largest rating of the scale
likes_from       the smallest rating that is a like
predicts         false if ratings are likes or counts: then reasons count likes alone
taste_weight     how much taste counts beside popularity, from 0 to 1
likes            packed: for each user the number of liked films, the first film, and then the
                 distance from each liked film to the next
n_groups         the number of groups of each grouping
labels           base64 of bytes: for each grouping the group of each user
n_ratings        packed: how many of the kept users rated each film
means            packed: the mean of these ratings in hundredths, 2 m for m >= 0 and -2 m - 1 for
                 m < 0; it is empty if ``predicts`` is false
===============  ===================================================================================

"packed" is base64 of whole numbers in LEB128: seven bits a byte, the lowest first, and the eighth
bit says that the number goes on.
"""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import numpy as np

from recsys.recommenders.training import TrainingData
from recsys.recommenders.types import Ints
from recsys.recommenders.user_groups import UserGroups
from recsys.titles.names import spoken


def packed(
    kept: TrainingData, groups: UserGroups, taste_weight: float, data: TrainingData
) -> dict[str, Any]:
    """Pack what a model keeps of its training data, and the groups of the kept users."""
    columns, scale = packed_columns(kept), kept.scale
    first, n_groups = groups.limits[:-1, None], np.diff(groups.limits)
    # A user without likes is in no group, but needs a byte.
    labels = np.where(groups.labels < groups.limits[-1], groups.labels - first, 0)
    return {
        "n_users": kept.n_users,
        "n_all_users": data.n_users,
        "n_all_films": data.n_items,
        "titles": [spoken(str(title)) for title in kept.matrix.titles[columns]],
        "smallest": scale.smallest,
        "largest": scale.largest,
        "likes_from": scale.likes_from,
        "predicts": scale.predicts,
        "taste_weight": taste_weight,
        "likes": _numbers(_likes(kept)),
        "n_groups": n_groups.tolist(),
        "labels": b64encode(labels.astype(np.uint8).tobytes()).decode(),
        "n_ratings": _numbers(kept.n_ratings[columns].tolist()),
        "means": _numbers(_means(kept, columns) if scale.predicts else ()),
    }


def packed_columns(kept: TrainingData) -> Ints:
    """The columns of the films that are packed: somebody likes them."""
    return np.flatnonzero(kept.n_likes)


def among_how_many(n_users: int, n_all_users: int) -> str:
    """The end of a sentence that counts some users only.

    Examples
    --------
    >>> among_how_many(2_000, 162_541)
    '; counted among 2,000 of the 162,541 people'
    >>> among_how_many(671, 671)
    ''
    """
    if n_users == n_all_users:
        return ""
    return f"; counted among {n_users:,} of the {n_all_users:,} people"


def _likes(kept: TrainingData) -> Iterable[int]:
    """The likes of each user: their number, the first film, and the distances to the next ones."""
    values = kept.matrix.values
    place = np.cumsum(kept.n_likes > 0) - 1
    is_like = kept.liked(values.data)
    for start, stop in zip(values.indptr[:-1], values.indptr[1:], strict=True):
        films = place[values.indices[start:stop][is_like[start:stop]]]
        yield len(films)
        yield from np.diff(films, prepend=0).tolist()


def _means(kept: TrainingData, columns: Ints) -> Iterable[int]:
    """The mean rating of each film in hundredths, as reasons write it, without negative numbers."""
    for column in columns.tolist():
        hundredths = int(f"{np.mean(kept.raters(column)[1]):.2f}".replace(".", ""))
        yield 2 * hundredths if hundredths >= 0 else -2 * hundredths - 1


def _numbers(numbers: Iterable[int]) -> str:
    """Base64 of whole numbers in LEB128.

    Examples
    --------
    >>> from base64 import b64decode
    >>> list(b64decode(_numbers([5, 300])))
    [5, 172, 2]
    """
    found = bytearray()
    for number in numbers:
        while number > 127:
            found.append(number & 127 | 128)
            number >>= 7
        found.append(number)
    return b64encode(found).decode()
