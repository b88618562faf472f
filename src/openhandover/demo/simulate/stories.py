"""What happens in the demo, as data: who comes, what they say to the bot and to a person, and what they get back.

A talk is written line by line. The first word says who acts:

    V words          the visitor says something           A words          the agent says something
    V* words         the same, after typing for long      A/note words     a note for colleagues
    V/file name|words  a file, with words                 A/transfer words to a colleague, with a note
    V/cancel         withdraws while waiting
    V/away           closes the page, and opens it again a little later
    V/end            ends the chat

Each side goes on as soon as it has read what the other one said before. After the last line the agent resolves.
"""

import re
from random import Random
from typing import Literal, NamedTuple

from msgspec import Struct

Language = Literal["en", "nl", "de", "fr", "es"]


class Line(NamedTuple):
    """One act of a talk; `act` is empty for plain words."""

    who: Literal["visitor", "agent"]
    act: str
    text: str

    @property
    def is_said(self) -> bool:
        """Whether the other side gets a message of it."""
        return self.act in ("", "*", "/file")


_LINE = re.compile(r"(?P<who>[VA])(?P<act>\*|/\w+)?(?: (?P<text>.+))?")
_WHO: dict[str, Literal["visitor", "agent"]] = {"V": "visitor", "A": "agent"}


def lines_of(talk: str) -> tuple[Line, ...]:
    """The lines of a talk as it is written."""
    lines: list[Line] = []
    for raw in filter(None, map(str.strip, talk.splitlines())):
        found = _LINE.fullmatch(raw)
        if found is None:
            raise ValueError(f"not a line of a talk: {raw!r}")
        lines.append(Line(_WHO[found["who"]], found["act"] or "", found["text"] or ""))
    return tuple(lines)


class Story(Struct, frozen=True):
    """One kind of visit. `bot` is said to the bot first; without a `talk` no person is needed."""

    name: str
    language: Language
    bot: tuple[str, ...]
    talk: tuple[Line, ...] = ()
    weight: int = 2
    """How often it happens, beside the others."""
    provider: Literal["support", "partner"] = "support"
    ratings: tuple[int, ...] = ()
    """What the visitor may give afterwards; 0 and an empty tuple: nothing."""
    comment: str = ""
    topic: str = ""
    """The value of the button to press when the bot asks what it is about; empty: the bot knows already."""
    hurried: bool = False
    """Comes when nobody has time, and withdraws; scripted agents leave this one alone for long enough."""


NAMES: dict[str, tuple[str, ...]] = {
    "en": ("Oliver Brown", "Grace Hall", "Amir Khan", "Chloe Evans", "Noah Wright"),
    "nl": ("Sanne de Vries", "Daan Bakker", "Fatima El Idrissi", "Bram Visser", "Lotte Smit"),
    "de": ("Jonas Becker", "Lena Hoffmann", "Mehmet Aydin", "Katrin Vogel", "Paul Richter"),
    "fr": ("Camille Laurent", "Hugo Moreau", "Inès Benali", "Louis Petit", "Manon Girard"),
    "es": ("Lucía Fernández", "Mateo Gómez", "Carmen Ortiz", "Javier Molina", "Elena Castro"),
}
"""Names of visitors by language."""


class Visit(Struct, frozen=True):
    """One visitor living through one story."""

    number: int
    story: Story
    name: str
    email: str
    order: str
    amount: str
    rating: int

    def words(self, text: str, agent: str = "") -> str:
        """A text of the story with this visitor's particulars."""
        return text.format(name=self.name.split()[0], order=self.order, amount=self.amount, agent=agent)


def visit_of(story: Story, number: int, random: Random) -> Visit:
    """A visitor for a story."""
    name = random.choice(NAMES[story.language])
    address = "".join(letter for letter in name.lower().replace(" ", ".") if letter.isascii())
    comma = "." if story.language == "en" else ","
    return Visit(
        number=number,
        story=story,
        name=name,
        email=f"{address}@example.com",
        order=str(random.randrange(10_000, 100_000)),
        amount=f"{random.randrange(12, 240)}{comma}{random.randrange(10, 100)}",
        rating=random.choice(story.ratings) if story.ratings else 0,
    )
