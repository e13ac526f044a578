// Lets the section "rate" ask the server that the page came from.
"use strict";
{
  const ask = async (address, options = {}) => {
    let response;
    try {
      response = await fetch(address, options);
    } catch {
      throw new Error("The server does not answer. Start it again with recsys serve.");
    }
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error ?? `The server answers ${response.status}.`);
    return answer;
  };
  const film = ({ movieId, title, reason }) => ({ id: String(movieId), title, reason });

  rateFilms(JSON.parse(document.getElementById("rate-data").textContent), {
    async find(text, n) {
      const answer = await ask(`/api/films?${new URLSearchParams({ q: text, n })}`);
      return { films: answer.films.map(film), nFound: answer.n_found };
    },

    async titles(ids) {
      if (!ids.length) return [];
      return (await ask(`/api/films?${new URLSearchParams(ids.map((id) => ["id", id]))}`)).films.map(film);
    },

    async recommend(ratings, n) {
      const body = JSON.stringify({ ratings, n });
      const headers = { "Content-Type": "application/json" };
      return (await ask("/api/recommend", { method: "POST", headers, body })).films.map(film);
    },
  });
}
