"""How much more, or less, a group likes each film or genre than everybody else does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.data.ids import Id

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# Nothing is said about a film or genre with fewer ratings in the group.
FEWEST_RATINGS = 10

# A difference is clear if the plain odds of being liked differ by a quarter, and if the log-odds
# ratio is 3 standard errors away from 0. The groups were made from the same likes, so this is a bar
# for what is shown and not a test.
CLEAR_ODDS, CLEAR_Z = 1.25, 3.0

# A film that fewer users like, here and elsewhere, does not describe a group; nor does a genre with
# a smaller share of all likes.
LEAST_SHARE_OF_USERS, LEAST_SHARE_OF_LIKES = 0.1, 0.02


@dataclass(frozen=True)
class Liking:
    """How often a group likes a film or a genre, and how often the other users do.

    Attributes
    ----------
    name : str
        The title of the film, or the genre.
    movie_id : int or str, optional
        The id of the film. None for a genre.
    n_ratings : int
        The group's ratings of the film, or of films of the genre. At least 10.
    n_liked, n : int
        For a film: the users of the group who liked it, of all users of the group. For a genre: the
        group's likes of films of the genre, of all likes of the group.
    n_liked_elsewhere, n_elsewhere : int
        The same for all other users.
    log_odds : float
        The log-odds ratio, as in :func:`log_odds`.
    z : float
        ``log_odds`` divided by its standard error.
    """

    name: str
    movie_id: Id | None
    n_ratings: int
    n_liked: int
    n: int
    n_liked_elsewhere: int
    n_elsewhere: int
    log_odds: float
    z: float

    @property
    def share(self) -> float:
        """The share that liked it in the group."""
        return self.n_liked / self.n

    @property
    def share_elsewhere(self) -> float:
        """The share that liked it elsewhere."""
        return self.n_liked_elsewhere / self.n_elsewhere

    @property
    def here(self) -> str:
        """The share and the counts in the group: ``76 % (104 of 136)``."""
        return f"{100 * self.share:.0f} % ({self.n_liked:,} of {self.n:,})"

    @property
    def elsewhere(self) -> str:
        """The share and the counts elsewhere."""
        counts = f"{self.n_liked_elsewhere:,} of {self.n_elsewhere:,}"
        return f"{100 * self.share_elsewhere:.0f} % ({counts})"

    def __str__(self) -> str:
        return f"{self.here}, elsewhere {self.elsewhere}"


@dataclass(frozen=True, eq=False)
class Tally:
    """What each user liked and rated: a row for each user, a column for each film or genre.

    ``ids`` has the ids of films. For genres it holds None; a film counts for each of its genres. An
    item whose shares are all below ``least_share`` is left out.
    """

    names: Sequence[str]
    ids: Sequence[Id | None]
    likes: Any
    ratings: Any
    least_share: float

    def more_and_less(
        self, here: Mask, n_likes: tuple[int, int], out_of: tuple[int, int], n: int
    ) -> tuple[tuple[Liking, ...], tuple[Liking, ...]]:
        """What the users ``here`` like clearly more and clearly less than others, clearest first.

        ``n_likes`` has the numbers of all likes here and elsewhere, and ``out_of`` the numbers that
        shares are of. Each list has up to ``n`` likings.
        """
        n_ratings = self.ratings[here].sum(axis=0)
        liked, elsewhere = self.likes[here].sum(axis=0), self.likes[~here].sum(axis=0)
        ratio, z = log_odds(liked, elsewhere, n_likes)
        told = n_ratings >= FEWEST_RATINGS
        told &= np.maximum(liked / out_of[0], elsewhere / out_of[1]) >= self.least_share
        # The odds here and elsewhere, both times the unlikely cases. A group of little activity may
        # like a film less often, and yet more than its activity explains: z and the odds disagree.
        odds, odds_elsewhere = liked * (out_of[1] - elsewhere), elsewhere * (out_of[0] - liked)
        more = told & (z >= CLEAR_Z) & (odds >= CLEAR_ODDS * odds_elsewhere)
        less = told & (z <= -CLEAR_Z) & (odds_elsewhere >= CLEAR_ODDS * odds)
        clearest = np.argsort(-np.abs(z), kind="stable")

        def likings(chosen: Mask) -> tuple[Liking, ...]:
            return tuple(
                Liking(
                    name=self.names[item],
                    movie_id=self.ids[item],
                    n_ratings=int(n_ratings[item]),
                    n_liked=int(liked[item]),
                    n=out_of[0],
                    n_liked_elsewhere=int(elsewhere[item]),
                    n_elsewhere=out_of[1],
                    log_odds=float(ratio[item]),
                    z=float(z[item]),
                )
                for item in clearest[chosen[clearest]][:n].tolist()
            )

        return likings(more), likings(less)


def log_odds(here: Floats, elsewhere: Floats, n_likes: tuple[int, int]) -> tuple[Floats, Floats]:
    """Compare how likes are spread over items in a group and elsewhere.

    This is the log-odds ratio with an informative prior of Monroe, Colaresi and Quinn ("Fightin'
    Words", Political Analysis 16, 2008, section 3.5). It compares an item's shares of all likes. So
    a group that likes many items does not like each of them more. The prior adds as many likes to
    each side as there are items, spread as everybody's likes. So a few likes prove little.

    Parameters
    ----------
    here, elsewhere : ndarray of shape (n_items,)
        The likes of each item in the group and elsewhere.
    n_likes : tuple of int
        The numbers of all likes in the group and elsewhere.

    Returns
    -------
    log_odds, z : ndarray of shape (n_items,)
        Above 0 if the item has a larger share of the group's likes. z is the log-odds ratio divided
        by its standard error.

    Examples
    --------
    >>> ratio, z = log_odds(np.array([30.0, 10.0]), np.array([20.0, 60.0]), (40, 80))
    >>> ratio.round(1).tolist(), z.round(1).tolist()
    ([2.1, -2.1], [7.4, -6.4])
    """
    n_items = len(here)
    # Half a like keeps shares of 0 and of 1 away from infinite odds.
    prior = n_items * (here + elsewhere + 0.5) / (sum(n_likes) + 1)
    ratio, variance = np.zeros(n_items), np.zeros(n_items)
    for sign, likes, total in ((1, here, n_likes[0]), (-1, elsewhere, n_likes[1])):
        counted = likes + prior
        ratio += sign * np.log(counted / (total + n_items - counted))
        variance += 1 / counted
    return ratio, ratio / np.sqrt(variance)
