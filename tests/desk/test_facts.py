"""The card of what the bot already knows."""

from typing import Any

import msgspec

from openhandover.core.model import Conversation, User
from openhandover.desk.facts import MAX_VALUE, facts_of


def card(**changes: Any) -> dict[str, str]:
    """The facts of a conversation with these parts."""
    made = Conversation(**({"id": "c", "channel": "web", "user": User("u"), "created_at": 0.0} | changes))
    return {fact.name: fact.value for fact in facts_of(made)}


def test_context_attributes_and_flow_variables_come_together() -> None:
    """All that is known is on the card; the flow's value wins over an older one."""
    run = msgspec.Raw(
        msgspec.json.encode(
            {"kept": {"n": 2, "from": "before"}, "variables": {"email": "new@example.org", "n": 3}}
        )
    )
    user = User("u", attributes={"plan": "pro"})
    assert card(user=user, context={"email": "old@example.org", "page": "/cart"}, run=run) == {
        "plan": "pro",
        "email": "new@example.org",
        "page": "/cart",
        "n": "3",
        "from": "before",
    }


def test_nested_values_are_flat_and_empty_or_hidden_ones_left_out() -> None:
    """Maps become dotted names, lists one line; null, empty and underscored values are not shown."""
    context = {
        "order": {"id": 7, "open": True},
        "tags": ["a", "b"],
        "none": None,
        "empty": "",
        "_internal": "x",
    }
    assert card(context=context) == {"order.id": "7", "order.open": "yes", "tags": "a, b"}


def test_long_values_are_cut_and_unknown_runs_show_nothing() -> None:
    """A card stays a card, and a run of another form is no error."""
    cut = card(context={"text": "x" * 2000}, run=msgspec.Raw(b"[1,2]"))
    assert len(cut["text"]) == MAX_VALUE
