"""Tools that are not clear: what would have to be guessed is refused, what a person should look at is said."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from openhandover.migrate.halo import migrate
from openhandover.migrate.report import Refusal
from tests.migrate.legacy import LINK, STEP, TOKEN, URL, output, spoiled, step, the_step, written

UNCLEAR: dict[str, tuple[str, str]] = {
    "no mutation": (spoiled(lambda one: one.update(mutations=[])), "no ruleMutation and no disableComponent"),
    "two rules": (
        spoiled(lambda one: one["mutations"].append(one["mutations"][0])),
        "more than one ruleMutation",
    ),
    "enables": (spoiled(lambda one: one["mutations"][0].update(action="Enable")), "action is not Disable"),
    "or": (spoiled(lambda one: one["mutations"][0].update(operator="Or")), "operator is not And"),
    "no source": (
        spoiled(lambda one: one["mutations"][0].pop("sourceAdapterId")),
        "sourceadapterid is missing",
    ),
    "no target": (
        spoiled(lambda one: one["mutations"][0].pop("targetAdapterId")),
        "targetadapterid is missing",
    ),
    "no uuid": (
        spoiled(lambda one: one["mutations"][0].update(sourceAdapterId="whatsapp")),
        "the id of an adapter is a UUID",
    ),
    "unknown mutation": (
        spoiled(lambda one: one["mutations"].append({"$type": "enableComponent", "ComponentId": "CMBot"})),
        "neither a ruleMutation nor a disableComponent",
    ),
    "customer info is no json": (
        spoiled(lambda one: one["Context"].update(CustomerInfo="{{name}}, {{email_address}}")),
        "CustomerInfo is",
    ),
    "a step follows": (
        json.dumps([step(), {"type": "llm"}, output()]),
        'a step of type "llm" follows, and a handover is the last step',
    ),
    "a branch that rejoins": (
        json.dumps(
            [{"type": "branch", "branches": [{"steps": [step(), output()]}, {"steps": []}]}, {"type": "code"}]
        ),
        'joins the others again at this step of type "code"',
    ),
    "a group that rejoins": (
        json.dumps([{"if": "a", "steps": [step(), output()]}, {"type": "code"}]),
        "joins the others again",
    ),
    "two handovers": (json.dumps([step(), output(), step()]), "second handover"),
    "no handover": (json.dumps([output()]), "no API step"),
    "not a post": (json.dumps([{**step(), "method": "PUT"}]), "is a POST"),
    "a drawing": (
        json.dumps({"nodes": [step(), output()], "edges": [{"from": 1, "to": 2}]}),
        "drawn by lines",
    ),
    "named next": (json.dumps([step(next="else"), output(id="said")]), "the next step is named"),
    "broken json": (json.dumps([step('{"mutations": [{"$type": "ruleMutation", }')]), "cannot be read"),
    "no text at all": ("", "no API step"),
    "twice": ('{"mutations": [], "mutations": []}', "given twice"),
}


@pytest.mark.parametrize(("content", "reason"), UNCLEAR.values(), ids=UNCLEAR.keys())
def test_what_is_not_clear_is_refused_with_its_reason(content: str, reason: str) -> None:
    """And with its place in the input."""
    with pytest.raises(Refusal) as refused:
        migrate(content)
    assert any(reason in one and "line " in one for one in refused.value.reasons), refused.value.reasons
    assert TOKEN not in str(refused.value)


def test_all_reasons_are_given_at_once() -> None:
    """One run tells everything that has to be mended."""
    content = spoiled(
        lambda one: one["mutations"][0].update(action="Enable", operator="Or", sourceAdapterId="x")
    )
    with pytest.raises(Refusal) as refused:
        migrate(content)
    assert len(refused.value.reasons) == 3


Sees = Callable[[dict[str, Any]], object]
WARNED: dict[str, tuple[str, str, Sees, object]] = {
    "only a component": (
        spoiled(lambda one: one["mutations"].pop(0)),
        "no ruleMutation names the messaging adapter",
        lambda config: the_step(config)["route"]["messaging_adapter"],
        "${CM_MESSAGING_ADAPTER}",
    ),
    "no e-mail": (
        spoiled(lambda one: one["Context"].update(CustomerInfo='{"name": "{{name}}"}')),
        "the tool sends no email",
        lambda config: the_step(config)["route"]["user_email"],
        "{{ user.email }}",
    ),
    "another key of the customer": (
        spoiled(lambda one: one["Context"].update(CustomerInfo='{"name":"a","email":"b","vip":"yes"}')),
        "CustomerInfo's vip has no place",
        lambda config: the_step(config)["route"]["user_name"],
        "a",
    ),
    "another key of the context": (
        spoiled(lambda one: one["Context"].update(Shop="nl")),
        "the Context's Shop is not one that MSC is known to read",
        lambda config: the_step(config)["route"]["context"],
        {"Shop": "nl"},
    ),
    "stray braces": (
        spoiled(
            lambda one: one["Context"].update(
                CustomerInfo='{"name":"{{name}}","email":"{{email_address}}}}"}'
            )
        ),
        "stray braces",
        lambda config: the_step(config)["route"]["user_email"],
        "{{email_address}}",
    ),
    "a minus in a name": (
        spoiled(
            lambda one: one["Context"].update(CustomerInfo='{"name":"{{full-name}}","email":"{{email}}"}')
        ),
        "the parameter full-name is called full_name here",
        lambda config: the_step(config)["route"]["user_name"],
        "{{full_name}}",
    ),
    "the word user": (
        spoiled(lambda one: one["Context"].update(CustomerInfo='{"name":"{{user}}","email":"{{email}}"}')),
        "{{user}} means the user's name",
        lambda config: the_step(config)["route"]["user_name"],
        "{{user}}",
    ),
    "another chat id": (
        spoiled(lambda one: one.update(chatId="{{session}}")),
        "another chat id",
        the_step,
        STEP,
    ),
    "an open url": (
        json.dumps([{**step(), "url": URL.replace(LINK, "{TechnicalLinkId}")}, output()]),
        "leaves the technical link's id open",
        lambda config: config["providers"]["msc"]["technical_link_id"],
        "${CM_TECHNICAL_LINK_ID}",
    ),
    "no output": (
        json.dumps([step()]),
        "no Output step follows",
        lambda config: "message" in the_step(config),
        False,
    ),
    "an output of json": (
        json.dumps([step(), output('{"done": true}', format="JSON")]),
        "no text that a user can read",
        lambda config: "message" in the_step(config),
        False,
    ),
    "contexts, end and media": (
        json.dumps([step(), output(setContexts=[{"a": 1}], endConversation=True, media=["x.png"])]),
        "End Conversation is lost",
        the_step,
        STEP,
    ),
    "steps before": (
        json.dumps([{"type": "user_interaction"}, step(), output()]),
        'the step of type "user_interaction" before is not migrated',
        the_step,
        STEP,
    ),
    "in one of two ways": (
        json.dumps([{"if": "a", "then": [step(), output()], "else": [output("no")]}]),
        "the condition of the branch is not migrated",
        the_step,
        STEP,
    ),
    "in a branch at the end": (
        json.dumps(
            [{"type": "branch", "branches": [{"if": "a", "steps": [step(), output()]}, {"steps": []}]}]
        ),
        "the condition of the branch is not migrated",
        the_step,
        STEP,
    ),
}


@pytest.mark.parametrize(("content", "warning", "sees", "expected"), WARNED.values(), ids=WARNED.keys())
def test_what_needs_a_person_is_migrated_and_said(
    content: str, warning: str, sees: Sees, expected: object
) -> None:
    """The result is valid, and the report says what to look at."""
    assert sees(written(content)) == expected
    told = [str(note) for note in migrate(content).notes if note.kind != "kept"]
    assert any(warning in one for one in told), told
