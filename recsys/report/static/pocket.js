// Ranks films for a visitor as recsys.PocketGroups does, and gives the same reasons.
"use strict";

// `pocket.read` takes what PocketGroups.packed made, and `pocket.recommend` takes what `read` made.
// recsys/recommenders/packing.py describes the fields. Formulas and constants are those of
// pocket_groups.py, user_groups.py, like_ridge.py, reasons.py and explanations.py beside it.
const pocket = (() => {
  // Reading ------------------------------------------------------------------------------------

  function read(packed) {
    const nUsers = packed.n_users;
    const numbers = unpacked(packed.likes);
    const films = [];
    const likers = packed.titles.map(() => []);
    for (let user = 0, at = 0; user < nUsers; user++) {
      const own = new Int32Array(numbers[at++]);
      for (let k = 0, film = 0; k < own.length; k++) {
        own[k] = film += numbers[at++];
        likers[film].push(user);
      }
      films.push(own);
    }
    const labels = bytes(packed.labels);
    const groupings = packed.n_groups.map((nGroups, k) => {
      const own = labels.subarray(k * nUsers, (k + 1) * nUsers);
      const sizes = new Float64Array(nGroups);
      films.forEach((liked, user) => { if (liked.length) sizes[own[user]]++; });
      return { labels: own, sizes };
    });
    const weights = Float64Array.from(likers, (users) => 1 / Math.sqrt(users.length));
    let trace = 0;
    for (const liked of films) for (const film of liked) trace += weights[film];
    const nRatings = unpacked(packed.n_ratings);
    const means = unpacked(packed.means).map((m) => (m % 2 ? -(m + 1) / 2 : m / 2));
    const popularity = Float64Array.from(likers, (users) => users.length / nUsers);
    const penalty = 6 * (trace / nUsers || 1);
    const votes = new Map();
    return { ...packed, nUsers, films, likers, groupings, weights, nRatings, means, popularity, penalty, votes };
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

  // The n best films that are not among the ratings, which map a film to its rating.
  function recommend(model, ratings, n) {
    const mine = [...ratings.keys()].sort((a, b) => a - b);
    const likes = mine.filter((film) => ratings.get(film) >= model.likes_from - 1e-9);
    const given = mine.map((film) => (ratings.get(film) - model.smallest) / (model.largest - model.smallest));
    const shares = model.groupings.map((grouping) => sharesOf(model, grouping, likes));
    const taste = model.taste_weight;
    const trust = mine.length / (mine.length + 10);
    const ofUsers = probabilities(model, shares, likes.length).map((u) => taste * log(u));
    const ofFilms = predictions(model, mine, given).map((r) => 0.4 * taste * trust * r);
    const popular = model.popularity.map((p) => (1 - taste) * log(p));
    const parts = [ofUsers, ofFilms, popular].map((part) => part.map(rounded));
    const scores = parts[0].map((score, film) => score + parts[1][film] + parts[2][film]);
    const may = [...scores.keys()].filter((film) => !ratings.has(film));
    const best = [...may].sort((a, b) => scores[b] - scores[a] || model.nRatings[b] - model.nRatings[a] || a - b);
    const medians = parts.map((part) => median(Float64Array.from(may, (film) => part[film])));
    const visitor = { ratings, likes, shares, parts, medians };
    return best.slice(0, n).map((item) => ({ item, score: scores[item], reason: reason(model, visitor, item) }));
  }

  // How much of the visitor is in each group of a grouping: a naive Bayes classifier.
  function sharesOf(model, { labels, sizes }, likes) {
    const sums = new Float32Array(sizes.length);
    for (const film of likes) {
      const liked = new Int32Array(sizes.length);
      for (const user of model.likers[film]) liked[labels[user]]++;
      for (let g = 0; g < sums.length; g++) sums[g] += Math.fround(Math.log1p(liked[g] / model.popularity[film]));
    }
    const logits = sizes.map((m, g) => 0.5 * (sums[g] - likes.length * Math.log(m + 1)) + log(m));
    const most = Math.max(...logits);
    const shares = logits.map((logit) => Math.exp(logit - most));
    const least = 1e-3 * sum(shares);
    const kept = shares.map((share) => (share < least ? 0 : share));
    const total = sum(kept);
    return kept.map((share) => share / total);
  }

  // P(like | groups) of each film. A visitor without likes is in one group with everybody.
  function probabilities(model, shares, nLikes) {
    const votes = new Float64Array(model.nUsers);
    let prior = 0;
    shares.forEach((share, k) => {
      const { labels, sizes } = model.groupings[k];
      const each = nLikes ? share.map((s, g) => s / (shares.length * (sizes[g] + 1))) : null;
      const alone = 1 / (shares.length * (model.nUsers + 1));
      for (let user = 0; user < votes.length; user++) votes[user] += each ? each[labels[user]] : alone;
      prior += each ? sum(each) : alone;
    });
    return sums(model, votes).map((liked, film) => liked + prior * model.popularity[film]);
  }

  // The ridge regression: what the visitor may like, given what they rated.
  function predictions(model, mine, given) {
    const votes = new Float64Array(model.nUsers);
    mine.forEach((film, k) => {
      const each = votesOf(model, film).votes;
      for (let user = 0; user < votes.length; user++) votes[user] += given[k] * each[user];
    });
    const found = sums(model, votes);
    const mean = sum(found) / found.length;
    const spread = Math.sqrt(sum(found.map((r) => (r - mean) ** 2)) / found.length);
    return found.map((r) => (r - mean) / (spread >= 1e-9 ? spread : 1));
  }

  // What each user adds to the films they like because the visitor rated a film, and the mean of
  // all films. They solve (L D L^T + penalty) votes = L D e by conjugate gradients (Hestenes,
  // Stiefel 1952, section 3), and are kept, because most of the visitor's ratings stay.
  function votesOf(model, film) {
    if (model.votes.has(film)) return model.votes.get(film);
    const votes = new Float64Array(model.nUsers), rest = new Float64Array(model.nUsers);
    for (const user of model.likers[film]) rest[user] = model.weights[film];
    const direction = rest.slice();
    let size = dot(rest, rest);
    const enough = 1e-28 * size;
    for (let step = 0; step < 200 && size > enough; step++) {
      const image = timesKernel(model, direction);
      const length = size / dot(direction, image);
      for (let u = 0; u < votes.length; u++) { votes[u] += length * direction[u]; rest[u] -= length * image[u]; }
      const next = dot(rest, rest);
      for (let u = 0; u < votes.length; u++) direction[u] = rest[u] + (next / size) * direction[u];
      size = next;
    }
    const found = { votes, mean: sum(sums(model, votes)) / model.titles.length };
    model.votes.set(film, found);
    return found;
  }

  function timesKernel(model, votes) {
    const weighted = sums(model, votes);
    for (let film = 0; film < weighted.length; film++) weighted[film] *= model.weights[film];
    const image = new Float64Array(votes.length);
    for (let user = 0; user < votes.length; user++) {
      const films = model.films[user];
      let total = model.penalty * votes[user];
      for (let k = 0; k < films.length; k++) total += weighted[films[k]];
      image[user] = total;
    }
    return image;
  }

  // For each film the sum of the votes of the users who like it.
  function sums(model, votes) {
    const found = new Float64Array(model.titles.length);
    for (let user = 0; user < votes.length; user++) {
      const films = model.films[user], vote = votes[user];
      for (let k = 0; k < films.length; k++) found[films[k]] += vote;
    }
    return found;
  }

  const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);
  const dot = (a, b) => a.reduce((total, each, k) => total + each * b[k], 0);
  const log = (number) => Math.log(Math.max(number, 1e-9));
  const rounded = (number) => Math.round(number * 1e9) / 1e9;

  function median(numbers) {
    numbers.sort();
    const half = numbers.length >> 1;
    return numbers.length % 2 ? numbers[half] : (numbers[half - 1] + numbers[half]) / 2;
  }

  // Reasons ------------------------------------------------------------------------------------

  // The evidence of the part that lifts the film most and has some, or what everybody did.
  function reason(model, visitor, item) {
    const lifts = visitor.parts.map((part, k) => part[item] - visitor.medians[k]);
    const strongest = [0, 1].filter((k) => lifts[k] > 0).sort((a, b) => lifts[b] - lifts[a]);
    const find = [ofGroup, ofFilm];
    const found = strongest.map((k) => find[k](model, visitor, item)).find((each) => each);
    const among = `; counted among ${count(model.nUsers)} of the ${count(model.n_all_users)} people`;
    return (found ?? ofEveryone(model, item)) + (model.nUsers < model.n_all_users ? among : "");
  }

  // The visitor's group whose share of likes is nearest to the mean of all groupings.
  function ofGroup(model, { likes, shares }, item) {
    if (!likes.length) return null;
    const nLikers = model.likers[item].length;
    const groups = shares.map((share, k) => {
      const group = share.indexOf(Math.max(...share));
      const n = model.groupings[k].sizes[group];
      const likersIn = (film) => model.likers[film].filter((user) => model.groupings[k].labels[user] === group).length;
      return { n, likersIn, here: likersIn(item) };
    });
    const mean = sum(groups.map(({ n, here }) => here / Math.max(n, 1))) / groups.length;
    let typical = null, least = Infinity;
    for (const group of groups) {
      const { n, here } = group;
      const apart = rounded(Math.abs(here / Math.max(n, 1) - mean));
      const sound = here >= 10 && n <= 0.25 * model.nUsers && clearlyMore(here, n, nLikers - here, model.nUsers - n);
      if (sound && apart < least) { typical = group; least = apart; }
    }
    if (!typical) return null;
    const { n, likersIn, here } = typical;
    const rest = model.nUsers - n;
    const too = likes.map((film) => ({ film, inside: likersIn(film), outside: model.likers[film].length - likersIn(film) }))
      .filter(({ inside, outside }) => 2 * inside > n && clearlyMore(inside, n, outside, rest))
      .sort((a, b) => b.inside / n - b.outside / rest - (a.inside / n - a.outside / rest) || a.film - b.film);
    const named = too.slice(0, 3).map(({ film }) => model.titles[film]).join("; ");
    return `${count(here)} of the ${count(n)} people who share your taste liked it (${shareOf(here, n)}); elsewhere `
      + shareOf(nLikers - here, rest) + (named ? `; like you, most of them liked ${named}` : "");
  }

  // The film that the visitor liked whose likers like this one clearly more than others do.
  function ofFilm(model, { ratings, likes }, item) {
    const likesIt = new Set(model.likers[item]);
    const adds = (film) => {
      const { votes, mean } = votesOf(model, film);
      const weight = (ratings.get(film) - model.smallest) / (model.largest - model.smallest);
      return rounded(weight * (sum(model.likers[item].map((user) => votes[user])) - mean));
    };
    const lifting = likes.map((film) => ({ film, lift: adds(film) })).filter(({ lift }) => lift > 0);
    for (const { film } of lifting.sort((a, b) => b.lift - a.lift || a.film - b.film)) {
      const n = model.likers[film].length, here = model.likers[film].filter((user) => likesIt.has(user)).length;
      const elsewhere = likesIt.size - here, rest = model.nUsers - n;
      if (here >= 10 && n <= 0.25 * model.nUsers && clearlyMore(here, n, elsewhere, rest)) {
        return `you liked ${model.titles[film]}: ${count(here)} of the ${count(n)} others who liked it liked this too `
          + `(${shareOf(here, n)}); elsewhere ${shareOf(elsewhere, rest)}`;
      }
    }
    return null;
  }

  function ofEveryone(model, item) {
    const n = model.nRatings[item], thin = n < 10 ? "the evidence is thin: " : "";
    const liked = count(model.likers[item].length), people = `of the ${count(model.nUsers)} others`;
    const mean = model.predicts ? (model.means[item] / 100).toFixed(2) : "";
    if (model.nUsers === 1) return `${thin}the only other user ${mean && `rated it ${mean} and `}liked it`;
    return thin + (mean ? `${count(n)} ${people} rated it, ${mean} on average; ${liked} liked it` : `${liked} ${people} liked it`);
  }

  // Two standard errors above the share elsewhere, which counts one more like and one more none.
  function clearlyMore(nLiked, n, nLikedElsewhere, nElsewhere) {
    const elsewhere = (nLikedElsewhere + 1) / (nElsewhere + 2), expected = n * elsewhere;
    return nLiked - expected > 2 * Math.sqrt(expected * (1 - elsewhere));
  }

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
