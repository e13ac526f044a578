// The map of films: pointing at a film, walking with arrow keys, search, and one taste at a time.
"use strict";

{
  const NEAR_POINTER = 24; // pixels
  const LONGEST = 28; // letters of the title beside the dot
  const SVG = "http://www.w3.org/2000/svg";
  const part = (name) => document.getElementById(`film-map-${name}`);
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const stage = part("stage");
  const drawing = part("drawing");
  const dots = [...part("dots").children];
  const films = data.films.map(([x, y, likes, taste, alike], i) => {
    const title = dots[i].querySelector("title");
    title.remove(); // the page shows the title itself
    return { x, y, likes, taste, alike, title: title.textContent };
  });
  let here; // the film that is shown

  // One film -------------------------------------------------------------------------------------

  function show(film) {
    if (film === here) return;
    here = film;
    const { x, y, likes, taste, alike, title } = films[film];
    part("title").textContent = title;
    const liked = `${likes.toLocaleString("en")} people liked it.`;
    part("likes").textContent = `${liked} ${data.tastes[taste]}.`;
    alike.forEach((other, i) => {
      buttons[i].textContent = films[other].title;
    });
    part("lines").replaceChildren(
      ...alike.flatMap((other) => {
        const { x: x2, y: y2 } = films[other];
        return [drawn("line", { x1: x, y1: y, x2, y2 }), drawn("circle", { cx: x2, cy: y2, r: 4 })];
      }),
    );
    const isLeft = x < drawing.viewBox.baseVal.width / 2;
    const text = drawn("text", {
      x: isLeft ? x + 8 : x - 8,
      y: y + 4,
      class: isLeft ? "start" : "end",
    });
    text.textContent = title.length > LONGEST ? `${title.slice(0, LONGEST - 1)}…` : title;
    part("here").replaceChildren(drawn("circle", { cx: x, cy: y, r: 6 }), text);
  }

  function drawn(name, attributes) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  // The buttons stay, so that a reader who goes on with one keeps the focus.
  const buttons = films[0].alike.map((_, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dir = "auto";
    button.addEventListener("click", () => show(films[here].alike[i]));
    const item = document.createElement("li");
    item.append(button);
    part("alike").append(item);
    return button;
  });

  // The pointer ----------------------------------------------------------------------------------

  function pointed(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      drawing.getScreenCTM().inverse(),
    );
    const far = (film) => Math.hypot(film.x - at.x, film.y - at.y);
    const distances = films.map(far);
    const nearest = distances.indexOf(Math.min(...distances));
    if (distances[nearest] * drawing.getScreenCTM().a <= NEAR_POINTER) show(nearest);
  }
  stage.addEventListener("pointermove", (event) => event.pointerType === "mouse" && pointed(event));
  stage.addEventListener("click", pointed);

  // The keyboard ---------------------------------------------------------------------------------

  const DIRECTIONS = {
    ArrowRight: [1, 0],
    ArrowLeft: [-1, 0],
    ArrowDown: [0, 1],
    ArrowUp: [0, -1],
  };

  // The nearest film in the quarter of the map that lies in this direction.
  function toward([right, down]) {
    let best = here;
    let least = Infinity;
    films.forEach(({ x, y }, film) => {
      const [dx, dy] = [x - films[here].x, y - films[here].y];
      const along = dx * right + dy * down;
      const across = Math.abs(dx * down + dy * right);
      const cost = along + 2 * across;
      if (along > 0 && across <= along && cost < least) [best, least] = [film, cost];
    });
    return best;
  }

  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-label", "Map of films");
  stage.setAttribute("aria-describedby", part("help").id);
  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const last = films.length - 1;
    let next;
    if (event.key in DIRECTIONS) next = toward(DIRECTIONS[event.key]);
    else if (event.key === "PageDown") next = Math.min(here + 1, last);
    else if (event.key === "PageUp") next = Math.max(here - 1, 0);
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else return;
    event.preventDefault();
    show(next);
  });

  // Search ---------------------------------------------------------------------------------------

  const plain = (text) =>
    text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
  const plainTitles = films.map((film) => plain(film.title));

  part("titles").append(
    ...films.map(({ title }) => {
      const option = document.createElement("option");
      option.value = title;
      return option;
    }),
  );

  // Of a text being typed, only a whole title counts.
  function find(isDone) {
    const text = plain(part("find").value);
    part("lost").textContent = "";
    if (!text) return;
    let found = plainTitles.indexOf(text);
    if (found < 0 && isDone) found = plainTitles.findIndex((title) => title.includes(text));
    if (found >= 0) show(found);
    else if (isDone) part("lost").textContent = `No film on the map is called “${text}”.`;
  }
  part("find").addEventListener("input", () => find(false));
  part("find").addEventListener("change", () => find(true));

  // Tastes ---------------------------------------------------------------------------------------

  let only = null;
  const items = [...part("tastes").children];

  function showOnly(taste) {
    only = only === taste ? null : taste;
    films.forEach((film, i) => {
      dots[i].classList.toggle("faint", only !== null && film.taste !== only);
    });
    for (const item of items) {
      item.firstChild.setAttribute("aria-pressed", String(Number(item.dataset.taste) === only));
    }
  }

  for (const item of items) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.append(...item.childNodes);
    item.append(button);
    button.addEventListener("click", () => showOnly(Number(item.dataset.taste)));
  }

  show(0);
}
