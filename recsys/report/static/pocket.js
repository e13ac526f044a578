// Ranks films for a visitor as recsys.PocketGroups does, and gives the same reasons.
"use strict";

// recsys/recommenders/packing.py describes the fields of a packed model. Formulas, constants and
// sentences are those of pocket_groups.py, user_groups.py, like_ridge.py and explanations.py there.
const pocket = (() => {
  // Reading ------------------------------------------------------------------------------------

  // The model of a packed one. Films are numbers: places in the list of titles.
  function read(packed) {
    const nUsers = packed.n_users, numbers = unpacked(packed.likes), labels = bytes(packed.labels);
    const films = [], likers = packed.titles.map(() => []);
    for (let user = 0, at = 0; user < nUsers; user++) {
      const own = new Int32Array(numbers[at++]);
      for (let k = 0, film = 0; k < own.length; k++) {
        own[k] = film += numbers[at++];
        likers[film].push(user);
      }
      films.push(own);
    }
    const groupings = packed.n_groups.map((nGroups, k) => {
      const own = labels.subarray(k * nUsers, (k + 1) * nUsers), sizes = new Float64Array(nGroups);
      films.forEach((liked, user) => { if (liked.length) sizes[own[user]]++; });
      return { labels: own, sizes };
    });
    const popularity = Float64Array.from(likers, (users) => users.length / nUsers);
    const weights = Float64Array.from(likers, (users) => 1 / Math.sqrt(users.length));
    const penalty = 6 * sum(likers.map((users) => Math.sqrt(users.length))) / nUsers;
    const nRatings = unpacked(packed.n_ratings);
    const means = unpacked(packed.means).map((m) => (m % 2 ? -(m + 1) / 2 : m / 2) / 100);
    const kept = { nUsers, films, likers, groupings, popularity, weights, penalty, nRatings, means };
    return { ...packed, ...kept, votes: new Map() };
  }

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  function unpacked(text) {
    const found = [];
    let number = 0, scale = 1;
    for (const byte of bytes(text)) {
      number += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) { found.push(number); number = 0; scale = 1; }
    }
    return found;
  }

  // Ranking ------------------------------------------------------------------------------------

  // The n best films for a visitor who gave these ratings: a Map of films to ratings.
  function recommend(model, ratings, n) {
    const rated = [...ratings.keys()].sort((a, b) => a - b);
    const likes = rated.filter((film) => ratings.get(film) >= model.likes_from - 1e-9);
    const range = model.largest - model.smallest;
    const given = rated.map((film) => (ratings.get(film) - model.smallest) / range);
    const shares = model.groupings.map((grouping) => sharesOf(model, grouping, likes));
    const taste = model.taste_weight, trust = rated.length / (rated.length + 10);
    const parts = [
      probabilities(model, shares, likes.length).map((u) => rounded(taste * log(u))),
      predictions(model, rated, given).map((r) => rounded(0.4 * taste * trust * r)),
      model.popularity.map((p) => rounded((1 - taste) * log(p))),
    ];
    const scores = parts[0].map((score, film) => score + parts[1][film] + parts[2][film]);
    const unrated = [...scores.keys()].filter((film) => !ratings.has(film));
    const medians = parts.map((part) => median(unrated.map((film) => part[film])));
    const visitor = { likes, shares, parts, medians, weight: new Map(rated.map((film, k) => [film, given[k]])) };
    const byRatings = (a, b) => model.nRatings[b] - model.nRatings[a] || a - b;
    return unrated.sort((a, b) => scores[b] - scores[a] || byRatings(a, b)).slice(0, n)
      .map((item) => ({ item, score: scores[item], reason: reason(model, visitor, item) }));
  }

  // How much of the visitor is in each group of a grouping, by naive Bayes. Sums are float32.
  function sharesOf(model, { labels, sizes }, likes) {
    const surprise = new Float32Array(sizes.length);
    for (const film of likes) {
      const liked = new Int32Array(sizes.length), p = model.popularity[film];
      for (const user of model.likers[film]) liked[labels[user]]++;
      liked.forEach((l, group) => { surprise[group] += Math.fround(Math.log1p(l / p)); });
    }
    const logits = sizes.map((m, g) => 0.5 * (surprise[g] - likes.length * Math.log(m + 1)) + log(m));
    const most = Math.max(...logits), shares = logits.map((logit) => Math.exp(logit - most));
    const least = 1e-3 * sum(shares), kept = shares.map((share) => (share < least ? 0 : share));
    const total = sum(kept);
    return kept.map((share) => share / total);
  }

  // P(like | groups) of each film. A visitor without likes is in one group with everybody.
  function probabilities(model, shares, nLikes) {
    if (!nLikes) return model.popularity;
    const votes = new Float64Array(model.nUsers);
    let prior = 0;
    model.groupings.forEach(({ labels, sizes }, k) => {
      const each = shares[k].map((share, group) => share / (shares.length * (sizes[group] + 1)));
      for (let user = 0; user < votes.length; user++) votes[user] += each[labels[user]];
      prior += sum(each);
    });
    return likedBy(model, votes).map((u, film) => u + prior * model.popularity[film]);
  }

  // The ridge regression of what people like on what they rated, in standard deviations.
  function predictions(model, rated, given) {
    const votes = new Float64Array(model.nUsers);
    rated.forEach((film, k) => {
      const each = votesOf(model, film).votes;
      for (let user = 0; user < votes.length; user++) votes[user] += given[k] * each[user];
    });
    const found = likedBy(model, votes), mean = sum(found) / found.length;
    const spread = Math.sqrt(sum(found.map((r) => (r - mean) ** 2)) / found.length);
    return found.map((r) => (r - mean) / (spread >= 1e-9 ? spread : 1));
  }

  // What a rating of a film adds to the films that each user likes, and to the mean film:
  // (L D L^T + penalty)^-1 L D e, by conjugate gradients (Hestenes, Stiefel 1952, section 3).
  function votesOf(model, film) {
    if (model.votes.has(film)) return model.votes.get(film);
    const votes = new Float64Array(model.nUsers), rest = new Float64Array(model.nUsers);
    for (const user of model.likers[film]) rest[user] = model.weights[film];
    const direction = rest.slice();
    let size = dot(rest, rest);
    const enough = 1e-28 * size;
    for (let step = 0; step < 200 && size > enough; step++) {
      const weighted = likedBy(model, direction).map((each, item) => each * model.weights[item]);
      const image = direction.map((each, user) => model.penalty * each + total(weighted, model.films[user]));
      const length = size / dot(direction, image), before = size;
      votes.forEach((_, user) => { votes[user] += length * direction[user]; });
      rest.forEach((_, user) => { rest[user] -= length * image[user]; });
      size = dot(rest, rest);
      rest.forEach((each, user) => { direction[user] = each + (size / before) * direction[user]; });
    }
    const found = { votes, mean: sum(likedBy(model, votes)) / model.titles.length };
    model.votes.set(film, found);
    return found;
  }

  // The sum of the votes of the users who like each film.
  function likedBy(model, votes) {
    const found = new Float64Array(model.titles.length);
    for (let user = 0; user < votes.length; user++) {
      const films = model.films[user], vote = votes[user];
      for (let k = 0; k < films.length; k++) found[films[k]] += vote;
    }
    return found;
  }

  function total(numbers, places) {
    let found = 0;
    for (let k = 0; k < places.length; k++) found += numbers[places[k]];
    return found;
  }

  function median(numbers) {
    const sorted = Float64Array.from(numbers).sort(), half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  const sum = (numbers) => numbers.reduce((before, each) => before + each, 0);
  const dot = (a, b) => a.reduce((before, each, k) => before + each * b[k], 0);
  const log = (number) => Math.log(Math.max(number, 1e-9));
  const rounded = (number) => Math.round(number * 1e9) / 1e9;

  // Reasons ------------------------------------------------------------------------------------

  // The evidence of the part that lifts the item most and has some, or what everybody did.
  function reason(model, visitor, item) {
    const lifts = visitor.parts.map((part, k) => part[item] - visitor.medians[k]);
    const finders = lifts[0] >= lifts[1] ? [ofGroup, ofFilm] : [ofFilm, ofGroup];
    const lifting = finders.filter((find) => lifts[find === ofGroup ? 0 : 1] > 0);
    let found = null;
    for (const find of lifting) found ??= find(model, visitor, item);
    found ??= ofEveryone(model, item);
    const [kept, all] = [model.nUsers, model.n_all_users];
    return kept < all ? `${found}; counted among ${count(kept)} of the ${count(all)} people` : found;
  }

  // The visitor's group whose share of likes is nearest to the mean of all groupings.
  function ofGroup(model, { likes, shares }, item) {
    if (!likes.length) return null;
    const groups = model.groupings.map(({ labels, sizes }, k) => {
      const group = shares[k].indexOf(Math.max(...shares[k])), n = sizes[group];
      const inside = (film) => model.likers[film].filter((user) => labels[user] === group).length;
      return { n, inside, here: inside(item) };
    });
    const share = ({ n, here }) => here / Math.max(n, 1);
    const mean = sum(groups.map(share)) / groups.length;
    const apart = (group) => rounded(Math.abs(share(group) - mean));
    const [typical] = groups.filter(({ n, here }) => isSound(model, here, n, item)).sort((a, b) => apart(a) - apart(b));
    if (!typical) return null;
    const { n, inside, here } = typical;
    const rest = model.nUsers - n, outside = (film) => model.likers[film].length - inside(film);
    const more = (film) => inside(film) / n - outside(film) / rest;
    const too = likes.filter((film) => 2 * inside(film) > n && isMore(inside(film), n, outside(film), rest));
    const named = too.sort((a, b) => more(b) - more(a)).slice(0, 3).map((film) => model.titles[film]);
    return `${count(here)} of the ${count(n)} people who share your taste liked it ${against(model, here, n, item)}`
      + (named.length ? `; like you, most of them liked ${named.join("; ")}` : "");
  }

  // The first film that lifts the item and whose likers like it clearly more than others do.
  function ofFilm(model, { likes, weight }, item) {
    const likers = new Set(model.likers[item]);
    const adds = new Map(likes.map((film) => {
      const { votes, mean } = votesOf(model, film);
      return [film, rounded(weight.get(film) * (total(votes, model.likers[item]) - mean))];
    }));
    for (const film of likes.filter((each) => adds.get(each) > 0).sort((a, b) => adds.get(b) - adds.get(a))) {
      const n = model.likers[film].length, here = model.likers[film].filter((user) => likers.has(user)).length;
      if (!isSound(model, here, n, item)) continue;
      return `you liked ${model.titles[film]}: ${count(here)} of the ${count(n)} others who liked it liked this too `
        + against(model, here, n, item);
    }
    return null;
  }

  function ofEveryone(model, item) {
    const n = model.nRatings[item], thin = n < 10 ? "the evidence is thin: " : "";
    const mean = model.predicts ? model.means[item].toFixed(2) : "";
    if (model.nUsers === 1) return `${thin}the only other person ${mean && `rated it ${mean} and `}liked it`;
    const liked = count(model.likers[item].length), people = `of the ${count(model.nUsers)} others`;
    return thin + (mean ? `${count(n)} ${people} rated it, ${mean} on average; ${liked} liked it` : `${liked} ${people} liked it`);
  }

  // Ten of n people like the item. They are at most a quarter of all, and like it clearly more.
  function isSound(model, here, n, item) {
    const elsewhere = model.likers[item].length - here;
    return here >= 10 && n <= 0.25 * model.nUsers && isMore(here, n, elsewhere, model.nUsers - n);
  }

  // Two standard errors above the share elsewhere, which counts one more like and one more none.
  function isMore(here, n, likersElsewhere, nElsewhere) {
    const elsewhere = (likersElsewhere + 1) / (nElsewhere + 2), expected = n * elsewhere;
    return here - expected > 2 * Math.sqrt(expected * (1 - elsewhere));
  }

  const against = (model, here, n, item) =>
    `(${shareOf(here, n)}); elsewhere ${shareOf(model.likers[item].length - here, model.nUsers - n)}`;

  function shareOf(part, whole) {
    const percent = (100 * part) / whole, floor = Math.floor(percent);
    if (percent > 0 && percent < 0.5) return "under 1 %";
    if (percent >= 99.5 && percent < 100) return "over 99 %";
    // Halves go to the even number, as in Python.
    return `${percent - floor === 0.5 ? floor + (floor % 2) : Math.round(percent)} %`;
  }

  const count = (number) => number.toLocaleString("en-US");

  return { read, recommend };
})();
