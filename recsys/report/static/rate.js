// The section "rate": search, ratings in the page's address, and a list that follows each rating.
"use strict";

// `data` is that of recsys/report/rating_form.py. `source` answers with promises, and knows films as
// {id, title}, where ids are text:
//   find(text, n) -> {films, nFound}    titles(ids) -> films, those that it knows
//   recommend(pairs of id and rating, n) -> films with a reason
function rateFilms(data, source) {
  const PREFIX = "#rate=";
  const N_FOUND = 8;
  const part = (name) => document.getElementById(`rate-${name}`);
  const ratings = new Map(); // of film ids to ratings, in the order in which they were given
  const rows = new Map(); // of film ids to {item, show, focus}
  const smallest = data.ratings[0];
  const largest = data.ratings[data.ratings.length - 1];

  // Ratings ---------------------------------------------------------------------------------------

  function rate(id, rating) {
    if (rating === null) ratings.delete(id);
    else ratings.set(id, rating);
    rows.get(id).show();
    part("note").textContent = "";
    write();
    refresh();
  }

  const byId = ([a], [b]) => (a < b ? -1 : 1);

  // The same ratings make the same address and the same list, in whatever order they were given.
  const given = () => [...ratings].sort(byId);

  function address() {
    const pairs = given().map(([id, rating]) => `${encodeURIComponent(id)}:${rating}`);
    return pairs.length ? PREFIX + pairs.join(",") : "#rate";
  }

  function write() {
    if (location.hash !== address()) history.replaceState(null, "", address());
  }

  async function read() {
    const pairs = location.hash.slice(PREFIX.length).split(",").filter(Boolean).map(pairOf);
    const found = new Map(pairs.filter(Boolean));
    let films;
    try {
      films = await source.titles([...found.keys()]);
    } catch (error) {
      part("note").textContent = error.message;
      return;
    }
    forget();
    for (const film of films) {
      ratings.set(film.id, found.get(film.id));
      row(film).show();
    }
    const nLost = pairs.length - films.length;
    if (nLost) {
      part("note").textContent = films.length
        ? `${films.length} of the ${pairs.length.toLocaleString("en")} ratings in the link can be used ` +
          "here. The others are of films that this page does not know or that are rated twice, or " +
          "they are no ratings that can be given here."
        : "No rating in the link can be used here: the page does not know the films, or they are no " +
          "ratings that can be given here.";
    }
    document.getElementById("rate").scrollIntoView();
    await refresh();
  }

  function pairOf(text) {
    const [id, rating] = text.split(":");
    try {
      return data.ratings.includes(Number(rating)) && rating
        ? [decodeURIComponent(id), Number(rating)] : null;
    } catch {
      return null; // a percent sign that encodes nothing
    }
  }

  // Back to the films of the beginning, without ratings.
  function forget() {
    ratings.clear();
    rows.clear();
    part("rows").replaceChildren();
    for (const [id, title] of data.films) part("rows").append(row({ id, title }).item);
  }

  // Rows of films ---------------------------------------------------------------------------------

  // The row of a film; a new one is the first.
  function row(film) {
    if (!rows.has(film.id)) {
      const made = madeRow(film);
      rows.set(film.id, made);
      part("rows").prepend(made.item);
    }
    return rows.get(film.id);
  }

  function madeRow(film) {
    const item = element("li");
    const title = element("span", { class: "rate-title", dir: "auto" }, film.title);
    const holder = element("div", { class: "rate-control" });
    const control = { stars, list, like }[data.control](film);
    const name = `Clear the rating of ${film.title}`;
    const clear = element("button", { type: "button", class: "rate-clear", "aria-label": name }, "\u00d7");
    clear.addEventListener("click", () => {
      rate(film.id, null);
      control.focus.focus();
    });
    holder.append(control.element, control.value);
    item.append(title, holder, clear);
    item.addEventListener("keydown", (event) => {
      if (event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      if (ratings.has(film.id)) rate(film.id, null);
    });
    const show = () => {
      item.classList.toggle("rated", ratings.has(film.id));
      control.show(ratings.get(film.id) ?? null);
    };
    show();
    return { item, show, focus: () => control.focus.focus() };
  }

  // Stars: a slider for the keyboard and screen readers, and an area that takes clicks and taps. The
  // slider counts choices, because 0 stands for "not rated".
  function stars(film) {
    const area = element("div", { class: "rate-stars" });
    const value = element("span", { class: "rate-value", "aria-hidden": true });
    const slider = element("input", { type: "range", min: 0, max: data.ratings.length, step: 1,
      "aria-label": `Stars for ${film.title}` });
    area.style.setProperty("--of", largest);
    area.append(slider);
    const draw = (rating) => area.style.setProperty("--stars", rating ?? 0);
    const show = (rating) => {
      const text = rating === null ? "not rated" : `${rating} of ${counted(largest, "star")}`;
      slider.value = data.ratings.indexOf(rating) + 1;
      slider.setAttribute("aria-valuetext", text);
      value.textContent = rating === null ? "" : String(rating);
      draw(rating);
    };
    const at = (event) => {
      const box = area.getBoundingClientRect();
      const pointed = ((event.clientX - box.left) / box.width) * largest;
      return data.ratings.find((rating) => rating >= pointed) ?? largest;
    };
    slider.addEventListener("input", () => {
      rate(film.id, slider.value === "0" ? null : data.ratings[slider.value - 1]);
    });
    slider.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return; // the browser's own keys
      const typed = event.key === "Home" ? smallest : Number(event.key);
      if (event.key === " " || !data.ratings.includes(typed)) return;
      event.preventDefault();
      rate(film.id, typed);
    });
    area.addEventListener("click", (event) => {
      slider.focus({ preventScroll: true });
      rate(film.id, at(event));
    });
    area.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") draw(at(event));
    });
    area.addEventListener("pointerleave", () => draw(ratings.get(film.id) ?? null));
    return { element: area, value, show, focus: slider };
  }

  function list(film) {
    const select = element("select", { "aria-label": `Rating of ${film.title}` });
    select.append(new Option("not rated", ""));
    for (const rating of [...data.ratings].reverse()) select.append(new Option(rating, rating));
    select.addEventListener("change", () => {
      rate(film.id, select.value === "" ? null : Number(select.value));
    });
    const show = (rating) => (select.value = rating ?? "");
    const value = element("span", { class: "rate-value" }, `from ${smallest} to ${largest}`);
    return { element: select, value, show, focus: select };
  }

  function like(film) {
    const button = element("button", { type: "button", class: "rate-like" }, "Like");
    button.append(element("span", { class: "unseen" }, `: ${film.title}`));
    button.addEventListener("click", () => rate(film.id, ratings.has(film.id) ? null : largest));
    const show = (rating) => button.setAttribute("aria-pressed", rating !== null);
    return { element: button, value: element("span"), show, focus: button };
  }

  // The list --------------------------------------------------------------------------------------

  const refresh = oneAtATime(async (isOutdated) => {
    try {
      const best = await source.recommend(given(), data.n);
      if (!isOutdated()) showBest(best);
    } catch (error) {
      part("note").textContent = error.message;
    }
  });

  let before = null; // the ids of the list that was shown before

  function showBest(best) {
    const items = best.map((film) => {
      const item = element("li", { class: before && !before.has(film.id) ? "fresh" : "" });
      const isLike = data.control === "like";
      const add = element("button", { type: "button", class: "rate-it" }, isLike ? "Like it" : "Rate it");
      add.append(element("span", { class: "unseen" }, `: ${film.title}`));
      add.addEventListener("click", () => {
        row(film).focus();
        if (isLike) rate(film.id, largest);
      });
      item.append(add, element("strong", { dir: "auto" }, film.title));
      item.append(element("p", { dir: "auto" }, film.reason));
      return item;
    });
    before = new Set(best.map((film) => film.id));
    part("best").replaceChildren(...items);
    const mine = `Your list from ${counted(ratings.size, "rating")}`;
    part("heading").textContent = ratings.size ? mine : "What most people like";
    const first = best.slice(0, 3).map((film) => film.title).join(" \u00b7 ");
    part("summary").textContent = !best.length ? "There is no other film to recommend."
      : ratings.size ? `${mine} begins: ${first}` : `Most people like: ${first}`;
  }

  // Search: a combobox with a list box, as in the WAI-ARIA practices ------------------------------

  const input = part("find");
  const found = part("found");
  let active = -1;

  const search = oneAtATime(async (isOutdated) => {
    const text = input.value;
    if (!text.trim()) return close();
    let answer;
    try {
      answer = await source.find(text, N_FOUND);
    } catch (error) {
      answer = { films: [], nFound: 0 };
      part("note").textContent = error.message;
    }
    if (!isOutdated() && input.value === text && document.activeElement === input) showFound(answer);
  });

  function showFound(answer) {
    found.replaceChildren(...answer.films.map(option));
    const { length } = answer.films;
    const more = answer.nFound > length ? `, the first ${length} are shown` : "";
    const said = answer.nFound ? `${counted(answer.nFound, "film")} found${more}.`
      : "No film has these words.";
    part("count").textContent = said;
    if (!length) found.append(element("li", { role: "option", "aria-disabled": true }, said));
    activate(-1);
    open(true);
  }

  function option(film, place) {
    const item = element("li", { id: `rate-option-${place}`, role: "option", dir: "auto" }, film.title);
    item.addEventListener("click", () => {
      input.value = "";
      close();
      row(film).focus();
    });
    return item;
  }

  function activate(place) {
    active = place;
    [...found.children].forEach((item, one) => {
      item.setAttribute("aria-selected", one === place);
      if (one === place) item.scrollIntoView({ block: "nearest" });
    });
    if (place < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", found.children[place].id);
  }

  function open(isOpen) {
    found.hidden = !isOpen;
    input.setAttribute("aria-expanded", isOpen);
  }

  function close() {
    found.replaceChildren();
    activate(-1);
    open(false);
  }

  input.addEventListener("input", search);
  input.addEventListener("focus", search);
  input.addEventListener("blur", close);
  found.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays
  input.addEventListener("keydown", (event) => {
    const options = [...found.children].filter((item) => item.id);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      const from = active < 0 && step < 0 ? 0 : active;
      activate((from + step + options.length) % options.length);
    } else if (step) {
      search();
    } else if (event.key === "Enter" && options.length) {
      options[Math.max(active, 0)].click();
    } else if (event.key === "Escape" && !found.hidden) {
      close();
    } else if (event.key === "Escape") {
      input.value = "";
    } else {
      return;
    }
    event.preventDefault();
  });

  // The page --------------------------------------------------------------------------------------

  function element(name, attributes = {}, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  // Calls `work` at once, or when its present call has ended. Of the calls that were asked for in the
  // meantime, only the last is made. `work` gets a function that tells whether one waits.
  function oneAtATime(work) {
    let isBusy = false;
    let isWaiting = false;
    return async () => {
      isWaiting = true;
      if (isBusy) return;
      isBusy = true;
      while (isWaiting) {
        isWaiting = false;
        await work(() => isWaiting);
      }
      isBusy = false;
    };
  }

  const counted = (n, one) => `${n.toLocaleString("en")} ${one}${n === 1 ? "" : "s"}`;

  part("clear").addEventListener("click", () => {
    forget();
    write();
    part("note").textContent = "All ratings are cleared.";
    refresh();
  });

  part("share").addEventListener("click", async () => {
    if (!ratings.size) {
      part("note").textContent = "Rate a film first: the link holds your ratings.";
      return;
    }
    const link = location.href.split("#")[0] + address();
    try {
      await navigator.clipboard.writeText(link);
      part("note").textContent = "The link is copied. Your ratings are in it.";
    } catch {
      part("note").textContent = `Copy this link; your ratings are in it: ${link}`;
    }
  });

  window.addEventListener("hashchange", () => {
    if (location.hash === address()) return;
    if (location.hash.startsWith(PREFIX)) read();
    else if (ratings.size) write(); // a link to another section must not drop the ratings
  });

  forget();
  if (location.hash.startsWith(PREFIX)) read();
  else refresh();
}
