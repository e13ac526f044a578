// The whole page: a click on a heading sorts its table; printing opens what is folded.
"use strict";

for (const table of document.querySelectorAll(".scroll table")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sortTable(table, headings, column));
  });
}

function sortTable(table, headings, column) {
  const heading = headings[column];
  const rising = heading.getAttribute("aria-sort") !== "ascending";
  headings.forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const numeric = heading.classList.contains("number");
  const key = (row) => {
    const text = row.cells[column].textContent.trim();
    if (!numeric) return text;
    // A cell such as "16 to 31" has the value of its first number.
    const value = parseFloat(text.replaceAll(",", ""));
    // Missing values come last in both directions.
    return Number.isNaN(value) ? (rising ? Infinity : -Infinity) : value;
  };
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    const order = numeric ? (x < y ? -1 : x > y ? 1 : 0) : x.localeCompare(y);
    return rising ? order : -order;
  });
  table.tBodies[0].append(...rows);
}

window.addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details.print")) folded.open = true;
});
