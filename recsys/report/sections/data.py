"""The data: histograms of ratings, people, films, years and genres, and what is unusual."""

from recsys.report.charts.bars import bars
from recsys.report.parts import Chart, Section, Text, table
from recsys.report.study import Study
from recsys.words import counted


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    ratings = study.ratings
    found = ratings.ratings["rating"].value_counts().sort_index()
    frame = found.rename_axis("rating").reset_index(name="ratings")
    names = [f"{value:g}" for value in frame["rating"]]
    chart = Chart(
        "How many stars people give",
        f"The most frequent rating is {names[int(frame['ratings'].argmax())]}.",
        bars(names, frame["ratings"].tolist(), x_label="rating", y_label="ratings"),
        table(frame, "Ratings"),
    )
    text = (
        f"The data hold {counted(len(ratings.ratings), 'rating')} of "
        f"{counted(ratings.n_movies, 'film')} by {counted(ratings.n_users, 'person', 'people')}."
    )
    return Section("data", "The data", (Text(text), chart))
