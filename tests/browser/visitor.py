"""A visitor of the section "rate": what the visitor does there, and what the page then shows."""

from dataclasses import dataclass
from typing import Any

BEST = """[...document.querySelectorAll("#rate-best li")]
  .map(one => [one.querySelector("strong").textContent, one.querySelector("p").textContent])"""


@dataclass
class Visitor:
    """A visitor with a page of Playwright."""

    page: Any

    def best(self) -> list[tuple[str, str]]:
        """The titles and the reasons of the list."""
        return [(title, reason) for title, reason in self.page.evaluate(BEST)]

    def titles(self) -> list[str]:
        """The titles of the list."""
        return [title for title, _ in self.best()]

    def hash(self) -> str:
        """The end of the page's address, which holds the ratings."""
        found: str = self.page.evaluate("location.hash")
        return found

    def text(self, part: str) -> str:
        """The text of a part of the section, such as its note."""
        found: str = self.page.locator(f"#rate-{part}").text_content()
        return found

    def focused(self) -> str:
        """The label or else the text of the element that has the focus."""
        label = "document.activeElement.getAttribute('aria-label')"
        found: str = self.page.evaluate(f"{label} ?? document.activeElement.textContent.trim()")
        return found

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab_to(self, element: str) -> None:
        """Press Tab until an element has the focus that a selector finds."""
        for _ in range(60):
            self.press("Tab")
            if self.page.evaluate("element => document.activeElement.matches(element)", element):
                return
        raise AssertionError(f"60 times Tab do not reach {element}")

    def search(self, words: str) -> list[str]:
        """Type words into the search, which has the focus already, and read what is found."""
        self.page.keyboard.type(words)
        self.page.locator("#rate-found").wait_for()
        found: list[str] = self.page.locator("#rate-found li").all_text_contents()
        return found

    def follow(self, link: str) -> None:
        """Open a link with ratings in the same window, and wait for its list."""
        self.page.evaluate("link => { location.hash = link; }", link)
        self.page.wait_for_function("link => location.hash === link", arg=link)
        # The page reads the link in a task of its own, and asks for the list in further ones.
        self.page.evaluate("() => new Promise(done => setTimeout(done, 50))")
