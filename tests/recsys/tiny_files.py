"""Writes a few ratings as the files of a release."""

from pathlib import Path


def written(path: Path, rows: str, n_movies: int = 3) -> Path:
    """Write a release of a few rows ``user,movie,rating``; all movies have both genres."""
    movies = "".join(f"{movie},Фильм {movie},Romance|Sci-Fi\n" for movie in range(1, n_movies + 1))
    (path / "movies.csv").write_text("movieId,title,genres\n" + movies, "utf-8")
    lines = "".join(f"{row},0\n" for row in rows.split())
    (path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + lines, "utf-8")
    return path
