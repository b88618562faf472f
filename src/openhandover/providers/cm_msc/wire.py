"""From a handover to the Context of the Router: what an agent of Mobile Service Cloud gets to see."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from openhandover.cm import fields, router
from openhandover.core.model import Message
from openhandover.core.view import time as rfc3339
from openhandover.providers.base import HandoverRequest
from openhandover.texts.readable import author, words

from .settings import Settings

TEXTS = (
    *("messaging_adapter", "user_name", "user_email", "phone_number", "webstore_referrer", "profile"),
    "channel",
)
REQUIRED = ("user_name", "user_email")


def wrong(route: Mapping[str, Any], *, needs_adapter: bool) -> str | None:
    """What is wrong with a rendered route."""
    required = ("messaging_adapter", *REQUIRED) if needs_adapter else REQUIRED
    if isinstance(route.get("routing_keywords"), dict):
        return "`routing_keywords` should be a text or a list"
    if not isinstance(route.get("context") or {}, dict):
        return "`context` should be a map"
    return fields.problem(route, texts=TEXTS, required=required, adapters=("messaging_adapter",))


def context(route: Mapping[str, Any], settings: Settings, talk: Sequence[Message] = ()) -> dict[str, str]:
    """The Context (keys as HALO's tools and public integrations write them); optional keys only where they say
    something, except `RoutingKeywords`, which is always there."""
    known = {"RoutingKeywords": fields.joined(route, "routing_keywords")}
    if referrer := fields.text(route, "webstore_referrer"):
        known["WebStoreReferrer"] = referrer
    known["CustomerInfo"] = router.customer_info(
        {
            "name": fields.text(route, "user_name"),
            "email": fields.text(route, "user_email"),
            settings.phone_key: fields.text(route, "phone_number"),
        }
    )
    if profile := fields.text(route, "profile"):
        known[settings.profile_key] = profile
    if settings.transcript_key and talk:
        known[settings.transcript_key] = transcript(talk)
    return fields.texts(route.get("context")) | known


def opening(request: HandoverRequest, otherwise: str) -> tuple[str, str]:
    """What begins a relayed chat, and when it was said: the talk so far, else the reason, else a fixed text."""
    talk = request.transcript
    if not talk:
        return request.reason or otherwise, rfc3339(time.time())
    alone = len(talk) == 1 and talk[0].author == "user"
    return words(talk[0]) if alone else transcript(talk), talk[-1].at


def line(message: Message) -> str:
    """A message in the user's name; of somebody else it says whose it is."""
    return words(message) if message.author == "user" else f"{author(message)}: {words(message)}"


def transcript(talk: Sequence[Message]) -> str:
    """The talk as lines: who, and what they said or sent; CM's fields for files are in no public documentation."""
    return "\n".join(f"{author(message)}: {words(message)}" for message in talk)
