// Lets the section "rate" ask the small model that the page carries.
"use strict";
{
  const data = JSON.parse(document.getElementById("rate-data").textContent);
  const model = pocket.read(data.model);
  const ids = idsOf(data.ids);
  const columns = new Map(ids.map((id, column) => [id, column]));
  const film = (column) => ({ id: ids[column], title: model.titles[column] });
  let texts = null; // the titles as the search compares them, made when somebody searches

  // Whole numbers are packed as the difference of each to the one before.
  function idsOf(packed) {
    let last = 0;
    return packed.map((id) => (typeof id === "number" ? String((last += id)) : id));
  }

  // The same as `folded` in recsys/titles/names.py.
  const LETTERS = { "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss" };

  function folded(text) {
    const plain = text.normalize("NFKD").toLowerCase().replace(/[æœøłđðþß]/g, (one) => LETTERS[one]);
    const marked = plain.replace(/\p{M}/gu, "").replace(/['\u2019`\u00b4]/g, "");
    return marked.replaceAll("&", " and ").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  }

  rateFilms(data, {
    // The films that have a word which begins with each of the words; the best known ones first.
    async find(text, n) {
      texts ??= model.titles.map((title) => ` ${folded(title)}`);
      const words = folded(text).split(" ").map((word) => ` ${word}`);
      const found = [];
      texts.forEach((title, column) => {
        if (words.every((word) => title.includes(word))) found.push(column);
      });
      found.sort((a, b) => model.likers[b].length - model.likers[a].length || a - b);
      return { films: found.slice(0, n).map(film), nFound: found.length };
    },

    async titles(some) {
      return some.filter((id) => columns.has(id)).map((id) => film(columns.get(id)));
    },

    async recommend(pairs, n) {
      const rated = new Map(pairs.map(([id, rating]) => [columns.get(id), rating]));
      return pocket.recommend(model, rated, n).map(({ item, reason }) => ({ ...film(item), reason }));
    },
  });
}
