"""What the bot already knows, as a card for the agent, so that nobody asks twice. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

import msgspec
from msgspec import Struct

from openhandover.core.model import Conversation
from openhandover.flow.definition import Program
from openhandover.flow.steps import AskStep, CheckAvailabilityStep, Step

from .shapes import Fact, Page

MAX_FACTS = 100
MAX_VALUE = 500
"""Longer values are cut: it is a card, not a dump."""

NAMES = ("name", "full_name", "fullname", "user_name", "customer_name", "your_name", "first_name")
EMAILS = ("email", "e_mail", "mail", "email_address", "user_email", "customer_email")
PHONES = ("phone", "phone_number", "telephone", "mobile", "user_phone", "customer_phone")
"""What flows call who somebody is; these come first on the card, in this order."""
WHO = (*NAMES, *EMAILS, *PHONES)

HIDDEN = frozenset({"page", "chatId"})
"""Parts of the context that have their own place, or none, on an agent's screen."""

_WORDS = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|\d+")
_LABELS = {"email": "E-mail", "e mail": "E-mail", "mail": "E-mail"}


class Asked(NamedTuple):
    """Variables of the flows: those that questions fill, in order, and those that are of no interest to people."""

    names: tuple[str, ...] = ()
    internal: frozenset[str] = frozenset()


NOTHING = Asked()


class _Run(Struct, frozen=True):
    """The part of a paused flow that is read here."""

    kept: dict[str, Any] = {}
    variables: dict[str, Any] = {}


def asked_in(flows: Mapping[str, Sequence[Step]]) -> Asked:
    """What the flows of the configuration ask."""
    steps = [step for block in Program.of(flows).blocks.values() for step in block]
    names = [step.ask.into for step in steps if isinstance(step, AskStep) and step.ask.into]
    internal = [step.check_availability.into for step in steps if isinstance(step, CheckAvailabilityStep)]
    return Asked(tuple(dict.fromkeys(names)), frozenset(internal) - set(names))


def facts_of(conversation: Conversation, asked: Asked = NOTHING) -> list[Fact]:
    """Who it is, what was asked, what else the flow knows, context and attributes of the user: flattened, each name
    once; the flow's value wins over an older one."""
    user = conversation.user
    variables = variables_of(conversation)
    context = {key: value for key, value in conversation.context.items() if key not in HIDDEN}
    who = {"name": user.name, "email": user.email, "phone": user.phone}
    found: dict[str, str] = {}
    for source in (user.attributes, context, who, variables):
        found |= dict(_flat("", source))
    own = [*variables]
    order = {name: at for at, name in reversed(list(enumerate((*WHO, *asked.names, *own))))}
    shown = sorted(
        (name for name in found if name not in asked.internal),
        key=lambda name: order.get(name, order.get(name.partition(".")[0], len(order))),
    )
    return [Fact(name, label(name), found[name]) for name in shown[:MAX_FACTS]]


def display_name(conversation: Conversation) -> str | None:
    """Who the visitor is: their name, else what the flow took as their name, else their e-mail, else nobody knows."""
    user = conversation.user
    known = {**conversation.context, **variables_of(conversation)}
    candidates = (user.name, *map(known.get, NAMES), user.email, *map(known.get, EMAILS))
    return next((one.strip()[:MAX_VALUE] for one in candidates if isinstance(one, str) and one.strip()), None)


def page_of(conversation: Conversation) -> Page | None:
    """Where on the site the visitor is, as the web chat told it."""
    page = conversation.context.get("page")
    if isinstance(page, str) and page:
        return Page(page)
    try:
        return msgspec.convert(page, Page) if page else None
    except msgspec.ValidationError:
        return None  # a context of the owner's own that only shares the name


def variables_of(conversation: Conversation) -> dict[str, Any]:
    """The variables of the conversation's flow, the newest last."""
    if conversation.run is None:
        return {}
    try:
        run = msgspec.json.decode(conversation.run, type=_Run)
    except msgspec.ValidationError:
        return {}  # a run of a form that this version of the card does not know shows nothing
    return {**run.kept, **run.variables}


def label(name: str) -> str:
    """A variable's name as words: `order.deliveryDate` reads "Order delivery date"."""
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in _WORDS.findall(name)]
    text = " ".join(words) or name
    return _LABELS.get(text, text[:1].upper() + text[1:])


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            if not str(key).startswith("_"):
                yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list):
        plain = cast("list[Any]", value)
        if plain and all(isinstance(item, str | int | float) for item in plain):
            yield prefix, _cut(", ".join(str(item) for item in plain))
    elif isinstance(value, bool):
        yield prefix, "yes" if value else "no"
    elif value not in (None, ""):
        yield prefix, _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
