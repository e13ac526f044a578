"""The recommenders by their names in the command and the evaluation."""

from collections.abc import Callable

from recsys.recommenders.base import Recommender
from recsys.recommenders.baselines import BiasBaseline, MostLiked
from recsys.recommenders.boosted import BoostedClusterMeans
from recsys.recommenders.cluster_mean import ClusterMeanRecommender
from recsys.recommenders.hybrid import Hybrid
from recsys.recommenders.pocket_groups import PocketGroups
from recsys.recommenders.taste_groups import TasteGroups

# The recommender for lists of everyone where users and films are many.
FOR_MANY = "user-groups"

# Each function takes a seed and returns an unfitted recommender.
METHODS: dict[str, Callable[[int], Recommender]] = {
    "hybrid": lambda seed: Hybrid(random_state=seed),
    "taste-groups": lambda seed: TasteGroups(random_state=seed),
    "pocket-groups": lambda seed: PocketGroups(random_state=seed),
    "boosted": lambda seed: BoostedClusterMeans(random_state=seed),
    "biases": lambda seed: BiasBaseline(),
    "most-liked": lambda seed: MostLiked(),
    "cluster-mean": lambda seed: ClusterMeanRecommender(random_state=seed),
    FOR_MANY: lambda seed: TasteGroups(
        n_item_groupings=0, stars_weight=0.0, rating_model=BiasBaseline(), random_state=seed
    ),
}
