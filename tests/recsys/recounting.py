"""Recounts the sentences of reasons from the table of ratings, with pandas and plain sets."""

import re
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from recsys import Ratings, Recommender
from recsys.recommenders import ranking
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.types import Evidence
from recsys.titles.names import spoken

NUMBER = r"([\d,]+|none)"
MEAN = r"(-?\d+\.\d\d)"
SHARE = r"(under 1 %|over 99 %|\d+ %)"


class Recount:
    """The ratings, as each user and each film has them."""

    def __init__(self, ratings: Ratings) -> None:
        table = ratings.ratings
        self.predicts = ratings.scale.predicts
        self.likes_from = ratings.scale.likes_from
        self.of_film = _by(table, "movieId", "userId")
        self.of_user = _by(table, "userId", "movieId")
        titles = ratings.movies.set_index("movieId")["title"]
        self.titles = {movie: spoken(str(title)) for movie, title in titles.items()}

    def check(
        self, told: Evidence, movie_id: object, user_id: object, own: Mapping | None = None
    ) -> None:
        """Recount one reason. ``own`` has the ratings of a new user."""
        mine = dict(self.of_user[user_id] if own is None else own)
        mine.pop(movie_id, None)
        mine = {movie: rating for movie, rating in mine.items() if movie in self.of_film}
        others = set(self.of_user) - {user_id}
        case = _Case(self, told, movie_id, mine, others)
        assert user_id not in told.user_ids
        assert len(set(told.user_ids)) == len(told.user_ids)
        SHAPES[told.kind](case)


class _Case:
    """What is known of one reason without the code that wrote it."""

    def __init__(self, recount, told, movie_id, mine, others) -> None:
        self.recount, self.told, self.mine, self.others = recount, told, mine, others
        self.ratings = {
            user: rating
            for user, rating in recount.of_film.get(movie_id, {}).items()
            if user in others
        }
        self.likers = {user for user in self.ratings if self.is_like(self.ratings[user])}

    def is_like(self, rating: float) -> bool:
        return rating >= self.recount.likes_from - 1e-9

    def likers_of(self, movie: object) -> set:
        rated = self.recount.of_film[movie]
        return {user for user in rated if self.is_like(rated[user])} & self.others

    def parsed(self, pattern: str) -> tuple[str, ...]:
        found = re.fullmatch(pattern, self.told.reason)
        assert found, self.told.reason
        return found.groups()

    def counts(self, people: set) -> None:
        """The attributes count these people."""
        ratings = [self.ratings[user] for user in people if user in self.ratings]
        told = self.told
        assert told.n_users == len(people)
        assert told.n_ratings == len(ratings)
        assert told.n_liked == len(self.likers & people)
        assert same_mean(told.mean, ratings)

    def counted(self, before: str, where: str, people: set) -> None:
        """The sentence counts how many of the people rated the item, and how."""
        ratings = [self.ratings[user] for user in people if user in self.ratings]
        likers, whose = self.likers & people, f"others{where}"
        if len(people) == 1:
            did = "liked it" if likers else "did not like it"
            if self.recount.predicts:
                did = f"rated it {ratings[0]:.2f} and {did}" if ratings else "did not rate it"
            self.parsed(f"{before}the only other person{where} {did}")
            return
        if ratings and self.recount.predicts:
            rated, of, mean, liked = self.parsed(
                f"{before}{NUMBER} of the {NUMBER} {whose} rated it, {MEAN} on average; "
                f"{NUMBER} liked it"
            )
            assert whole(rated) == len(ratings)
            assert same_mean(float(mean), ratings, 0.0051)
        else:
            did = "rated" if self.recount.predicts else "liked"
            liked, of = self.parsed(f"{before}{NUMBER} of the {NUMBER} {whose} {did} it")
        assert (whole(liked), whole(of)) == (len(likers), len(people))


THIN = "the evidence is thin: "
# What a recommender of the notebook says before it falls back on everybody.
WHY = (
    "you are in no group; |it is not one of the [0-9,]+ films the groups are made on; |"
    "nobody else in (?:the densest region of )?group [0-9,]+ rated it; "
)


def check_everyone(case: _Case) -> None:
    told = case.told
    case.counts(case.others)
    assert (told.user_ids, told.movie_ids) == ((), ())
    thin = THIN if told.kind == "thin" else ""
    assert bool(thin) == (len(case.ratings) < 10)
    if not case.others:
        case.parsed(f"(?:{WHY})?{thin}there are no other people")
    else:
        case.counted(f"(?:{WHY})?{thin}", "", case.others)


def check_cluster(case: _Case) -> None:
    """The user's cluster is known to the recommender only, so its people are taken as told."""
    told, people = case.told, set(case.told.user_ids)
    assert people <= case.others
    case.counts(people)
    thin = told.n_ratings < 10 or 4 * len(people) > len(case.others)
    where = f" in (?:the densest region of )?group {told.cluster}"
    case.counted(THIN if thin else "", where, people)


def check_group(case: _Case) -> None:
    told = case.told
    people = set(told.user_ids)
    rest = case.others - people
    assert people <= case.others
    assert 4 * len(people) <= len(case.others)
    assert len(people & set(case.ratings)) >= 10
    case.counts(people)
    named = "; ".join(case.recount.titles[movie] for movie in told.movie_ids)
    end = f"; like you, most of them liked {named}" if named else ""
    who = f"of the {NUMBER} people who share your (?:recent )?taste"
    end = re.escape(end)
    if "on average" in told.reason.removesuffix(named):
        rated, of, mean, other = case.parsed(
            f"{NUMBER} {who} rated it, {MEAN} on average; elsewhere {MEAN}{end}"
        )
        assert whole(rated) == len(people & set(case.ratings))
        here = [case.ratings[user] for user in people & set(case.ratings)]
        elsewhere = [case.ratings[user] for user in rest & set(case.ratings)]
        assert same_mean(float(mean), here, 0.0051)
        assert same_mean(float(other), elsewhere, 0.0051)
        assert sum(here) / len(here) > sum(elsewhere) / len(elsewhere)
    else:
        liked, of, share, other = case.parsed(
            rf"{NUMBER} {who} liked it \({SHARE}\); elsewhere {SHARE}{end}"
        )
        here, elsewhere = case.likers & people, case.likers & rest
        assert whole(liked) == len(here)
        assert same_share(share, len(here), len(people))
        assert same_share(other, len(elsewhere), len(rest))
        assert is_clear(len(here), len(people), len(elsewhere), len(rest))
    assert whole(of) == len(people)
    for movie in told.movie_ids:
        assert case.is_like(case.mine[movie])
        likers = case.likers_of(movie)
        assert 2 * len(likers & people) > len(people)
        assert is_clear(len(likers & people), len(people), len(likers & rest), len(rest))


def check_film(case: _Case) -> None:
    told = case.told
    (movie,) = told.movie_ids
    assert case.is_like(case.mine[movie])
    people = case.likers_of(movie)
    assert set(told.user_ids) == people
    assert 4 * len(people) <= len(case.others)
    assert len(people & set(case.ratings)) >= 10
    case.counts(people)
    title = re.escape(case.recount.titles[movie])
    liked, of, share, other = case.parsed(
        rf"you liked {title}: {NUMBER} of the {NUMBER} others who liked it liked this too "
        rf"\({SHARE}\); elsewhere {SHARE}"
    )
    here, rest = case.likers & people, case.others - people
    assert (whole(liked), whole(of)) == (len(here), len(people))
    assert same_share(share, len(here), len(people))
    assert same_share(other, len(case.likers & rest), len(rest))
    assert is_clear(len(here), len(people), len(case.likers & rest), len(rest))


def check_own(case: _Case) -> None:
    told = case.told
    ratings = [case.mine[movie] for movie in told.movie_ids]
    everything = list(case.mine.values())
    mean, n, average, of = case.parsed(
        f"you rate films like it {MEAN} on average over {NUMBER} films; "
        f"you average {MEAN} over {NUMBER}"
    )
    assert len(set(told.movie_ids)) == whole(n) == told.n_ratings >= 5
    assert whole(of) == len(everything)
    assert same_mean(told.mean, ratings)
    assert same_mean(float(mean), ratings, 0.0051)
    assert same_mean(float(average), everything, 0.0051)
    assert sum(ratings) / len(ratings) > sum(everything) / len(everything)
    assert told.n_liked == sum(map(case.is_like, ratings))
    assert (told.n_users, told.user_ids) == (0, ())


SHAPES: dict[str, Callable[[_Case], None]] = {
    "everyone": check_everyone,
    "thin": check_everyone,
    "cluster": check_cluster,
    "group": check_group,
    "film": check_film,
    "own": check_own,
}


def _by(table: pd.DataFrame, of: str, by: str) -> dict:
    return {
        key: dict(zip(rows[by], rows["rating"], strict=True)) for key, rows in table.groupby(of)
    }


def recounted(model: Recommender, ratings: Ratings, n: int = 10, every: int = 1) -> Counter[str]:
    """Recount the reasons in the lists of every so many users, and count their kinds."""
    recount, data, kinds = Recount(ratings), model.trained_on, Counter[str]()
    for rows in data.blocks(np.arange(0, data.n_users, every)):
        users = ranking.known_users(model, rows)
        reasons = Reasons(model, users)
        lists = ranking.best_items(model, users, reasons.scores, n, True, data.eligible(None))
        for user, best in enumerate(lists):
            user_id = data.matrix.user_ids[rows[user]]
            for item in best.items.tolist():
                told = reasons.evidence(user, item)
                recount.check(told, data.matrix.movie_ids[item], user_id)
                kinds[told.kind] += 1
    return kinds


def whole(text: str) -> int:
    return 0 if text == "none" else int(text.replace(",", ""))


def same_mean(told: float, ratings, rounding: float = 1e-9) -> bool:
    ratings = list(ratings)
    if not ratings:
        return told != told
    return abs(told - sum(ratings) / len(ratings)) <= rounding


def same_share(told: str, part: int, of: int) -> bool:
    percent = 100 * part / of
    if told == "under 1 %":
        return 0 < percent < 0.5
    if told == "over 99 %":
        return 99.5 <= percent < 100
    return abs(int(told.removesuffix(" %")) - percent) <= 0.5


def is_clear(n_liked: int, n: int, n_liked_elsewhere: int, n_elsewhere: int) -> bool:
    """Two standard errors above the share elsewhere, which has one more like and one more none."""
    share = (n_liked_elsewhere + 1) / (n_elsewhere + 2)
    return n_liked / n > share + 2 * (share * (1 - share) / n) ** 0.5
