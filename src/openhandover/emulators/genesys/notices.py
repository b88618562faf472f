"""What goes out: signed webhooks of the integration, and detail events by EventBridge or by triggers."""

import base64
import hashlib
import hmac
import json
from typing import Any, Literal

from openhandover.emulators.callbacks import Callback, Callbacks, Endpoint

from .conversation import Conversation, Participant, Sent, new_id, now, now_ms

TYPES = ("Text", "Structured", "Event", "Receipt")
"""The types of webhooks that the pages know."""

TRIGGERED = ("user.start", "user.end", "acd.start", "acd.end", "acw", "customer.end")
"""The topics that have a trigger when events come by triggers."""


class Notices:
    """Sends what the integration and the organisation tell. Messages and events go their own ways: neither waits for the
    other."""

    def __init__(self, callbacks: Callbacks, integration_id: str, name: str) -> None:
        self.url = ""
        self.secret = "openhandover-emulated-secret"  # noqa: S105  (of this emulator only)
        self.events_url = ""
        """Where events go; its last part tells whether by EventBridge or by a trigger."""
        self.events_by: Literal["eventbridge", "trigger", "none"] = "eventbridge"
        self.events_headers: dict[str, str] = {}
        self._callbacks = callbacks
        self._from = {"nickname": name, "id": integration_id, "idType": "Opaque"}

    # --- the integration's webhook

    def message(self, conversation: Conversation, kind: str, **fields: Any) -> Sent:
        """A webhook of type `kind`."""
        id_ = fields.pop("id", None) or new_id().replace("-", "")
        channel = {
            "id": self._from["id"],
            "platform": "Open",
            "type": "Private",
            "messageId": new_id(),
            "to": {"id": conversation.address},
            "from": self._from,
            "time": now(),
        }
        body = {"id": id_, "channel": channel, "type": kind, **fields, "direction": "Outbound"}
        known = "message" if kind in TYPES else "unknown"
        return Sent(body, self._post(f"messages-{conversation.id}", known, self.url, body))

    def typing(self, conversation: Conversation) -> None:
        """An agent types; for five seconds, there is no stop."""
        events = [{"eventType": "Typing", "typing": {"type": "On", "duration": 5000}}]
        self.message(conversation, "Event", events=events)

    # --- events of the conversation

    def event(self, kind: str, conversation: Conversation, of: Participant, **fields: Any) -> None:
        """A detail event; fields that it does not have are left out."""
        body = {
            "eventTime": now_ms(),
            "conversationId": conversation.id,
            "participantId": of.id,
            "sessionId": of.session_id,
            "mediaType": "MESSAGE",
            "messageType": "OPEN",
            "provider": "PureCloud Messaging",
            "direction": "INBOUND",
            "addressTo": self._from["id"],
            "addressFrom": conversation.address,
            **{key: value for key, value in fields.items() if value not in ("", None)},
        }
        if self.events_by == "eventbridge":
            self._eventbridge(kind, conversation, body)
        elif self.events_by == "trigger" and kind in TRIGGERED:
            self._trigger(kind, conversation, body)

    def _eventbridge(self, kind: str, conversation: Conversation, body: dict[str, Any]) -> None:
        envelope: dict[str, Any] = {
            "version": "0",
            "id": new_id(),
            "detail-type": f"v2.detail.events.conversation.{{id}}.{kind}",
            "source": "aws.partner/genesys.com/cloud/00000000-0000-4000-8000-000000000000/emulated",
            "account": "123456789012",
            "time": now(),
            "region": "eu-west-1",
            "resources": [],
            "detail": {
                "topicName": f"v2.detail.events.conversation.{conversation.id}.{kind}",
                "version": "2",
                "eventBody": body,
            },
        }
        self._post(f"events-{conversation.id}", "eventbridge", f"{self.events_url}/eventbridge", envelope)

    def _trigger(self, kind: str, conversation: Conversation, body: dict[str, Any]) -> None:
        """The body that the data action of a workflow posts; `userId` is the end user's, `agentId` the agent's."""
        posted = {
            "topic": kind,
            "conversationId": conversation.id,
            "userId": conversation.address,
            "agentId": body.get("userId", ""),
            "answeredUserId": body.get("answeredUserId", ""),
            "acdOutcome": body.get("acdOutcome", ""),
            "queueId": body.get("queueId", ""),
            "disconnectType": body.get("disconnectType", ""),
            "interactingDurationMs": str(body.get("interactingDurationMs", "")),
            "eventTime": str(body["eventTime"]),
        }
        self._post(f"events-{conversation.id}", "trigger", f"{self.events_url}/trigger", posted)

    def _post(self, lane: str, kind: str, url: str, body: dict[str, Any]) -> Callback | None:
        if not self.url:
            return None
        raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        headers = (
            {"X-Hub-Signature-256": signature(self.secret, raw)}
            if kind in ("message", "unknown")
            else self.events_headers
        )
        callback = Callback(lane, kind, Endpoint(url, dict(headers)), raw)
        self._callbacks.post(callback)
        return callback


def signature(secret: str, body: bytes) -> str:
    """`sha256=` and the MAC in Base64; not in hex."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(mac).decode()
