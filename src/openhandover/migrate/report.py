"""What became of each part of the input, and why nothing could be made of it."""

from typing import Literal, NamedTuple

from openhandover.core.errors import OpenHandoverError

from .spots import Spot
from .token import Token

Kind = Literal["kept", "dropped", "by hand"]


class Note(NamedTuple):
    """One part of the input: kept, dropped, or to be looked at by a person."""

    kind: Kind
    what: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.kind + ':':<9}{self.what}" + (f" ({self.where})" if self.where else "")


class Report:
    """Notes in the order of the mapping, and the reasons to refuse: all of them, not the first alone."""

    def __init__(self, token: Token) -> None:
        self._token = token
        self.notes: list[Note] = []
        self.reasons: list[Note] = []

    def kept(self, what: str, spot: Spot) -> None:
        """This is in the output."""
        self.notes.append(self._note("kept", what, spot))

    def dropped(self, what: str, spot: Spot) -> None:
        """This is not, and nothing takes its place."""
        self.notes.append(self._note("dropped", what, spot))

    def by_hand(self, what: str, spot: Spot | None = None) -> None:
        """A person has to look at this."""
        self.notes.append(self._note("by hand", what, spot))

    def refuse(self, why: str, spot: Spot | None = None) -> None:
        """The input cannot be migrated, for this reason and perhaps others."""
        self.reasons.append(self._note("by hand", why, spot))

    def _note(self, kind: Kind, what: str, spot: Spot | None) -> Note:
        return Note(kind, self._token.hidden(what), self._token.hidden(spot.where) if spot else "")

    def stop_if_refused(self) -> None:
        """Raise Refusal when there is a reason to."""
        if self.reasons:
            raise Refusal(self.reasons)


class Refusal(OpenHandoverError):
    """The input cannot be migrated; nothing was written."""

    def __init__(self, reasons: list[Note]) -> None:
        self.reasons = [f"{one.what} ({one.where})" if one.where else one.what for one in reasons]
        super().__init__("; ".join(self.reasons))
