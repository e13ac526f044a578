// Names the buttons that unfold a part of the list of pages: the theme gives them none.
document.addEventListener("DOMContentLoaded", () => {
  for (const summary of document.querySelectorAll(".toctree-l1 summary, .toctree-l2 summary")) {
    const link = summary.closest("li").querySelector("a");
    summary.setAttribute("aria-label", `Pages of ${link.textContent}`);
  }
});
