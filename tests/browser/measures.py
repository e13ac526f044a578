"""Scripts that measure a page: its texts, what sticks out of the window, and when it is idle."""

# The size on screen of each text that is shown: [pixels, text]. An SVG scales its texts.
TEXT_SIZES = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || !parent.checkVisibility()) continue;
    if (parent.closest("script, style, title, .unseen, noscript, option")) continue;
    let size = parseFloat(getComputedStyle(parent).fontSize);
    const matrix = parent.getScreenCTM ? parent.getScreenCTM() : null;
    if (matrix) size *= Math.hypot(matrix.b, matrix.d);
    found.push([size, node.data.trim()]);
  }
  return found;
}"""

# What sticks out of the window on the right, outside boxes that scroll by themselves.
STICKS_OUT = """() => [...document.querySelectorAll("body *")]
  .filter(one => one.checkVisibility() && !one.closest(".scroll, .unseen, .skip"))
  .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
  .map(one => one.outerHTML.slice(0, 200))"""

# Ends when the page has no work left. What its scripts begin once it is loaded, they have begun.
IDLE = "new Promise(done => requestIdleCallback(done))"
