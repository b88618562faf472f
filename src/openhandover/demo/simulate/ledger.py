"""What people wrote and what people read, in their own words: an account that does not ask the server.

Visitors and agents note each text when they write it and when they read it. Per conversation and direction the two
lists are held against each other. No id and no number of the server is used, so a fault of the server cannot hide.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator

from msgspec import Struct, field


class Counts(Struct, frozen=True):
    """Messages between visitors and agents, by those who wrote and read them."""

    accepted: int = 0
    delivered: int = 0
    pending: int = 0
    """Not read yet, by somebody who can still read it."""
    told: int = 0
    """Not read, but its writer was told so, or could know."""
    lost: int = 0
    repeated: int = 0
    misordered: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """The sum of both."""
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__struct_fields__))


class Account(Struct):
    """One conversation in one direction."""

    written: list[str] = field(default_factory=list[str])
    accepted: set[int] = field(default_factory=set[int])
    told: set[int] = field(default_factory=set[int])
    read: list[str] = field(default_factory=list[str])

    def write(self, text: str) -> int:
        """Note a text before it is sent; answers its place."""
        self.written.append(text)
        return len(self.written) - 1

    @property
    def is_missing(self) -> bool:
        """Whether something accepted was neither read yet, nor its writer told that it will not be."""
        return not {self.written[place] for place in self.accepted - self.told} <= set(self.read)

    def counts(self, *, settled: bool) -> Counts:
        """Hold what was written against what was read; `settled`: what is missing now does not come any more."""
        places: dict[str, list[int]] = {}
        for place, text in enumerate(self.written):
            places.setdefault(text, []).append(place)
        seen: Counter[str] = Counter()
        arrived: list[int] = []
        repeated = 0
        for text in self.read:
            known = places.get(text, [])
            if seen[text] < len(known):
                arrived.append(known[seen[text]])
            elif known:
                repeated += 1
            seen[text] += 1
        there = set(arrived)
        missing = self.accepted - there - self.told
        told = self.accepted & self.told - there
        return Counts(
            accepted=len(self.accepted | there),
            delivered=len(there),
            pending=0 if settled else len(missing),
            told=len(told),
            lost=len(missing) if settled else 0,
            repeated=repeated,
            misordered=sum(place < max(arrived[:nth]) for nth, place in enumerate(arrived) if nth),
        )


class Book:
    """The accounts of one conversation. `foreign`: a real person took part, whose words we do not know."""

    def __init__(self) -> None:
        self.to_agent = Account()
        self.to_user = Account()
        self.foreign = False
        self.settled_at: float | None = None
        """From then on, by the ledger's clock, what is missing is lost."""


SETTLES_S = 5.0
"""So long after the last word of a talk what is still missing counts as lost."""


class Clock:
    """Seconds in which a message could arrive: it stands still while something on the way is known to be broken."""

    def __init__(self) -> None:
        self.is_broken: Callable[[], bool] = lambda: False
        self._seen = time.monotonic()
        self._passed_s = 0.0

    def now(self) -> float:
        """So many seconds so far. What is broken is seen when somebody looks, so look often."""
        now = time.monotonic()
        if not self.is_broken():
            self._passed_s += now - self._seen
        self._seen = now
        return self._passed_s


class Ledger:
    """All conversations of a simulation."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._books: dict[str, Book] = {}
        self._done = Counts()
        self.conversations = 0

    def book(self, key: str) -> Book:
        """The accounts of a conversation, begun when they are first asked for."""
        if key not in self._books:
            self._books[key] = Book()
        return self._books[key]

    def over(self, key: str, settles_s: float = SETTLES_S) -> None:
        """Both sides of a conversation are through with it: what was said has so long to arrive."""
        self.book(key).settled_at = self.clock.now() + settles_s

    def counts(self) -> Counts:
        """Everything so far. What is settled without a flaw is added up and forgotten."""
        now = self.clock.now()
        total = Counts()
        for key, book in list(self._books.items()):
            settled = book.settled_at is not None and now >= book.settled_at
            found = sum_of(book, settled=settled)
            if settled:
                del self._books[key]
                self._done = self._done.plus(found)
                self.conversations += not book.foreign
            else:
                total = total.plus(found)
        return self._done.plus(total)


def sum_of(book: Book, *, settled: bool) -> Counts:
    """Both directions of one conversation; nothing where a stranger's words are missing."""
    if book.foreign:
        return Counts()
    found = Counts()
    for account in _both(book):
        found = found.plus(account.counts(settled=settled))
    return found


def _both(book: Book) -> Iterator[Account]:
    yield book.to_agent
    yield book.to_user
