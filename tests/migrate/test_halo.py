"""`openhandover migrate halo` on the example of CM's guide, in every wrapper, and on twelve that are not clear."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from openhandover.config.load import read_bytes
from openhandover.migrate.halo import migrate
from openhandover.migrate.report import Refusal
from openhandover.migrate.writing import text
from tests.migrate.legacy import (
    BODY,
    HEADERS,
    LINK,
    MESSAGE,
    SOURCE,
    TARGET,
    TOKEN,
    URL,
    body,
    output,
    spoiled,
    step,
)

ENVIRON = {
    "CM_PRODUCT_TOKEN": "x",
    "CM_TECHNICAL_LINK_ID": LINK,
    "CM_MESSAGING_ADAPTER": SOURCE,
}
PROVIDER = {
    "type": "cm_msc",
    "technical_link_id": LINK,
    "product_token": "${CM_PRODUCT_TOKEN}",
    "bot_adapter": TARGET,
    "disable_components": ["CMBot"],
}
STEP = {
    "provider": "msc",
    "message": MESSAGE,
    "route": {"messaging_adapter": SOURCE, "user_name": "{{name}}", "user_email": "{{email_address}}"},
    "voice": {"provider": "calls"},
}
PARAMETERS = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "email_address": {"type": "string"}},
    "required": ["name", "email_address"],
}


def written(content: str) -> dict[str, Any]:
    """The configuration, read from the YAML that is printed, which `check` takes and the token is not in."""
    printed = text(migrate(content), "tool.json")
    assert TOKEN not in printed
    loaded = read_bytes(printed.encode(), "new.yaml", ENVIRON)
    assert not loaded.errors, loaded.errors
    return yaml.safe_load(printed)


def the_step(config: dict[str, Any]) -> dict[str, Any]:
    """The only step of the only tool."""
    (tool,) = config["tools"].values()
    (only,) = tool["steps"]
    return only["handover"]


def on_the_wire() -> str:
    """The request as a tool such as curl shows it."""
    path = URL.removeprefix("https://api.conversational.cm.com")
    headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return f"POST {path} HTTP/1.1\r\nHost: api.conversational.cm.com\r\n{headers}\r\n{json.dumps(BODY)}"


WRAPPERS = {
    "list of steps": json.dumps([step(), output()]),
    "steps": json.dumps({"steps": [step(), output()]}),
    "tool": json.dumps({"tool": {"id": 7, "steps": [step(), output()]}}),
    "one-key steps": json.dumps([{"api": step()}, {"output": {"text": MESSAGE}}]),
    "output as text": json.dumps([{"api": step()}, {"output": MESSAGE}]),
    "body as data": json.dumps([{**step(), "body": BODY}, output()]),
    "config inside": json.dumps(
        [{"type": "API", "config": step()}, {"type": "Output", "config": {"format": "Text", "text": MESSAGE}}]
    ),
    "headers as list": json.dumps(
        [
            {**step(), "headers": [{"name": name, "value": value} for name, value in HEADERS.items()]},
            output(),
        ]
    ),
    "yaml": yaml.safe_dump({"steps": [step(), output()]}, sort_keys=False),
    "yaml block": "- api:\n    url: '"
    + URL
    + "'\n    body: |\n"
    + "".join(f"      {line}\n" for line in json.dumps(BODY, indent=2).splitlines())
    + f"- output: {{text: '{MESSAGE}'}}\n",
    "tabs": json.dumps([step(), output()], indent="\t"),
}


@pytest.mark.parametrize("content", WRAPPERS.values(), ids=WRAPPERS.keys())
def test_the_guides_example_gives_exactly_the_step(content: str) -> None:
    """Whatever stands around it: the source is the step's adapter, the target the bot's, on the provider."""
    assert written(content) == {
        "providers": {"msc": PROVIDER, "calls": {"type": "logging"}},
        "tools": {
            "talk_to_human": {
                "description": "Hand the conversation over to a human.",
                "parameters": PARAMETERS,
                "steps": [{"handover": STEP}],
            }
        },
    }


def test_a_request_as_it_looks_on_the_wire() -> None:
    """All but the message, which a request does not have."""
    config = written(on_the_wire())
    assert config["providers"]["msc"] == PROVIDER
    assert the_step(config) == {key: value for key, value in STEP.items() if key != "message"}


def test_a_body_alone() -> None:
    """The account is not in it and is asked for."""
    made = migrate(json.dumps(BODY))
    assert made.config["providers"]["msc"] == {**PROVIDER, "technical_link_id": "${CM_TECHNICAL_LINK_ID}"}
    assert any("CM_TECHNICAL_LINK_ID" in note.what for note in made.notes if note.kind == "by hand")


def test_a_tool_keeps_its_name_description_and_parameters() -> None:
    """Parameters become a schema; one that is not mandatory is not required."""
    declared = [
        {"name": "name", "description": "The user's name", "type": "text", "mandatory": True},
        {"name": "email_address", "type": "string", "mandatory": False},
        {"name": "orders", "type": "integer", "mandatory": False},
    ]
    tool = {"name": "Talk to human", "description": "When asked for", "parameters": declared}
    config = written(json.dumps({**tool, "steps": [step(), output()]}))
    assert config["tools"]["Talk_to_human"]["description"] == "When asked for"
    assert config["tools"]["Talk_to_human"]["parameters"] == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "The user's name"},
            "email_address": {"type": "string"},
            "orders": {"type": "integer"},
        },
        "required": ["name"],
    }


def test_everything_a_context_can_hold() -> None:
    """Keywords, web store, phone and profile have keys of the step; what is unknown is sent along."""
    full = body(
        lambda one: one.update(
            Context={
                "routingkeywords": "billing,vip",
                "webStoreReferrer": "shop-nl",
                "MSCProfile": "gold",
                "OrderId": "{{order}} $5",
                "customerInfo": '{"Name": "{{name}}", "EMAIL": "{{email_address}}", "phoneNumber": "{{phone}}"}',
            }
        )
    )
    config = written(json.dumps([step(full), output()]))
    assert the_step(config)["route"] == {
        "messaging_adapter": SOURCE,
        "user_name": "{{name}}",
        "user_email": "{{email_address}}",
        "routing_keywords": "billing,vip",
        "webstore_referrer": "shop-nl",
        "profile": "gold",
        "context": {"OrderId": "{{order}} $5"},
        "phone_number": "{{phone}}",
    }
    assert config["providers"]["msc"]["phone_key"] == "phoneNumber"


def test_another_address_of_the_router() -> None:
    """The older base url is kept, the current one needs no setting."""
    older = {**step(), "url": URL.replace("api.conversational.cm.com", "api.cm.com")}
    assert written(json.dumps([older]))["providers"]["msc"]["base_url"] == "https://api.cm.com"


@pytest.mark.parametrize("quoted", ['"{{ {"a": 1} }}"', "{{_context.chatId}}"])
def test_templates_that_are_no_json_are_read(quoted: str) -> None:
    """Bare, or with quotes inside: the body of a HALO tool is text until it is rendered."""
    raw = json.dumps(BODY).replace('"{{_context.chatId}}"', quoted)
    assert the_step(written(json.dumps([step(raw), output()]))) == STEP


def test_letters_of_all_kinds_arrive() -> None:
    """Emoji written as halves, right-to-left text, quotes and `$` are what they were."""
    said = 'Een moment 🙂 "שלום" $5 ${x} $$ {{name}}'
    printed = text(migrate(json.dumps([step(), output(said)])), "tool.json")
    loaded = read_bytes(printed.encode(), "new.yaml", ENVIRON)
    assert not loaded.errors
    (handover,) = loaded.config.tools["talk_to_human"].steps
    assert handover.handover.message == said


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


def test_the_report_names_the_place() -> None:
    """Line and column in the file, also inside a block of text."""
    lines = WRAPPERS["yaml block"].splitlines()
    (note,) = [note for note in migrate(WRAPPERS["yaml block"]).notes if "sourceAdapterId" in note.what]
    number = next(at for at, line in enumerate(lines, 1) if "sourceAdapterId" in line)
    column = lines[number - 1].index(f'"{SOURCE}"') + 1
    assert note.where == f"line {number}, column {column}: [0].api.body.mutations[0].sourceAdapterId"


def test_a_token_in_other_places_is_not_carried_over() -> None:
    """Somebody put it into the Context too: it becomes the variable there."""
    config = written(spoiled(lambda one: one["Context"].update(Token=f"key {TOKEN}")))
    assert the_step(config)["route"]["context"] == {"Token": "key ${CM_PRODUCT_TOKEN}"}


@pytest.mark.parametrize("name", sorted(Path(__file__).parent.glob("*.py")), ids=lambda path: path.name)
def test_a_file_of_another_kind_is_refused(name: Path) -> None:
    """A Python file is no tool; nothing breaks."""
    with pytest.raises(Refusal):
        migrate(name.read_text("utf-8"))
