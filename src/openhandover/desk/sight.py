"""What agents may see of what others wrote: `redaction.to_agent`, on transcript, live text and facts alike. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from openhandover.core.model import Conversation, User
from openhandover.texts.redaction import Kind, redact


class Sight:
    """One per desk; without kinds everything is seen as it is."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = tuple(kinds)

    def text(self, text: str) -> str:
        """Somebody's words."""
        return redact(text, self._kinds) if self._kinds and text else text

    def data(self, value: Any) -> Any:
        """Every text in a structure; keys stay."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {key: self.data(inner) for key, inner in cast("dict[str, Any]", value).items()}
            case list() | tuple():
                return [self.data(inner) for inner in cast("Sequence[Any]", value)]
            case _:
                return value

    def conversation(self, state: Conversation) -> Conversation:
        """A conversation with the user and the context as they may be seen."""
        if not self._kinds:
            return state
        user = msgspec.convert(self.data(msgspec.to_builtins(state.user)), User)
        return replace(state, user=user, context=self.data(state.context))

    def message(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message as the API answers it; agents see their own words as they wrote them."""
        if not self._kinds or message.get("author") == "agent":
            return message
        seen = {**message, "text": self.text(message["text"])}
        translation = message.get("translation")
        if translation:
            seen["translation"] = {**translation, "text": self.text(translation["text"])}
        return seen

    def handover(self, handover: dict[str, Any]) -> dict[str, Any]:
        """A handover as the API answers it: its digest quotes what was said."""
        digest = handover.get("digest")
        if not self._kinds or digest is None:
            return handover
        told = msgspec.json.decode(digest) if isinstance(digest, msgspec.Raw | bytes) else digest
        messages = [self.message(one) for one in told.get("messages", ())]
        return {**handover, "digest": {**told, "summary": self.text(told["summary"]), "messages": messages}}

    def event(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """An ordinary event."""
        kind: str = event["type"]
        if not self._kinds or not (kind == "message.created" or kind.startswith("handover.")):
            return event
        data = event["data"]
        data = msgspec.json.decode(data) if isinstance(data, msgspec.Raw) else data
        seen = self.message(data) if kind == "message.created" else self.handover(data)
        return {**event, "data": seen}
