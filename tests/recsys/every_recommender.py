"""Makes every recommender, small enough to be fitted in a moment."""

from recsys import (
    BiasBaseline,
    BoostedClusterMeans,
    ClusterMeanRecommender,
    Hybrid,
    MostLiked,
    PocketGroups,
    TasteGroups,
)


def small_boosted():
    return BoostedClusterMeans(n_chains=2, n_stages=7)


def small_groups():
    return TasteGroups(n_user_groupings=6, n_item_groupings=4, rating_model=small_boosted())


def small_hybrid():
    return Hybrid(
        groups=TasteGroups(n_user_groupings=5, n_item_groupings=3, rating_model=BiasBaseline())
    )


MAKERS = {
    "biases": BiasBaseline,
    "most liked": MostLiked,
    "cluster mean": lambda: ClusterMeanRecommender(3, n_movies=40),
    "cluster mean of a region": lambda: ClusterMeanRecommender(2, region=(20, 10)),
    "boosted cluster means": small_boosted,
    "taste groups": small_groups,
    "taste groups, users alone": lambda: TasteGroups(
        n_user_groupings=5, n_item_groupings=0, stars_weight=0.0, rating_model=BiasBaseline()
    ),
    "taste groups, the popular too": lambda: TasteGroups(
        n_user_groupings=5, popularity_discount=0.0, rating_model=BiasBaseline()
    ),
    "hybrid": small_hybrid,
    "pocket groups": lambda: PocketGroups(n_groupings=6),
}
