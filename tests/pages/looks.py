"""One state of a page, looked at in every way that people look: widths, themes, zoom, forced colours.

    look = Look(page, "desk")
    await look("queue")        # leaves screenshots, and remembers what is wrong in that state
    look.verdict()             # fails with all of it

The page stays the same while window and media change, so that a state is set up once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Page

from tests.browser import artifact, violations

Scheme = Literal["light", "dark"]


@dataclass(frozen=True)
class Way:
    """One way to look at a page."""

    name: str
    width: int
    height: int
    scheme: Scheme = "light"
    forced: bool = False
    calm: bool = False
    axe: bool = True
    picture: bool = True


# 200 % zoom halves the window in CSS pixels. Contrast does not depend on the width, so axe looks at some widths only.
WAYS = (
    Way("1440-light", 1440, 900),
    Way("1440-dark", 1440, 900, "dark"),
    Way("768-light", 768, 1024, axe=False),
    Way("768-dark", 768, 1024, "dark", axe=False, picture=False),
    Way("360-light", 360, 740),
    Way("360-dark", 360, 740, "dark", axe=False),
    Way("zoomed", 720, 450, axe=False),
    Way("forced", 1440, 900, "dark", forced=True, axe=False),
    Way("calm", 360, 740, calm=True, axe=False, picture=False),
)
SIDES = (
    Way("1440-rtl", 1440, 900),
    Way("360-rtl", 360, 740, axe=False),
    Way("zoomed-rtl", 720, 450, axe=False),
)

# Everything below is told as a list of sentences, so that one run shows all that is wrong.
WIDE = """() => {
  const root = document.scrollingElement;
  const found = [];
  if (root.scrollWidth > window.innerWidth) found.push(`the page is ${root.scrollWidth} px wide`);
  const deep = (node) => [...node.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? deep(each.shadowRoot) : [])]);
  for (const log of deep(document).filter((each) => each.getAttribute("role") === "log"))
    if (log.scrollWidth > log.clientWidth) found.push(`the log is ${log.scrollWidth} px wide in ${log.clientWidth}`);
  return found;
}"""

COVERED = """() => {
  const deep = (node) => [...node.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? deep(each.shadowRoot) : [])]);
  const hit = (x, y) => {
    let found = document.elementFromPoint(x, y);
    while (found?.shadowRoot?.elementFromPoint(x, y)) found = found.shadowRoot.elementFromPoint(x, y);
    return found;
  };
  if (deep(document).some((each) => each.tagName === "DIALOG" && each.open)) return [];
  const found = [];
  for (const area of deep(document).filter((each) => each.tagName === "TEXTAREA" && each.checkVisibility())) {
    const box = area.getBoundingClientRect();
    const middle = (box.top + box.bottom) / 2;
    if (box.bottom > window.innerHeight || box.top < 0) found.push(`"${area.ariaLabel}" is outside the window`);
    for (const x of [box.left + 4, (box.left + box.right) / 2, box.right - 4]) {
      const top = hit(x, middle);
      if (top !== area && !area.closest("form")?.contains(top)) found.push(`"${area.ariaLabel}" is covered by <${top?.tagName}> ${top?.className}`);
    }
  }
  return found;
}"""

# A focused element, or what stands for it (its label, its neighbour), must look different from an unfocused one.
UNSEEN_FOCUS = """async () => {
  const deep = (node) => [...node.querySelectorAll("*")].flatMap((each) => [each, ...(each.shadowRoot ? deep(each.shadowRoot) : [])]);
  const can = "a[href], button:not(:disabled), input:not(:disabled):not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const open = deep(document).filter((each) => each.tagName === "DIALOG" && each.open).at(-1);
  const style = (each) => [each, each.parentElement, each.parentElement?.parentElement, each.nextElementSibling].filter(Boolean).map((one) => {
    const is = getComputedStyle(one);
    return [is.outlineStyle === "none" ? "" : is.outline, is.boxShadow, is.borderColor, is.backgroundColor, is.textDecoration].join();
  }).join();
  const active = () => {
    let found = document.activeElement;
    while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
    return found;
  };
  const before = active();
  const found = [];
  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  for (const each of deep(open ?? document).filter((one) => one.matches(can) && one.checkVisibility({ visibilityProperty: true })).slice(0, 60)) {
    active()?.blur();
    const plain = style(each);
    each.focus();
    if (active() !== each) continue;
    if (style(each) !== plain) continue;
    await frame();
    if (style(each) === plain && active() === each) found.push(`focus is not seen on <${each.tagName.toLowerCase()}> "${(each.ariaLabel ?? each.textContent ?? "").slice(0, 40)}"`);
  }
  before?.focus();
  return found;
}"""


class Look:
    """Looks at the states of one page, one after another."""

    def __init__(self, page: Page, name: str, ways: Sequence[Way] = WAYS) -> None:
        self._page = page
        self._name = name
        self._ways = ways
        self._wrong: list[str] = []

    def verdict(self) -> None:
        """Fail with everything that was wrong in any state, in whichever way one looked."""
        assert not self._wrong, "\n".join(self._wrong)

    async def __call__(self, state: str) -> None:
        """Look at the page in this state in every way."""
        for way in self._ways:
            self._wrong += [
                f"{self._name} {state} {way.name}: {each}" for each in await self._seen(way, state)
            ]
        first = self._ways[0]
        await self._page.set_viewport_size({"width": first.width, "height": first.height})
        await self._page.emulate_media(
            color_scheme="light", forced_colors="none", reduced_motion="no-preference"
        )

    async def _seen(self, way: Way, state: str) -> list[str]:
        page = self._page
        await page.set_viewport_size({"width": way.width, "height": way.height})
        await page.emulate_media(
            color_scheme=way.scheme,
            forced_colors="active" if way.forced else "none",
            reduced_motion="reduce" if way.calm else "no-preference",
        )
        await settled(page)
        if way.picture:
            await page.screenshot(path=artifact(f"page-{self._name}-{state}-{way.name}.png"))
        wrong = [*await page.evaluate(WIDE), *await page.evaluate(COVERED)]
        if way.axe:
            wrong += await violations(page)
            await page.keyboard.press("Tab")  # browsers show the focus to those who use the keyboard
            wrong += await page.evaluate(UNSEEN_FOCUS)
        if way.calm:
            wrong += await page.evaluate(MOVING)
        return wrong


# An animation that repeats or takes its time is unrest for whoever asked for less motion.
MOVING = """() => document.getAnimations().concat([...document.querySelectorAll("*")].flatMap((each) => each.shadowRoot?.getAnimations() ?? []))
  .filter((each) => each.playState === "running" && each.effect?.getComputedTiming().duration > 100)
  .map((each) => `something moves: ${each.animationName ?? each.transitionProperty}`)"""


async def settled(page: Page) -> None:
    """Until what began to move has stopped, and the page was drawn twice."""
    await page.evaluate(
        """async () => {
          const all = () => document.getAnimations().concat([...document.querySelectorAll("*")].flatMap((each) => each.shadowRoot?.getAnimations() ?? []));
          const ends = all().filter((each) => Number.isFinite(each.effect?.getComputedTiming().endTime));
          await Promise.allSettled(ends.map((each) => each.finished));
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }"""
    )
