"""How Chatwoot shows its records: in answers of the API, and in webhooks, which write some of them otherwise."""

from datetime import UTC, datetime
from typing import Any

from .installation import ACCOUNT_ID, KINDS, Agent, Contact, Conversation, Inbox, Installation, Message

ACCOUNT = {"id": ACCOUNT_ID, "name": "Acme"}


def agent(one: Agent) -> dict[str, Any]:
    """An agent in lists."""
    return {
        "id": one.id,
        "account_id": ACCOUNT_ID,
        "availability_status": one.availability,
        "auto_offline": True,
        "confirmed": True,
        "email": one.email,
        "available_name": one.name,
        "name": f"{one.name} Agent",
        "role": "agent",
        "thumbnail": picture(one),
    }


def picture(one: Agent) -> str:
    """The address of an agent's picture."""
    return f"https://chat.example.org/avatars/{one.id}.png"


def pushed_agent(one: Agent) -> dict[str, Any]:
    """An agent inside conversations and in lists of messages."""
    return {
        "id": one.id,
        "name": f"{one.name} Agent",
        "available_name": one.name,
        "avatar_url": picture(one),
        "type": "user",
        "availability_status": one.availability,
        "thumbnail": picture(one),
    }


def pushed_contact(one: Contact) -> dict[str, Any]:
    """A contact inside conversations."""
    return {
        "additional_attributes": one.get("additional_attributes") or {},
        "custom_attributes": one.get("custom_attributes") or {},
        "email": one.get("email"),
        "id": one.id,
        "identifier": one.get("identifier"),
        "name": one.get("name") or "",
        "phone_number": one.get("phone_number"),
        "thumbnail": "",
        "blocked": one.blocked,
        "type": "contact",
    }


def contact(one: Contact) -> dict[str, Any]:
    """A contact in answers."""
    shown = pushed_contact(one)
    del shown["type"]
    return {
        **shown,
        "availability_status": "offline",
        "last_activity_at": 1767225600,
        "created_at": 1767225600,
    }


def listed_message(one: Message, conversation_id: int, inbox_id: int) -> dict[str, Any]:
    """A message in answers: its type is a number."""
    shown: dict[str, Any] = {
        "id": one.id,
        "content": one.content or "",
        "inbox_id": inbox_id,
        "conversation_id": conversation_id,
        "message_type": one.kind,
        "content_type": one.content_type,
        "status": one.status,
        "content_attributes": one.content_attributes,
        "created_at": int(one.created_at),
        "private": one.private,
        "source_id": one.source_id,
    }
    if isinstance(one.sender, Agent):
        shown["sender"] = pushed_agent(one.sender)
    elif one.sender is not None:
        shown["sender"] = pushed_contact(one.sender)
    if one.attachments:
        shown["attachments"] = one.attachments
    return shown


def conversation(one: Conversation) -> dict[str, Any]:
    """A conversation in answers. Where it came from (`source_id`) is not in there."""
    meta: dict[str, Any] = {"sender": contact(one.contact), "channel": "Channel::Api", "hmac_verified": False}
    if one.assignee is not None:
        meta["assignee"] = agent(one.assignee)
    return {
        "meta": meta,
        "id": one.id,
        "messages": [listed_message(last, one.id, one.inbox_id) for last in one.messages[-1:]],
        "account_id": ACCOUNT_ID,
        "uuid": one.uuid,
        "additional_attributes": one.additional_attributes,
        "agent_last_seen_at": int(one.agent_last_seen_at),
        "can_reply": True,
        "custom_attributes": one.custom_attributes,
        "inbox_id": one.inbox_id,
        "labels": one.labels,
        "muted": False,
        "snoozed_until": None,
        "status": one.status,
        "created_at": int(one.created_at),
        "timestamp": int(one.updated_at),
        "first_reply_created_at": int(one.first_reply_at or 0),
        "unread_count": 0,
        "priority": one.priority,
    }


def inbox(one: Inbox, *, tells_secret: bool) -> dict[str, Any]:
    """An inbox for a member of it. What signs its webhooks is told to administrators, by servers that sign."""
    secret = {"secret": one.secret} if tells_secret else {}
    return {
        "id": one.id,
        "name": one.name,
        "channel_id": 1,
        "channel_type": one.channel_type,
        "greeting_enabled": one.greeting_message is not None,
        "greeting_message": one.greeting_message,
        "working_hours_enabled": one.working_hours_enabled,
        "working_hours": one.working_hours,
        "timezone": one.timezone,
        "csat_survey_enabled": one.csat_survey_enabled,
        "enable_auto_assignment": one.enable_auto_assignment,
        "lock_to_single_conversation": one.lock_to_single_conversation,
        **(
            {"webhook_url": one.webhook_url, "inbox_identifier": one.identifier, **secret}
            if one.channel_type == "Channel::Api"
            else {}
        ),
    }


# --- webhooks ------------------------------------------------------------------------------------------------


def pushed_conversation(one: Conversation) -> dict[str, Any]:
    """A conversation as webhooks have it, as it is when the webhook is written."""
    said = [message for message in one.messages if not message.private]
    return {
        "additional_attributes": one.additional_attributes,
        "can_reply": True,
        "channel": "Channel::Api",
        "contact_inbox": {
            "id": one.id + 1000,
            "contact_id": one.contact.id,
            "inbox_id": one.inbox_id,
            "source_id": one.source_id,
        },
        "id": one.id,
        "inbox_id": one.inbox_id,
        "messages": [listed_message(last, one.id, one.inbox_id) for last in said[-1:]],
        "labels": one.labels,
        "meta": {
            "sender": pushed_contact(one.contact),
            "assignee": pushed_agent(one.assignee) if one.assignee else None,
            "assignee_type": "User" if one.assignee else None,
            "team": None if one.team_id is None else {"id": one.team_id, "name": "team"},
            "hmac_verified": False,
        },
        "status": one.status,
        "custom_attributes": one.custom_attributes,
        "snoozed_until": None,
        "unread_count": 0,
        "first_reply_created_at": date(one.first_reply_at) if one.first_reply_at else None,
        "priority": one.priority,
        "waiting_since": int(one.created_at),
        "agent_last_seen_at": int(one.agent_last_seen_at),
        "contact_last_seen_at": 0,
        "last_activity_at": int(one.updated_at),
        "timestamp": int(one.updated_at),
        "created_at": int(one.created_at),
        "updated_at": one.updated_at,
    }


def told_agent(one: Agent) -> dict[str, Any]:
    """An agent as webhooks name who did something."""
    return {"id": one.id, "name": f"{one.name} Agent", "email": one.email, "type": "user"}


def message_event(event: str, one: Message, of: Conversation, home: Installation) -> dict[str, Any]:
    """`message_created` and `message_updated`: the type is a word here."""
    sender: dict[str, Any] | None = None
    if isinstance(one.sender, Agent):
        sender = told_agent(one.sender)
    elif one.sender is not None:
        sender = {**contact(one.sender), "account": ACCOUNT}
    shown: dict[str, Any] = {
        "account": ACCOUNT,
        "additional_attributes": {},
        "content": one.content,
        "content_attributes": one.content_attributes,
        "content_type": one.content_type,
        "conversation": pushed_conversation(of),
        "created_at": date(one.created_at),
        "event": event,
        "id": one.id,
        "inbox": {"id": of.inbox_id, "name": home.inboxes[of.inbox_id].name},
        "message_type": KINDS[one.kind],
        "private": one.private,
        "sender": sender,
        "source_id": one.source_id,
    }
    return {**shown, "attachments": one.attachments} if one.attachments else shown


def conversation_event(
    event: str, of: Conversation, changed: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The events that are about a conversation as a whole."""
    shown = {**pushed_conversation(of), "account": ACCOUNT, "event": event}
    return shown if event == "conversation_created" else {**shown, "changed_attributes": changed}


def typing_event(
    of: Conversation, who: Agent | Contact, *, on: bool, private: bool = False
) -> dict[str, Any]:
    """`conversation_typing_on` and `conversation_typing_off`: alone among these events without the account."""
    user = told_agent(who) if isinstance(who, Agent) else contact(who)
    return {
        "event": "conversation_typing_on" if on else "conversation_typing_off",
        "user": user,
        "conversation": pushed_conversation(of),
        "is_private": private,
    }


def change(name: str, before: Any, after: Any) -> dict[str, Any]:
    """One entry of `changed_attributes`."""
    return {name: {"previous_value": before, "current_value": after}}


def date(seconds: float) -> str:
    """A time as Rails writes it into JSON."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
