"""The kiosk's screen without a finger: Tab and Enter only, as whoever cannot reach it or cannot see it well uses it."""

from kiosk_screen import WITHIN_MS, KioskScreen
from playwright.sync_api import Error, Locator, expect

MOST_STEPS = 60
FOCUS = """(wanted) => {
  const at = document.activeElement;
  if (at !== wanted) return at === document.body ? "nothing" : at.tagName + " " + (at.innerText || at.name || "");
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const ring = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
  window.hasEntered = false;
  sessionStorage.removeItem("entered");
  wanted.addEventListener("keydown", () => {
    window.hasEntered = true;
    sessionStorage.setItem("entered", "yes");
  }, { once: true });
  const seen = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  return ring >= 6 && seen ? "" : `a ring of ${ring} px around what is ${seen ? "in" : "out of"} sight`;
}"""
ENTERED = "window.hasEntered === true || sessionStorage.getItem('entered') === 'yes'"
"""The first is gone with the page, the second with the session."""


class KeyboardScreen(KioskScreen):
    """Whatever is pressed is walked to and entered; where the focus is can be seen."""

    def _click(self, what: Locator) -> None:
        self._counter.taps += 1
        entered = False
        while not entered:
            self._walk_to(what.first)
            self.page.keyboard.press("Enter")
            entered = self._has_entered(what.first)

    def _has_entered(self, wanted: Locator) -> bool:
        """The key has reached it; not where news drew the page anew just before, and the focus went to its heading.
        What is gone was reached."""
        try:
            return self.page.evaluate(ENTERED) or not wanted.count()
        except Error:
            return True  # another page is loaded: that was the key's doing

    def type(self, digits: str) -> None:
        self._walk_to(self.page.locator(".typed input"))
        self.page.keyboard.type(digits)

    def _walk_to(self, wanted: Locator) -> None:
        expect(wanted).to_be_visible(timeout=WITHIN_MS)
        expect(self.page.locator("html[data-busy]")).to_have_count(0, timeout=WITHIN_MS)
        passed: list[str] = []
        while (at := wanted.evaluate(FOCUS)) != "":
            assert not at.startswith("a ring"), f"{at}: {wanted}"
            assert len(passed) < MOST_STEPS, f"Tab does not lead to {wanted}, but to {passed}"
            passed.append(at)
            self.page.keyboard.press("Tab")
