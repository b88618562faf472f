"""The user is no longer to be given to Mobile Service Cloud, and nobody knows whether the Router has done it already."""

from pathlib import Path
from typing import Any

from openhandover.emulators.cm import CmEmulator
from tests.scenarios.cm_relay import HEADERS, inside
from tests.serving import Server, running_server


async def asked_for_a_human(server: Server, cm: CmEmulator) -> tuple[Any, str]:
    """The visitor, and the id of their handover, whose mutation went out once."""
    visitor = cm.visitor("ada", "Ada")
    visitor.says("a human please")
    await cm.wait_until(lambda: cm.requests_to("mutation"))
    (conversation,) = (await server.call("GET", "/v1/conversations")).body["items"]
    return visitor, conversation["handover_id"]


def texts(cm: CmEmulator, more: str = "") -> str:
    """The bot inside the Router; `more` are settings of the provider."""
    return inside(cm).replace(
        "type: cm_msc, ", f"type: cm_msc, session_url: '{cm.url}/router/control/v1', {more}"
    )


async def ended(server: Server, handover_id: str) -> None:
    """Wait until nothing of the handover is under way."""
    await server.until(f"/v1/handovers/{handover_id}", lambda one: one["status"] == "cancelled")
    await server.until(
        f"/v1/handovers/{handover_id}/explain", lambda told: len(told["items"]) > 1, within_s=5
    )


async def test_a_cancelled_handover_is_not_asked_of_the_router_again(tmp_path: Path) -> None:
    """It refused at first; after the user has changed their mind it is left alone, and the chat stays with the bot."""
    async with CmEmulator() as cm, running_server(tmp_path, texts(cm)) as server:
        cm.call_back("bot", f"{server.url}/channels/cm", HEADERS)
        cm.faults.fail_next(503, endpoint="mutation", retry_after="1")
        visitor, handover_id = await asked_for_a_human(server, cm)
        await server.call("POST", f"/v1/handovers/{handover_id}/cancel")
        await ended(server, handover_id)
        visitor.says("hello again")
        await cm.wait_until(lambda: visitor.answers[-1] == "You said: hello again")
        assert visitor.chat.side == "bot"
        assert len(cm.requests_to("mutation")) == 1


async def test_a_session_that_ended_first_takes_the_next_one_nowhere(tmp_path: Path) -> None:
    """The mutation was taken and its answer lost; the agent is done before we ask again. The next session, which has
    the same chat, begins at the bot and stays there."""
    async with CmEmulator() as cm, running_server(tmp_path, texts(cm)) as server:
        cm.call_back("bot", f"{server.url}/channels/cm", HEADERS)
        cm.faults.lose_next_reply(endpoint="mutation")
        visitor, handover_id = await asked_for_a_human(server, cm)
        chat = await cm.chat_at_desk()
        await cm.agent_says(chat.id, "That was quick.")
        await cm.agent_ends(chat.id)
        visitor.says("one more thing")
        await cm.wait_until(lambda: visitor.answers[-1] == "You said: one more thing")
        await ended(server, handover_id)
        visitor.says("and another")
        await cm.wait_until(lambda: visitor.answers[-1] == "You said: and another")
        assert len(cm.requests_to("mutation")) == 1


async def test_a_cancelled_chat_is_handed_back_where_that_is_configured(tmp_path: Path) -> None:
    """With `handback: enable` the link to the bot is made again, for it may have been cut: the answer was lost."""
    async with CmEmulator() as cm:
        config = texts(cm, "handback: enable, disable_components: [], ")
        async with running_server(tmp_path, config) as server:
            cm.call_back("bot", f"{server.url}/channels/cm", HEADERS)
            cm.faults.lose_next_reply(endpoint="mutation")
            visitor, handover_id = await asked_for_a_human(server, cm)
            assert visitor.livechat
            await server.call("POST", f"/v1/handovers/{handover_id}/cancel")
            await cm.wait_until(lambda: visitor.chat.side == "bot")
            visitor.says("hello again")
            await cm.wait_until(lambda: visitor.answers[-1] == "You said: hello again")
            assert len(cm.requests_to("mutation")) == 2
