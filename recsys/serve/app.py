"""The server: a page, a search of films, and lists of films, for one fitted model."""

import json
from math import isnan
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MisdirectedRequest, UnsupportedMediaType
from werkzeug.wrappers import Response as WSGIResponse

from recsys.recommenders.base import Recommender
from recsys.serve.catalog import FilmList
from recsys.serve.hosts import is_own
from recsys.serve.page import page_of, policy_of
from recsys.serve.questions import MOST_RATINGS, QuestionError, searched, wanted

# 1,000 ratings of films with long ids fit in this.
LARGEST_BODY = 100_000

NO_SUCH_ADDRESS = "there are GET /, GET /api/films?q=WORDS and POST /api/recommend, and no more"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def app_for(model: Recommender, host: str = "127.0.0.1") -> Flask:
    """Make the WSGI application that answers for a model. It keeps nothing of what it is asked.

    Parameters
    ----------
    model : Recommender
        A fitted recommender.
    host : str
        The host that the server listens on; see `recsys.serve.hosts.is_own`.

    Returns
    -------
    Flask

    Examples
    --------
    >>> from recsys import MostLiked, make_ratings
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> client = app_for(MostLiked().fit(ratings)).test_client()
    >>> client.get("/api/films?q=the+atlas").json["films"]
    [{'movieId': 21, 'title': 'The Atlas of Eastmere (1953)'}]
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    films = FilmList.of(model.trained_on)
    page = page_of(model)
    policy = policy_of(page)

    @app.before_request
    def refuse_strange_hosts() -> None:
        if not is_own(request.host, host):
            raise MisdirectedRequest(f"this server is not {request.host}")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/")
    def show_page() -> Response:
        response = Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = policy
        return response

    @app.get("/api/films")
    def find_films() -> dict[str, Any]:
        asked = dict(request.args.lists())
        if set(asked) == {"id"}:
            if len(asked["id"]) > MOST_RATINGS:
                raise QuestionError(f"ask for at most {MOST_RATINGS:,} films")
            found = {text: films.id_of(text) for text in asked["id"]}
            known = [one for one in found.values() if one is not None]
            unknown = [text for text, one in found.items() if one is None]
            return {"films": films.described(known), "unknown": unknown}
        text, n = searched(asked)
        columns = films.find(text)
        ids = model.trained_on.matrix.movie_ids[columns[:n]].tolist()
        return {"films": films.described(ids), "n_found": len(columns)}

    @app.post("/api/recommend")
    def recommend() -> dict[str, Any]:
        if not request.is_json:
            raise UnsupportedMediaType("send the question as application/json")
        question = wanted(request.get_data(), films)
        best = model.recommend(ratings=question.ratings, n=question.n)
        answers = films.described(best["movieId"].tolist())
        columns = (best[name].tolist() for name in ("score", "predicted_rating", "reason"))
        for answer, score, rating, reason in zip(answers, *columns, strict=True):
            # JSON has no NaN.
            stars = None if isnan(rating) else rating
            answer |= {"score": score, "predicted_rating": stars, "reason": reason}
        return {"films": answers}

    @app.errorhandler(QuestionError)
    def refuse(error: QuestionError) -> tuple[dict[str, str], int]:
        return {"error": str(error)}, 400

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> WSGIResponse:
        sentence = NO_SUCH_ADDRESS if error.code == 404 else error.description
        response = error.get_response()  # with the headers that belong to the error
        response.set_data(json.dumps({"error": sentence}))
        response.content_type = "application/json"
        return response

    return app
