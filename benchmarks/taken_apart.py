"""Takes a list and a prediction apart: ``python -m benchmarks.taken_apart FOLDER USER``.

It prints the tables of docs/taken-apart.md, and checks that all addends add up.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from recsys import Hybrid, load_ratings
from recsys.recommenders.case import Case
from recsys.recommenders.hybrid import LIKED_TOGETHER
from recsys.recommenders.ranking import best_items, known_users
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.stages import UserStage
from recsys.recommenders.taste_groups import (
    ITEMS_PART,
    RARE_PART,
    RIDGE_PART,
    RIDGE_WEIGHT,
    STARS_PART,
    STARS_WEIGHT,
    TRUST,
    USERS_PART,
    _by_age,
)
from recsys.recommenders.types import Floats, Users
from recsys.titles.names import spoken

N_FILMS = 5
N_OWN = 8


def print_list(model: Hybrid, reasons: Reasons, items: Sequence[int]) -> None:
    """The parts of the scores of some films."""
    titles = [spoken(title) for title in model.trained_on.matrix.titles[list(items)]]
    print_row(["part", *titles])
    print_row(["---"] * (len(titles) + 1))
    for name, part in reasons.parts.items():
        print_row([name, *(f"{part[0, item]:+.3f}" for item in items)])
    print_row(["**score**", *(f"**{reasons.scores[0, item]:+.3f}**" for item in items)])


def print_groups(model: Hybrid, users: Users, item: int, part: float) -> None:
    """P(like | group), in each grouping of users."""
    groups = model._groups._user_groups
    shares = users.placed.shares.toarray()[0]
    likes = groups.likes[[item]].toarray().ravel()
    p = (likes + groups.popularity[item]) / (groups.sizes + 1.0)
    ends = zip(groups.limits[:-1], groups.limits[1:], strict=True)
    found = np.array([shares[first:last] @ p[first:last] for first, last in ends])
    print(f"*{USERS_PART}*: log u, where u = {found.mean():.4f} is the mean of\n")
    print_numbers(found, ".3f")
    check(np.log(found.mean()), part, 1e-5)


def print_single_parts(model: Hybrid, users: Users, item: int, reasons: Reasons) -> None:
    """The parts that are a weight times the log of one number."""
    groups = model._groups
    n = users.rated.nnz
    trust = n / (n + TRUST)
    print(f"\nThe user has {n} ratings, so t = {n} / ({n} + {TRUST:g}) = {trust:.4f}.\n")
    weights = {
        ITEMS_PART: groups.item_weight,
        STARS_PART: STARS_WEIGHT,
        RARE_PART: -groups.popularity_discount,
    }
    likes = groups._likes_of(users.rated, _by_age(users.ages))
    numbers = {
        ITEMS_PART: groups._item_groups.expected_likes(likes)[0, item],
        STARS_PART: np.exp(groups._log_probability(users)[0, item]),
        RARE_PART: groups._user_groups.popularity[item],
    }
    for name, weight in weights.items():
        part = reasons.parts[name][0, item]
        print(f"- *{name}*: {weight:g} t log {numbers[name]:.5f} = {part:+.3f}")
        check(weight * trust * np.log(numbers[name]), part, 1e-5)


def print_films(model: Hybrid, users: Users, item: int, reasons: Reasons) -> None:
    """What each film of the user adds to the two parts that are sums over films."""
    case = Case.of(model.trained_on, users, 0, item)
    groups, data = model._groups, model.trained_on
    weights = groups._weights_of(users.rated).data * _by_age(users.ages)
    trust = len(case.mine) / (len(case.mine) + TRUST)
    of_ridge = RIDGE_WEIGHT * trust * weights * groups._ridge.contributions(item, case.mine)
    of_weights = np.zeros(data.n_items)
    found = model._liked_together(case.profile, item)
    of_weights[found.items] = found.added
    of_weights = of_weights[case.mine]
    check(of_ridge.sum(), reasons.parts[RIDGE_PART][0, item], 1e-4)
    check(of_weights.sum(), reasons.parts[LIKED_TOGETHER][0, item], 1e-9)
    order = np.argsort(-(of_ridge + of_weights))
    print_row(["film of the user", "rating", "later ratings", RIDGE_PART, LIKED_TOGETHER])
    print_row(["---"] * 5)
    for place in order[:N_OWN]:
        title = spoken(data.matrix.titles[case.mine[place]])
        own = f"{case.my_ratings[place]:g}", f"{case.my_ages[place]}"
        print_row([title, *own, f"{of_ridge[place]:+.3f}", f"{of_weights[place]:+.3f}"])
    rest = order[N_OWN:]
    sums = of_ridge[rest].sum(), of_weights[rest].sum()
    print_row([f"the other {len(rest)} films", "", "", *(f"{total:+.3f}" for total in sums)])
    totals = of_ridge.sum(), of_weights.sum()
    print_row(["**part**", "", "", *(f"**{total:+.3f}**" for total in totals)])


def print_stars(model: Hybrid, users: Users, item: int) -> None:
    """Every addend of the predicted rating."""
    stars = model._groups._ratings
    placed, pair = users.placed.ratings, (np.array([0]), np.array([item]))
    parts = stars._parts(placed, *pair)
    print_row(["part", "stars"])
    print_row(["---"] * 2)
    for name, part in parts.items():
        print_row([name, f"{part[0]:+.4f}"])
    print_row(["**predicted rating**", f"**{sum(part[0] for part in parts.values()):.4f}**"])
    stages, n_chains = stars._learned.stages, len(stars._learned.chains)
    for (name, part), of_users in zip(list(parts.items())[-2:], (True, False), strict=True):
        adds = np.array(
            [
                stage.part(known, *pair)[0] / n_chains
                for stage, known in zip(stages, placed.stages, strict=True)
                if isinstance(stage, UserStage) == of_users
            ]
        )
        print(f"\n{len(adds)} stages add up to *{name}*, in thousandths of a star:\n")
        print_numbers(1000 * adds, "+.1f")
        check(adds.sum(), part[0], 1e-5)


def print_numbers(numbers: Floats, form: str) -> None:
    texts = [f"{number:{form}}" for number in np.sort(numbers)[::-1]]
    print("```")
    for first in range(0, len(texts), 15):
        print(" ".join(texts[first : first + 15]))
    print("```")


def print_row(cells: Iterable[str]) -> None:
    print("|", " | ".join(cells), "|")


def check(total: float, part: float, within: float) -> None:
    if not abs(total - part) <= within:
        raise AssertionError(f"addends add up to {total}, but the part is {part}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("user", type=int)
    asked = parser.parse_args()
    model = Hybrid().fit(load_ratings(asked.folder))
    data = model.trained_on
    users = known_users(model, data.row(asked.user))
    reasons = Reasons(model, users)
    (best,) = best_items(model, users, reasons.scores, N_FILMS, True, data.eligible(None))
    first = int(best.items[0])
    print("## The list\n")
    print_list(model, reasons, best.items.tolist())
    print(f"\n## The score of {spoken(data.matrix.titles[first])}\n")
    print(reasons.evidence(0, first).reason, "\n")
    print_groups(model, users, first, reasons.parts[USERS_PART][0, first])
    print_single_parts(model, users, first, reasons)
    print()
    print_films(model, users, first, reasons)
    print("\n## Its predicted stars\n")
    print_stars(model, users, first)


if __name__ == "__main__":
    main()
