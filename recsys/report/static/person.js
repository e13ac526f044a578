// One person: shows the user whose id is typed. All texts come from Python.
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("person-data").textContent);
  const shown = document.getElementById("person-shown");
  const input = document.getElementById("person-id");
  const said = document.getElementById("person-said");
  const idOf = (person) => person.name.slice("User ".length);
  const places = new Map(data.people.map((person, place) => [idOf(person), place]));
  let now = 0;

  const part = (css) => shown.querySelector(css);
  const SVG = "http://www.w3.org/2000/svg";

  function element(name, attributes = {}, ...children) {
    const isDrawn = ["svg", "line", "circle", "polygon", "text", "tspan"].includes(name);
    const made = isDrawn ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function texts(css, list, attributes = {}) {
    part(css).replaceChildren(...list.map((text) => element("p", { dir: "auto", ...attributes }, text)));
  }

  function rated(css, films) {
    part(css).hidden = films.length === 0;
    part(`${css} ul`).replaceChildren(...films.map(([title, rating]) => element("li", {},
      element("span", { dir: "auto" }, data.titles[title]),
      ...(rating ? [" ", element("b", {}, rating)] : []))));
  }

  function line([at, low, high]) {
    return element("svg", { class: "line", viewBox: "-5 0 110 12", "aria-hidden": true, focusable: false },
      element("line", { class: "axis", x1: 0, x2: 100, y1: 6, y2: 6 }),
      element("line", { class: "interval", x1: low, x2: high, y1: 6, y2: 6 }),
      element("circle", { class: "mark", cx: at, cy: 6, r: 5 }));
  }

  function film([title, score, rating, within, reason, at]) {
    const figures = element("p", { class: "figures" });
    if (at.length) {
      figures.append(line(at), element("span", {},
        "predicted ", element("b", {}, rating), ` (${within})`));
    }
    figures.append(element("span", {}, "score ", element("b", {}, score)));
    return element("li", {},
      element("p", { class: "film", dir: "auto" }, data.titles[title]), figures,
      element("p", { class: "reason", dir: "auto" }, reason));
  }

  // As templates/charts/waterfall.svg.
  function waterfall({ base, ticks, ends: [low, high], rows }) {
    const drawn = [];
    const draw = (...made) => drawn.push(element(...made));
    for (const [at, text] of ticks) {
      draw("line", { class: "grid", x1: at, x2: at, y1: 0, y2: base });
      draw("text", { class: "middle label", x: at, y: base + 14 }, text);
    }
    rows.forEach(([name, y, bar, end, number, css, arrow, numberAt], row) => {
      const isLast = row === rows.length - 1;
      const lines = data.names[name];
      lines.forEach((text, i) => draw("text", { class: "halo", x: 0, y: y + 15 * i }, text,
        ...(arrow || i < lines.length - 1 ? [] : [" ", element("tspan", { class: "strong" }, number)])));
      if (arrow) {
        draw("polygon", { class: css, points: arrow });
        draw("text", { class: "halo", x: numberAt, y: bar + 11 }, number);
      } else {
        if (isLast && low !== null) {
          draw("line", { class: "interval", x1: low, x2: high, y1: bar + 7, y2: bar + 7 });
        }
        draw("circle", { class: "mark", cx: end, cy: bar + 7, r: 6 });
      }
      if (!isLast) draw("line", { class: "link", x1: end, x2: end, y1: bar + 14, y2: rows[row + 1][2] });
    });
    const svg = part(".waterfall");
    svg.setAttribute("viewBox", `0 0 328 ${base + 18}`);
    svg.replaceChildren(...drawn);
  }

  function takenApart(apart) {
    part(".person-apart").hidden = !apart;
    if (!apart) return;
    part("figure h3").textContent = apart.title;
    part("figcaption").textContent = apart.seen;
    part("figure .unseen").textContent = ` of “${apart.title}”`;
    waterfall(apart);
    part("tbody").replaceChildren(...apart.parts.map(([name, value]) => element("tr", {},
      element("td", { dir: "auto" }, name), element("td", { class: "number" }, value))));
  }

  function show(place) {
    now = (place + data.people.length) % data.people.length;
    const person = data.people[now];
    part(".person-name").textContent = person.name;
    texts(".person-facts", person.facts);
    texts(".person-warnings", person.warnings, { class: "banner" });
    rated(".highest", person.highest);
    rated(".lowest", person.lowest);
    part(".person-films").replaceChildren(...person.films.map(film));
    takenApart(person.apart);
    said.textContent = `${person.name} is shown.`;
  }

  document.getElementById("person-ids").append(
    ...data.people.map((person) => element("option", { value: idOf(person) })));
  document.getElementById("person-choice").addEventListener("submit", (event) => {
    event.preventDefault();
    const place = places.get(input.value.trim());
    if (place === undefined) said.textContent = `There is no user ${input.value.trim()} on this page.`;
    else show(place);
  });
  // A choice from the list is shown at once.
  input.addEventListener("input", (event) => {
    const isChosen = !(event instanceof InputEvent) || event.inputType === "insertReplacementText";
    if (isChosen && places.has(input.value)) show(places.get(input.value));
  });
  document.getElementById("person-before").addEventListener("click", () => show(now - 1));
  document.getElementById("person-after").addEventListener("click", () => show(now + 1));
})();
