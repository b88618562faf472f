"""The card of what the bot already knows."""

from typing import Any

import msgspec

from openhandover.core.model import Conversation, User
from openhandover.core.settings import Condition, Template
from openhandover.desk.facts import MAX_VALUE, Asked, asked_in, display_name, facts_of, label, page_of
from openhandover.desk.shapes import Page
from openhandover.flow.steps import Ask, AskStep, CheckAvailability, CheckAvailabilityStep, IfStep


def talk(**changes: Any) -> Conversation:
    """A conversation with these parts."""
    return Conversation(**({"id": "c", "channel": "web", "user": User("u"), "created_at": 0.0} | changes))


def running(**variables: Any) -> str:
    """A paused flow with these variables."""
    return msgspec.json.encode({"variables": variables}).decode()


def card(**changes: Any) -> dict[str, str]:
    """The facts of a conversation with these parts."""
    return {fact.name: fact.value for fact in facts_of(talk(**changes))}


def test_context_attributes_and_flow_variables_come_together() -> None:
    """All that is known is on the card; the flow's value wins over an older one."""
    run = msgspec.Raw(
        msgspec.json.encode(
            {"kept": {"n": 2, "from": "before"}, "variables": {"email": "new@example.org", "n": 3}}
        )
    )
    user = User("u", attributes={"plan": "pro"})
    assert card(user=user, context={"email": "old@example.org", "cart": 7}, run=run) == {
        "plan": "pro",
        "email": "new@example.org",
        "cart": "7",
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


def test_who_it_is_comes_first_then_what_was_asked() -> None:
    """Name, e-mail and phone lead, the answers to questions follow in the order of the flow, the rest comes last;
    what the flow keeps for itself, the page and the chat id are left out."""
    user = User("u", email="jo@example.org", attributes={"plan": "pro"})
    run = running(topic="billing", n=1, order_number="A-1", agent_status="online", full_name="Jo Doe")
    context = {"page": {"url": "https://shop.example/"}, "chatId": "x", "order": {"id": 7}}
    asked = Asked(("order_number", "topic"), frozenset({"agent_status"}))
    facts = facts_of(talk(user=user, run=run, context=context), asked)
    assert [(fact.name, fact.label) for fact in facts] == [
        ("full_name", "Full name"),
        ("email", "E-mail"),
        ("order_number", "Order number"),
        ("topic", "Topic"),
        ("n", "N"),
        ("plan", "Plan"),
        ("order.id", "Order id"),
    ]


def test_questions_of_all_branches_are_known() -> None:
    """Questions count wherever they stand; what an availability check sets is internal."""
    question = AskStep(Ask(Template("Order?"), into="order"))
    check = CheckAvailabilityStep(CheckAvailability())
    flows = {
        "main": (check, IfStep(Condition("true"), then=(question,)), AskStep(Ask(Template("Anything else?"))))
    }
    assert asked_in(flows) == Asked(("order",), frozenset({"agent_status"}))


def test_labels_are_words() -> None:
    """A variable's name reads as people write."""
    names = ("email_address", "orderNumber", "order.deliveryDate", "VAT_id", "e_mail", "straße2", "_", "日本")
    assert [label(name) for name in names] == [
        "Email address",
        "Order number",
        "Order delivery date",
        "VAT id",
        "E-mail",
        "Straße 2",
        "_",
        "日本",
    ]


def test_a_visitor_is_called_by_the_best_known_name() -> None:
    """The user's name, else what the flow asked, else an e-mail, else nothing."""
    asked, mail = running(name=" Zoe ", email="z@example.org"), running(name="", email="z@example.org")
    named = User("u", name="Jo", email="jo@example.org")
    assert display_name(talk(user=named, run=asked)) == "Jo"
    assert display_name(talk(user=User("u", email="jo@example.org"), run=asked)) == "Zoe"
    assert display_name(talk(user=User("u", name=" ", email="jo@example.org"), run=mail)) == "jo@example.org"
    assert display_name(talk(run=mail)) == "z@example.org"
    assert display_name(talk(context={"name": {"first": "Jo"}})) is None


def test_page_of_the_visitor() -> None:
    """The page as the web chat tells it, or only its address; anything else under that name is not shown as one."""
    page = {"url": "https://shop.example/cart", "title": "Cart", "other": 1}
    assert page_of(talk(context={"page": page})) == Page("https://shop.example/cart", "Cart", None)
    assert page_of(talk(context={"page": "/cart"})) == Page("/cart")
    assert [page_of(talk(context={"page": value})) for value in (7, "", {}, {"url": 1})] == [None] * 4
    assert page_of(talk()) is None
