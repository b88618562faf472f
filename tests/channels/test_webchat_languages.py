"""Visitors whose language the program does not ship, written from right to left or not, against a running server."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.channels.visitor import SITE, Visitor
from tests.desk.floor import HASH, Agent
from tests.serving import KEY, Server, running_server

ACCEPTED = "\u0644\u062d\u0638\u0629 \u0645\u0646 \u0641\u0636\u0644\u0643"
POSITION = "\u0623\u0646\u062a \u0631\u0642\u0645 {position}"
CHAT = "\u0645\u062d\u0627\u062f\u062b\u0629"
CONFIG = f"""
api: {{keys: [{{name: all, key: {KEY}, scopes: [conversations, handovers, desk]}}]}}
languages: {{default: en, supported: [en, ar, pt-BR]}}
texts: {{ar: {{accepted: "{ACCEPTED}", queue_position: "{POSITION}"}}}}
channels:
  web: {{type: webchat, provider: support, allowed_origins: ["{SITE}"], title: {{en: Harbour, ar: "{CHAT}"}}, bot_name: Robin}}
providers: {{support: {{type: desk}}}}
agents: {{anna: {{name: Anna, password_hash: "{HASH}"}}}}
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A server that speaks English, and Arabic as far as its owner has written it."""
    async with running_server(tmp_path, CONFIG) as running:
        yield running


@pytest.mark.parametrize(
    ("locale", "language", "title"),
    [
        ("ar", "ar", CHAT),
        ("ar-EG", "ar", CHAT),
        ("AR", "ar", CHAT),
        ("pt-BR", "pt-BR", "Harbour"),
        ("he-IL", "en", "Harbour"),
        ("zh-Hant-TW", "en", "Harbour"),
        ("tlh", "en", "Harbour"),
    ],
)
async def test_the_nearest_supported_language_is_taken(
    server: Server, locale: str, language: str, title: str
) -> None:
    """A language that the owner has added is spoken; another one becomes the default, never an error."""
    visitor = await Visitor.comes(server, language=locale)
    config = visitor.session["config"]
    assert (config["language"], config["title"], config["bot"]["name"]) == (language, title, "Robin")


async def test_the_owners_texts_are_said_and_the_default_fills_the_gaps(server: Server) -> None:
    """What is written in the visitor's language is said in it, the rest in English, and numbers are filled in."""
    await Agent(server, "anna").here()
    visitor = await Visitor.comes(server, language="ar")
    async with visitor.page() as page:
        await visitor.needs_human(queue={"position": True}, cancel={"button": "x"}, rating={"ask": True})
        await page.hears(ACCEPTED)
        await page.hears(POSITION.format(position=1))
        await page.send("cancel")
        await page.hears("All right, you are back with the assistant.")


async def test_a_visitor_of_an_unknown_language_is_spoken_to_in_english(server: Server) -> None:
    """Their own words pass as they are, whatever the script."""
    await Agent(server, "anna").here()
    visitor = await Visitor.comes(server, language="he")
    async with visitor.page() as page:
        hello = "\u05e9\u05dc\u05d5\u05dd! 123"
        await page.say(hello)
        await visitor.needs_human()
        await page.hears("One moment please, we are finding somebody for you.")
    assert (await visitor.messages())[0]["text"] == hello
