"""The recommenders by their names in the command and the evaluation."""

from collections.abc import Callable

from recsys.data.ratings import Ratings
from recsys.recommenders.base import Recommender
from recsys.recommenders.baselines import BiasBaseline, MostLiked
from recsys.recommenders.boosted import BoostedClusterMeans
from recsys.recommenders.cluster_mean import ClusterMeanRecommender
from recsys.recommenders.hybrid import Hybrid
from recsys.recommenders.item_weights import is_within_limit
from recsys.recommenders.taste_groups import TasteGroups

# Each function takes a seed and returns an unfitted recommender.
METHODS: dict[str, Callable[[int], Recommender]] = {
    "hybrid": lambda seed: Hybrid(random_state=seed),
    "taste-groups": lambda seed: TasteGroups(random_state=seed),
    "boosted": lambda seed: BoostedClusterMeans(random_state=seed),
    "biases": lambda seed: BiasBaseline(),
    "most-liked": lambda seed: MostLiked(),
    "cluster-mean": lambda seed: ClusterMeanRecommender(random_state=seed),
}


def default_method(ratings: Ratings) -> str:
    """The name of the recommender that answers if nobody names one: hybrid up to its limit.

    Examples
    --------
    >>> from recsys import make_ratings
    >>> default_method(make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0))
    'hybrid'
    """
    table = ratings.ratings
    within = is_within_limit(table["userId"].nunique(), table["movieId"].nunique())
    return "hybrid" if within else "taste-groups"
