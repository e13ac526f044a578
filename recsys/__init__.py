"""Groups of people with a common taste in films, and recommendations from them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.genres import contrast_subset, genre_means
    from recsys.matrix import RatingMatrix
    from recsys.movielens import load_ratings
    from recsys.ratings import Ratings, RatingsError
    from recsys.recommenders.answers import Prediction
    from recsys.recommenders.baselines import BiasBaseline, MostLiked
    from recsys.recommenders.boosted import BoostedClusterMeans
    from recsys.recommenders.cluster_mean import ClusterMeanRecommender
    from recsys.recommenders.contract import Recommender
    from recsys.recommenders.taste_groups import TasteGroups
    from recsys.scale import RatingScale
    from recsys.synthetic import builtin_ratings, make_ratings
    from recsys.taste import TasteClusters, cluster_users

# Names are loaded when they are first used: the `recsys` command can then say what to install
# where pandas is missing, and starts without what it does not need.
_HOME = {
    "BiasBaseline": "recsys.recommenders.baselines",
    "BoostedClusterMeans": "recsys.recommenders.boosted",
    "ClusterMeanRecommender": "recsys.recommenders.cluster_mean",
    "MostLiked": "recsys.recommenders.baselines",
    "Prediction": "recsys.recommenders.answers",
    "RatingMatrix": "recsys.matrix",
    "RatingScale": "recsys.scale",
    "Ratings": "recsys.ratings",
    "RatingsError": "recsys.ratings",
    "Recommender": "recsys.recommenders.contract",
    "TasteGroups": "recsys.recommenders.taste_groups",
    "TasteClusters": "recsys.taste",
    "builtin_ratings": "recsys.synthetic",
    "cluster_users": "recsys.taste",
    "contrast_subset": "recsys.genres",
    "genre_means": "recsys.genres",
    "load_ratings": "recsys.movielens",
    "make_ratings": "recsys.synthetic",
}

__all__ = [
    "BiasBaseline",
    "BoostedClusterMeans",
    "ClusterMeanRecommender",
    "MostLiked",
    "Prediction",
    "RatingMatrix",
    "RatingScale",
    "Ratings",
    "RatingsError",
    "Recommender",
    "TasteClusters",
    "TasteGroups",
    "builtin_ratings",
    "cluster_users",
    "contrast_subset",
    "genre_means",
    "load_ratings",
    "make_ratings",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
