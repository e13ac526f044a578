// A click on a heading sorts its table. The list of sections marks the section on screen.
"use strict";

for (const table of document.querySelectorAll("table")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(table, headings, column));
  });
}

function sort(table, headings, column) {
  const heading = headings[column];
  const rising = heading.getAttribute("aria-sort") !== "ascending";
  headings.forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const numeric = heading.classList.contains("number");
  const key = (row) => {
    const text = row.cells[column].textContent;
    // Missing values come last in both directions.
    return numeric ? (Number.isNaN(Number(text)) ? (rising ? Infinity : -Infinity) : Number(text)) : text;
  };
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    const order = numeric ? (x < y ? -1 : x > y ? 1 : 0) : x.localeCompare(y);
    return rising ? order : -order;
  });
  table.tBodies[0].append(...rows);
}

const links = new Map(
  [...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link])
);
const watcher = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.classList.remove("current"));
      links.get(entry.target.id).classList.add("current");
    }
  },
  { rootMargin: "0px 0px -75% 0px" }
);
document.querySelectorAll("main section").forEach((section) => watcher.observe(section));
