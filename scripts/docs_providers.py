"""What each provider can do: the feature matrix and the table on each provider's page, from capabilities and checklists."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from openhandover.core.model import Style
from openhandover.providers import SHIPPED
from openhandover.providers.base import Capabilities
from scripts.docs_parts import code, table
from scripts.quality import capabilities, checklist

HEARS = {
    "none": "nothing",
    "webhook": "webhooks",
    "events": "one stream or poll for all sessions",
    "session": "a stream or poll for each session",
}


class Feature(NamedTuple):
    """One thing that a contact centre may be able to do, both ways where there are two."""

    title: str
    says: Callable[[Capabilities], str]


def _yes(has: bool) -> str:
    return "yes" if has else "no"


def _ways(into: bool, out: bool) -> str:
    """`in`: from the agent to the user."""
    return {
        (True, True): "both ways",
        (True, False): "from the agent",
        (False, True): "to the agent",
        (False, False): "no",
    }[into, out]


def _hears(can: Capabilities) -> str:
    """A relay without a way in is this program's own."""
    return "itself" if can.inbound == "none" and can.style is Style.RELAY else HEARS[can.inbound]


def _place(can: Capabilities, told: bool) -> str:
    """What a relay's vendor does not tell of its queue, we estimate."""
    if told:
        return "yes"
    return "our estimate" if can.style is Style.RELAY and "text" in can.media else "no"


FEATURES = (
    Feature("Style", lambda can: can.style.value),
    Feature("Takes", lambda can: " and ".join(sorted(can.media))),
    Feature("We hear by", _hears),
    Feature("Availability", lambda can: _yes(can.availability)),
    Feature("Queue position", lambda can: _place(can, can.queue_position)),
    Feature("Estimated wait", lambda can: _place(can, can.estimated_wait)),
    Feature("Typing", lambda can: _ways(can.typing_in, can.typing_out)),
    Feature("Files", lambda can: _ways(can.attachments_in, can.attachments_out)),
    Feature("User comes and goes", lambda can: _yes(can.presence)),
    Feature("Read receipts to the agent", lambda can: _yes(can.receipts)),
    Feature("Agent's name", lambda can: _yes(can.agent_name)),
)


def _said(feature: Feature, type_: str) -> str:
    """The cell of one provider; where its settings decide, what either of its shapes can do."""
    return " or ".join(dict.fromkeys(feature.says(can) for can in capabilities(type_)))


def works(type_: str) -> str:
    """The table on one provider's page."""
    rows = [(feature.title, _said(feature, type_)) for feature in FEATURES]
    answers = checklist(type_)
    open_points = "; ".join(f"{name}: {answer.why}" for name, answer in answers.open_points())
    return table(("What", "Here"), [*rows, ("Level of the checklist", answers.level)]) + (
        f"\nStill open: {open_points}.\n" if open_points else ""
    )


def matrix() -> str:
    """All providers beside each other, and why a cell may promise more than was seen."""
    notes = list(_notes())
    marks = {type_: number for number, (_, types) in enumerate(notes, 1) for type_ in types}
    rows: list[list[str]] = []
    for type_ in SHIPPED:
        name = f"[{code(type_)}](../../src/openhandover/providers/{type_}/doc.md)"
        mark = f" ({marks[type_]})" if type_ in marks else ""
        rows.append([name + mark, *(_said(feature, type_) for feature in FEATURES), checklist(type_).level])
    head = ("Type", *(feature.title for feature in FEATURES), "Level")
    said = "".join(f"\n({number}) {text}" for number, (text, _) in enumerate(notes, 1))
    return table(head, rows) + (said + "\n" if said else "")


def _notes() -> Iterator[tuple[str, list[str]]]:
    """Footnotes: what was never seen at the live vendor."""
    unseen = [type_ for type_ in SHIPPED if checklist(type_).answers["platinum"]["live"].state == "todo"]
    if unseen:
        yield (
            "Not yet run against the live vendor: what is said here follows from the vendor's documentation.",
            unseen,
        )
