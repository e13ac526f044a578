"""Groups of users with a common taste in movies, and recommendations from these groups."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from recsys.extras import install

if TYPE_CHECKING:
    from kmeans_core.version import __version__
    from recsys.analysis.descriptions import GroupDescription, describe_groups
    from recsys.analysis.film_map import FilmMap, film_map
    from recsys.analysis.genres import contrast_subset, genre_means
    from recsys.analysis.sureness import Sureness, sureness
    from recsys.analysis.taste import TasteClusters, cluster_users
    from recsys.data.matrix import RatingMatrix
    from recsys.data.ratings import Ratings, RatingsError
    from recsys.data.saved_ratings import save_ratings
    from recsys.data.scale import RatingScale
    from recsys.readers.exports import OwnRating
    from recsys.readers.loading import load_ratings
    from recsys.readers.own_ratings import OwnRatings, own_ratings
    from recsys.recommenders.base import Recommender
    from recsys.recommenders.baselines import BiasBaseline, MostLiked
    from recsys.recommenders.boosted import BoostedClusterMeans
    from recsys.recommenders.cluster_mean import ClusterMeanRecommender
    from recsys.recommenders.hybrid import Hybrid
    from recsys.recommenders.pocket_groups import PocketGroups
    from recsys.recommenders.taste_groups import TasteGroups
    from recsys.recommenders.types import Evidence, Prediction
    from recsys.report.report import write_report
    from recsys.synthetic.ratings import builtin_ratings, make_ratings

# What the extra `recsys` installs.
EXTRA = ("pandas", "narwhals", "jinja2", "pooch", "tqdm")

# A name is loaded when it is first used. So the `recsys` command can say what to install if pandas
# is missing, and it starts without loading modules that it does not need.
_HOME = {
    "BiasBaseline": "recsys.recommenders.baselines",
    "BoostedClusterMeans": "recsys.recommenders.boosted",
    "ClusterMeanRecommender": "recsys.recommenders.cluster_mean",
    "Evidence": "recsys.recommenders.types",
    "FilmMap": "recsys.analysis.film_map",
    "GroupDescription": "recsys.analysis.descriptions",
    "Hybrid": "recsys.recommenders.hybrid",
    "MostLiked": "recsys.recommenders.baselines",
    "OwnRating": "recsys.readers.exports",
    "OwnRatings": "recsys.readers.own_ratings",
    "PocketGroups": "recsys.recommenders.pocket_groups",
    "Prediction": "recsys.recommenders.types",
    "RatingMatrix": "recsys.data.matrix",
    "RatingScale": "recsys.data.scale",
    "Ratings": "recsys.data.ratings",
    "RatingsError": "recsys.data.ratings",
    "Recommender": "recsys.recommenders.base",
    "Sureness": "recsys.analysis.sureness",
    "TasteGroups": "recsys.recommenders.taste_groups",
    "TasteClusters": "recsys.analysis.taste",
    "__version__": "kmeans_core.version",
    "builtin_ratings": "recsys.synthetic.ratings",
    "cluster_users": "recsys.analysis.taste",
    "contrast_subset": "recsys.analysis.genres",
    "describe_groups": "recsys.analysis.descriptions",
    "film_map": "recsys.analysis.film_map",
    "genre_means": "recsys.analysis.genres",
    "load_ratings": "recsys.readers.loading",
    "make_ratings": "recsys.synthetic.ratings",
    "own_ratings": "recsys.readers.own_ratings",
    "save_ratings": "recsys.data.saved_ratings",
    "sureness": "recsys.analysis.sureness",
    "write_report": "recsys.report.report",
}

__all__ = [
    "BiasBaseline",
    "BoostedClusterMeans",
    "ClusterMeanRecommender",
    "Evidence",
    "FilmMap",
    "GroupDescription",
    "Hybrid",
    "MostLiked",
    "OwnRating",
    "OwnRatings",
    "PocketGroups",
    "Prediction",
    "RatingMatrix",
    "RatingScale",
    "Ratings",
    "RatingsError",
    "Recommender",
    "Sureness",
    "TasteClusters",
    "TasteGroups",
    "__version__",
    "builtin_ratings",
    "cluster_users",
    "contrast_subset",
    "describe_groups",
    "film_map",
    "genre_means",
    "load_ratings",
    "make_ratings",
    "own_ratings",
    "save_ratings",
    "sureness",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        message = f"recsys needs {error.name}: {install('recsys')}"
        raise ModuleNotFoundError(message, name=error.name) from error


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
