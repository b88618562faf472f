"""`openhandover migrate halo` on the example of CM's guide, in every wrapper."""

import json
from pathlib import Path

import pytest
import yaml

from openhandover.config.load import read_bytes
from openhandover.migrate.halo import migrate
from openhandover.migrate.report import Refusal
from openhandover.migrate.writing import text
from tests.migrate.legacy import (
    BODY,
    ENVIRON,
    HEADERS,
    MESSAGE,
    PROVIDER,
    SOURCE,
    STEP,
    TOKEN,
    URL,
    body,
    output,
    spoiled,
    step,
    the_step,
    written,
)

PARAMETERS = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "email_address": {"type": "string"}},
    "required": ["name", "email_address"],
}


def on_the_wire() -> str:
    """The request as a tool such as curl shows it."""
    path = URL.removeprefix("https://api.conversational.cm.com")
    headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return f"POST {path} HTTP/1.1\r\nHost: api.conversational.cm.com\r\n{headers}\r\n{json.dumps(BODY)}"


WRAPPERS = {
    "list of steps": json.dumps([step(), output()]),
    "steps": json.dumps({"steps": [step(), output()]}),
    "tool": json.dumps({"tool": {"id": 7, "steps": [step(), output()]}}),
    "tools": json.dumps({"tools": [{"steps": [{"type": "llm"}]}, {"steps": [step(), output()]}]}),
    "list of tools": json.dumps([{"tool": {"steps": [step(), output()]}}, {"tool": {"steps": [output()]}}]),
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


def test_the_name_is_that_of_the_tool_not_of_what_is_around_it() -> None:
    """The map that declares the parameters is the tool."""
    tool = {
        "name": "talk",
        "parameters": [{"name": "name"}],
        "steps": [step(name="call the Router"), output()],
    }
    assert list(written(json.dumps({"name": "my export", "tools": [tool]}))["tools"]) == ["talk"]


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


def test_an_output_in_several_languages() -> None:
    """Each stays; without one in the usual default language the first is taken alone, and that is said."""
    both = {"en": "One moment", "nl": "Een moment"}
    assert the_step(written(json.dumps([step(), output(both)])))["message"] == both
    made = json.dumps([step(), output({"nl": "Een moment", "de": "Moment"})])
    assert the_step(written(made))["message"] == "Een moment"
    assert any("has no text in en" in note.what for note in migrate(made).notes)


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
