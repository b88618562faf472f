"""Users of CM's channels and our bot: what they write comes in, what it answers goes out."""

from pathlib import Path

from .cm_router import house


async def test_a_user_in_web_conversations_talks_with_the_bot(tmp_path: Path) -> None:
    """Two turns through the Router: the bot answers both in the same chat, and knows its id."""
    async with house(tmp_path) as here:
        visitor = here.cm.visitor("ada", "Ada Example")
        chat = visitor.says("hello")
        await here.cm.wait_until(lambda: len(visitor.answers) == 1)
        visitor.says("again")
        await here.cm.wait_until(lambda: len(visitor.answers) == 2)
        (conversation,) = await here.conversations()
        path = f"/v1/conversations/{conversation['id']}/messages"
        done = [("user", "delivered"), ("bot", "delivered")] * 2
        await here.server.until(
            path, lambda page: [(one["author"], one["delivery"]["state"]) for one in page["items"]] == done
        )
        assert visitor.answers == [f"You said hello in {chat.id}.", f"You said again in {chat.id}."]
        assert (conversation["channel"], conversation["user"]["id"]) == ("chat", "ada")
        assert conversation["user"]["name"] == "Ada Example"
        assert conversation["context"]["chatId"] == chat.id
