"""What a gateway is: whoever holds the phone call and does with it what we ask.

A gateway has no retries and no state machine. The engine repeats calls that raise `ProviderUnavailable` with the same
key, which must have no second effect. What becomes of a transfer comes back as `call-result`.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from openhandover.core.model import Call

Kind = Literal["forward", "msc", "custom"]
Mode = Literal["dial", "refer"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """What the call is to be given to; the fields of its kind are set, the others None or empty.

    `forward`: `to` (E.164 or SIP URI) and `mode`. `msc` and `custom` behave like refer; `custom` has `type`.
    `configuration`: what the receiving side needs beside it, values rendered; a `Secret` among them is for the gateway
    only and never told to anybody else.
    """

    kind: Kind
    to: str | None = None
    mode: Mode = "refer"
    type: str | None = None
    configuration: dict[str, Any] = field(default_factory=dict[str, Any])

    def fields(self) -> dict[str, Any]:
        """What its kind has, under the names of the contract."""
        found: dict[str, Any] = {"kind": self.kind}
        if self.kind == "forward":
            found |= {"to": self.to, "mode": self.mode}
        if self.type is not None:
            found["type"] = self.type
        if self.configuration:
            found["configuration"] = self.configuration
        return found


@dataclass(frozen=True, slots=True)
class GatewayCapabilities:
    """What a kind of gateway can do: transfer kinds, and after which modes the caller can come back to the flow."""

    kinds: frozenset[Kind] = frozenset()
    modes: frozenset[Mode] = frozenset()
    resumes_after: frozenset[Mode] = frozenset()


@dataclass(frozen=True, slots=True)
class CallContext:
    """Which call, and for which handover. `at` is when the attempt began: the same on every try, in epoch seconds."""

    call: Call
    conversation_id: str
    handover_id: str
    attempt: int
    floor: Literal["bot", "human"]
    epoch: int
    at: float = 0

    def key(self, verb: str) -> str:
        """The key of an order about this call."""
        return order_key(self.handover_id, self.attempt, verb)


def order_key(handover_id: str, attempt: int, verb: str) -> str:
    """The key of what a handover's attempt asks of the gateway (say, transfer, cancel): the same on every try."""
    return f"{handover_id}:{attempt}:{verb}"


class Gateway:
    """One configured gateway, with safe defaults; `name` is the configured name, not the type. Calls may raise the
    `ProviderError`s of `core.errors`."""

    capabilities: ClassVar[GatewayCapabilities] = GatewayCapabilities()

    def __init__(self, name: str) -> None:
        self.name = name

    async def start(self) -> None:
        """Build what the calls need; raises `ConfigError`."""

    async def stop(self) -> None:
        """Let go of it; never raises."""

    async def say(self, about: CallContext, text: str, language: str, key: str) -> None:
        """Returns when the text was spoken to its end."""
        raise NotImplementedError

    async def transfer(self, about: CallContext, transfer: Transfer, key: str) -> None:
        """Returns when the gateway has taken the order."""
        raise NotImplementedError

    async def cancel(self, about: CallContext, reason: str, key: str) -> None:
        """We ended the handover of a transfer that the gateway has taken: take the call back, where that is possible."""
