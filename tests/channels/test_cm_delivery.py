"""What goes out to CM's Router: in order, again while it cannot take it, never twice under two ids."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from openhandover.emulators.cm.visitor import Visitor

from .cm_router import House, body_of, house

COUNTING = """
    - say: "first"
    - say: "second"
    - say: "third"
"""


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncGenerator[House]:
    """A bot that says three things at once."""
    async with house(tmp_path, flow=COUNTING) as made:
        yield made


async def heard(here: House, *words: str) -> Visitor:
    """The visitor writes, and in the end has read exactly these words."""
    visitor = here.cm.visitor("ada")
    visitor.says("hello")
    await here.cm.wait_until(lambda: len(visitor.answers) >= len(words))
    assert visitor.answers == list(words)
    return visitor


async def states(here: House) -> list[str]:
    """What became of the bot's messages, once it is settled."""
    path = f"/v1/conversations/{(await here.conversations())[0]['id']}/messages"

    def of_bot(page: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
        return [one["delivery"]["state"] for one in page["items"] if str(one["author"]) == "bot"]

    page = await here.server.until(path, lambda page: "pending" not in of_bot(page))
    return of_bot(page)


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 503])
async def test_what_heals_by_itself_is_tried_again(here: House, status: int) -> None:
    """The first message comes again under the same id, before the others."""
    here.cm.faults.fail_next(status, endpoint="twoway")
    await heard(here, "first", "second", "third")
    sent = [body_of(one)["conversationMessages"][0] for one in here.cm.requests_to("twoway")]
    assert [one["text"] for one in sent] == ["first", "first", "second", "third"]
    assert len({one["id"] for one in sent}) == 3
    assert sent[0] == sent[1]
    assert await states(here) == ["delivered"] * 3


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_what_cm_refuses_for_good_fails_and_the_next_goes_on(here: House, status: int) -> None:
    """It is not repeated; the bot is told by `message.failed`."""
    here.cm.faults.fail_next(status, endpoint="twoway")
    await heard(here, "second", "third")
    assert await states(here) == ["failed", "delivered", "delivered"]
    (conversation,) = await here.conversations()
    events = (await here.server.call("GET", f"/v1/conversations/{conversation['id']}/events")).body["items"]
    assert [one["type"] for one in events].count("message.failed") == 1


async def test_an_answer_that_was_lost_repeats_the_same_message(here: House) -> None:
    """The Router has it already; by its id it can tell, and the user reads it once."""
    here.cm.account.keeps_ids = True
    here.cm.faults.lose_next_reply(endpoint="twoway")
    await heard(here, "first", "second", "third")
    assert await states(here) == ["delivered"] * 3


async def test_the_wait_that_cm_asks_for_is_kept(here: House) -> None:
    """`Retry-After` counts more than our own pace."""
    here.cm.faults.fail_next(429, endpoint="twoway", retry_after="1")
    await heard(here, "first", "second", "third")
    first, again = here.cm.requests_to("twoway")[:2]
    assert (first.status, again.status) == (429, 201)


BUTTONS = """
    - ask: {text: "Which one?", buttons: [{text: "Your bill", value: bill}, {text: "Wi-Fi ⚡", value: wifi}], into: topic}
    - say: "{{ topic }}, then."
"""


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("2", "wifi"),
        (" 2. ", "wifi"),
        ("1)", "bill"),
        ("wi-fi ⚡", "wifi"),
        ("WIFI", "wifi"),
        ("3", "3"),
        ("0", "0"),
        ("my bill", "my bill"),
        ("²", "²"),
    ],
)
async def test_a_number_chooses_a_button(tmp_path: Path, said: str, taken: str) -> None:
    """Buttons are written as a list; its number, words or value choose one, and anything else stays what it is."""
    async with house(tmp_path, flow=BUTTONS) as here:
        visitor = here.cm.visitor("ada")
        visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 1)
        assert visitor.answers[0] == "Which one?\n\n1. Your bill\n2. Wi-Fi ⚡"
        visitor.says(said)
        await here.cm.wait_until(lambda: len(visitor.answers) == 2)
        assert visitor.answers[1] == f"{taken}, then."


async def test_a_chosen_button_is_shown_in_its_own_words(tmp_path: Path) -> None:
    """Who reads the talk later sees what "2" meant; what was typed is kept beside it."""
    async with house(tmp_path, flow=BUTTONS) as here:
        visitor = here.cm.visitor("ada")
        visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 1)
        visitor.says("2")
        await here.cm.wait_until(lambda: len(visitor.answers) == 2)
        chosen = [one for one in await here.messages() if one["author"] == "user"][1]
        assert (chosen["text"], chosen["metadata"]) == ("Wi-Fi ⚡", {"cm": {"text": "2"}})


async def test_a_number_after_other_words_is_a_number(tmp_path: Path) -> None:
    """Only the last thing that was said can be chosen from."""
    flow = """
    - say: {text: "Which one?", buttons: [{text: "A", value: a}]}
    - ask: {text: "How many?", into: many}
    - say: "{{ many }} of them."
"""
    async with house(tmp_path, flow=flow) as here:
        visitor = here.cm.visitor("ada")
        visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 2)
        visitor.says("1")
        await here.cm.wait_until(lambda: len(visitor.answers) == 3)
        assert visitor.answers[2] == "1 of them."


@pytest.mark.parametrize("api", ["v1", "v2"])
async def test_each_version_has_its_address(tmp_path: Path, api: str) -> None:
    """The setting `api` is in the path."""
    async with house(tmp_path, channel=f"    api: {api}") as here:
        await heard_once(here)
        (request,) = here.cm.requests_to("twoway")
        adapter = "bbbbbbbb-0000-4000-8000-000000000002"
        account = here.cm.account.technical_link_id
        assert request.path == f"/conversational/twoway/{api}/accounts/{account}/adapters/{adapter}"


async def heard_once(here: House) -> None:
    """A visitor writes and is answered."""
    visitor = here.cm.visitor("ada")
    visitor.says("hello")
    await here.cm.wait_until(lambda: len(visitor.answers) == 1)


async def test_callbacks_that_come_twice_or_in_another_order_lose_nothing(here: House) -> None:
    """Both messages are there once each; nothing waits for the other."""
    here.cm.callbacks.repeat_next(2)
    visitor = await heard(here, "first", "second", "third")
    here.cm.callbacks.reorder_next()
    visitor.says("two")
    visitor.says("three")
    await here.cm.wait_until(lambda: len(visitor.answers) == 9)
    words = [one["text"] for one in await here.messages() if one["author"] == "user"]
    assert words == ["hello", "three", "two"]


async def test_what_is_too_long_for_the_channel_goes_out_in_parts(tmp_path: Path) -> None:
    """One call with several messages, each with an id of its own."""
    flow = "    - say: 'one two three four five six'\n"
    async with house(tmp_path, flow=flow, channel="    longest_text: 20") as here:
        await heard(here, "one two three four", "five six")
        sent = body_of(here.cm.requests_to("twoway")[0])["conversationMessages"]
        assert len({one["id"] for one in sent}) == 2


async def test_an_answer_with_emoji_and_right_to_left_text_arrives_as_written(tmp_path: Path) -> None:
    """What the bot says is not changed on its way."""
    said = "👩‍👩‍👧 \u05e9\u05dc\u05d5\u05dd \u200f(1) \\ &amp;"
    async with house(tmp_path, flow=f"    - say: '{said}'\n") as here:
        await heard(here, said)
