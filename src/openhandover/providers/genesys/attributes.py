"""Custom attributes: whatever a step gives, as the flat map of texts that Genesys takes as participant data."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec

from openhandover.providers.base import HandoverRequest

from .settings import Settings

_SCALARS = (str, bool, int, float)


def given(route: Mapping[str, Any]) -> dict[str, Any]:
    """The custom attributes of a rendered route.

    Raises:
        ValueError: they are a text that is not the JSON of an object; the text of the error says so.
    """
    found = route.get("custom_attributes")
    if isinstance(found, str):
        try:
            found = msgspec.json.decode(found) if found.strip() else None
        except ValueError:
            raise ValueError("`custom_attributes` is a text, but not JSON") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ValueError("`custom_attributes` is not an object")
    return cast("dict[str, Any]", found)


def flat(value: Mapping[str, Any], separator: str) -> tuple[dict[str, str], list[str]]:
    """The attributes as texts, and the names of those that cannot be one.

    Objects become `outer.inner`, lists of plain values are joined by commas, other lists are numbered from 0, true and
    false become 1 and 0. Nothing else has a text, null neither.
    """
    sent: dict[str, str] = {}
    skipped: list[str] = []
    for name, text in _leaves("", value, separator):
        if text is None:
            skipped.append(name)
        else:
            sent[name] = text
    return sent, skipped


def _leaves(name: str, value: Any, separator: str) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, Any]", value)
        for key, item in inner.items():
            yield from _leaves(f"{name}{separator}{key}" if name else str(key), item, separator)
    elif isinstance(value, list | tuple):
        items = cast("list[Any]", value)
        if all(isinstance(item, _SCALARS) for item in items):
            yield name, ",".join(_text(item) or "" for item in items)
        else:
            for n, item in enumerate(items):
                yield from _leaves(f"{name}{separator}{n}", item, separator)
    else:
        yield name, _text(value)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value) if isinstance(value, _SCALARS) else None


def of(request: HandoverRequest, settings: Settings) -> dict[str, str]:
    """Everything that goes along with the first message, as far as it fits; what does not is named in it."""
    names = settings.attribute_names
    skills = request.route.get("skills")
    ours = {
        names.queue: settings.queue_id,
        names.language: request.route.get("language"),
        names.skills: skills if isinstance(skills, str) else ",".join(str(one) for one in skills or ()),
        names.priority: request.route.get("priority"),
        names.user: request.user.id,
        names.phone: request.user.phone if settings.send_profile else None,
        names.reason: request.reason,
        names.handover: request.handover_id,
    }
    custom, skipped = flat(given(request.route), settings.attribute_separator)
    wanted = {name: str(value) for name, value in ours.items() if name and value} | custom
    sent: dict[str, str] = {}
    room = settings.max_attributes_bytes
    for name, value in wanted.items():
        room -= (size := len(name.encode()) + len(value.encode()))
        if room < 0:
            room += size
            skipped.append(name)
        else:
            sent[name] = value
    if skipped and names.skipped:
        sent[names.skipped] = ",".join(skipped)
    return sent
