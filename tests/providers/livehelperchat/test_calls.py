"""The provider's calls against the emulated Live Helper Chat: what is written there, once, and what refusals become."""

import pytest

from openhandover.core import errors
from openhandover.core.model import Attachment
from openhandover.providers.base import Session

from .alone import alone, said, session
from .test_wire import message, request

PNG = Attachment("f1", "photo.png", "image/png", 3, "https://ours/f1")

# --- lines ---------------------------------------------------------------------------------------------------------


async def test_the_same_words_twice_are_two_lines() -> None:
    """Who says yes twice has said it twice."""
    async with alone() as pair:
        one = await pair.opened()
        for key in ("k1", "k2"):
            await pair.provider.send(one, said("yes"), key)
        assert pair.texts(one) == ["yes", "yes"]


async def test_a_lost_reply_leaves_one_line() -> None:
    """It is looked for behind our last line."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.provider.send(one, said("yes"), "k1")
        pair.lhc.faults.lose_next_reply(endpoint="message.user")
        with pytest.raises(errors.ProviderUnavailable):
            await pair.provider.send(one, said("yes"), "k2")
        await pair.provider.send(one, said("yes"), "k2")
        await pair.provider.send(one, said("yes"), "k3")
        assert pair.texts(one) == ["yes", "yes", "yes"]


async def test_a_crash_between_parts_repeats_none() -> None:
    """What was written is not written again by the next process, however far it had got."""
    async with alone(max_message_length=20) as pair:
        one = await pair.opened()
        text = " ".join(f"word{number:02}" for number in range(8))
        pair.lhc.faults.lose_next_reply(endpoint="message.user")
        for _ in range(4):
            restarted = pair.another()
            try:
                await restarted.send(one, said(text), "k1")
                break
            except errors.ProviderUnavailable:
                pair.lhc.faults.lose_next_reply(endpoint="message.user")
                pair.lhc.faults.fail_next(503, endpoint="message.user")
        pair.lhc.faults.clear()
        await pair.another().send(one, said(text), "k1")
        await pair.another().send(one, said(text), "k1")
        assert " ".join(pair.texts(one)) == text


async def test_the_bots_words_are_no_commands() -> None:
    """A line that begins with `!` is a line, with the bot's name, and after a lost reply there is one of it."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.lhc.agent_joins(one.external_id)
        pair.lhc.faults.lose_next_reply(endpoint="message.admin")
        with pytest.raises(errors.ProviderUnavailable):
            await pair.provider.send(one, said("!pending", "bot", author_name="Robo"), "k1")
        await pair.provider.send(one, said("!pending", "bot", author_name="Robo"), "k1")
        await pair.provider.presence(one, "disconnected", "!close left the conversation")
        assert pair.chat(one).shown.status == 1
        lines = pair.chat(one).lines[-2:]
        assert [(line.user_id, line.msg.lstrip("\u200b"), line.name_support) for line in lines] == [
            (-2, "!pending", "Robo"),
            (-1, "!close left the conversation", ""),
        ]


async def test_a_bot_s_line_is_never_taken_for_html() -> None:
    """With `[html]` in it they would throw the whole line away, and say that it was taken."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.provider.send(one, said("Write [html]<b>hi</b>[/html]", "bot", author_name="Robo"), "k1")
        assert pair.texts(one, -2)[-1].replace("\u200b", "") == "Write [html]<b>hi</b>[/html]"


async def test_files_are_uploaded_or_become_links() -> None:
    """Text first, then each file; a kind that is not allowed and one that lies elsewhere are links."""
    async with alone() as pair:
        one = await pair.opened()
        pair.host.files = {"f1": b"abc", "f2": b"abc"}
        text = Attachment("f2", "notes.txt", "text/plain", 3, "https://ours/f2")
        elsewhere = Attachment("f3", "", "", None, "https://theirs/f3")
        await pair.provider.send(one, said("See", "user", PNG, text, elsewhere), "k1")
        (file,) = pair.lhc.site.files.values()
        assert (file.name, file.type, file.content) == ("photo.png", "image/png", b"abc")
        assert pair.texts(one) == [
            "See",
            f"[file={file.id}_{file.hash}]",
            "notes.txt: https://ours/f2",
            "https://theirs/f3",
        ]


async def test_a_file_whose_reply_was_lost_is_there_once() -> None:
    """Its token differs with every upload; that there is one counts."""
    async with alone() as pair:
        one = await pair.opened()
        pair.host.files = {"f1": b"abc"}
        pair.lhc.faults.lose_next_reply(endpoint="message.user")
        with pytest.raises(errors.ProviderUnavailable):
            await pair.provider.send(one, said("", "user", PNG), "k1")
        await pair.another().send(one, said("", "user", PNG), "k1")
        assert len(pair.texts(one)) == 1


async def test_nothing_is_no_message() -> None:
    """It is refused for good rather than lost."""
    async with alone() as pair:
        one = await pair.opened()
        with pytest.raises(errors.Unsupported):
            await pair.provider.send(one, said(" \n"), "k1")


async def test_refusals_are_told_apart() -> None:
    """Too long there, closed there, gone there, refused with our key: the sentence is never read."""
    async with alone() as pair:
        one = await pair.opened()
        pair.lhc.site.max_message_length = 3
        with pytest.raises(errors.ProviderRejected, match="check `max_message_length`"):
            await pair.provider.send(one, said("long"), "k1")
        await pair.lhc.agent_ends(one.external_id)
        with pytest.raises(errors.SessionEnded):
            await pair.provider.send(one, said("abc"), "k1")
        del pair.lhc.site.chats[int(one.external_id)]
        with pytest.raises(errors.SessionGone) as raised:
            await pair.provider.send(one, said("abc"), "k1")
        assert not isinstance(raised.value, errors.SessionEnded)
        pair.lhc.site.us.api_key = "another"
        with pytest.raises(errors.ProviderAuthError):
            await pair.provider.send(one, said("abc"), "k1")


async def test_maintenance_is_waited_for() -> None:
    """503 with a page and a wish."""
    async with alone() as pair:
        one = await pair.opened()
        pair.lhc.faults.fail_next(503, endpoint="message.user", retry_after="60")
        with pytest.raises(errors.ProviderUnavailable) as raised:
            await pair.provider.send(one, said("abc"), "k1")
        assert (raised.value.http_status, raised.value.retry_after_s) == (503, 60)


async def test_typing_and_what_is_not_told() -> None:
    """On and off; the words stay with the user."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.provider.typing(one, on=True)
        assert pair.chat(one).user_types
        await pair.provider.typing(one, on=False)
        assert not pair.chat(one).user_types
        assert {request.body for request in pair.lhc.requests_to("typing")} == {b"msg="}


async def test_a_revoked_key_makes_no_link_of_a_file() -> None:
    """The file waits for a good key."""
    async with alone() as pair:
        one = await pair.opened()
        pair.host.files = {"f1": b"abc"}
        pair.lhc.site.us.api_key, kept = "another", pair.lhc.site.us.api_key
        with pytest.raises(errors.ProviderAuthError):
            await pair.provider.send(one, said("", "user", PNG), "k1")
        pair.lhc.site.us.api_key = kept
        await pair.provider.send(one, said("", "user", PNG), "k1")
        assert len(pair.lhc.site.files) == len(pair.texts(one)) == 1


async def test_the_bots_words_for_a_chat_that_is_gone() -> None:
    """As the user's."""
    async with alone() as pair:
        one = await pair.opened()
        pair.lhc.site.chats.clear()
        with pytest.raises(errors.SessionGone):
            await pair.provider.presence(one, "connected", "Ann joined")
        with pytest.raises(errors.SessionGone):
            await pair.provider.send(one, said("Hi", "bot"), "k1")


async def test_a_key_that_is_revoked_before_the_repeat() -> None:
    """Whether there is a chat cannot be found out now: nothing is opened a second time."""
    async with alone() as pair:
        pair.lhc.faults.lose_next_reply(endpoint="chat.create")
        with pytest.raises(errors.ProviderUnavailable):
            await pair.provider.open(request(route={"department": 1}))
        pair.lhc.site.us.api_key = "another"
        with pytest.raises(errors.ProviderAuthError):
            await pair.provider.open(request(route={"department": 1}))
        assert len(pair.lhc.site.chats) == 1


# --- the end -------------------------------------------------------------------------------------------------------


async def test_a_cancel_is_the_visitors_and_closes() -> None:
    """Operators see that the user left; twice is once."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.lhc.agent_joins(one.external_id)
        for _ in range(2):
            await pair.provider.cancel(one, "user_cancelled")
        shown = pair.chat(one).shown
        assert (shown.status, shown.user_status, shown.status_sub) == (2, 1, 3)
        assert len(pair.lhc.requests_to("chat.status")) == 1


async def test_a_cancel_may_leave_the_closing_to_operators() -> None:
    """By setting."""
    async with alone(close_on_cancel=False) as pair:
        one = await pair.opened()
        await pair.provider.cancel(one, "user_cancelled")
        assert (pair.chat(one).shown.status, pair.chat(one).shown.user_status) == (0, 1)
        await pair.provider.close(one, "bot_closed")
        assert pair.chat(one).shown.status == 2


async def test_a_close_that_did_nothing_names_the_right() -> None:
    """They say that it was done."""
    async with alone() as pair:
        one = await pair.opened()
        await pair.lhc.agent_joins(one.external_id)
        pair.lhc.site.us.rights -= {"lhchat,allowcloseremote"}
        with pytest.raises(errors.ProviderRejected, match="lhchat, allowcloseremote"):
            await pair.provider.close(one, "bot_closed")


async def test_a_chat_that_ended_in_a_survey_is_closed() -> None:
    """The user can write no more, and operators still have it."""
    async with alone() as pair:
        one = await pair.opened()
        pair.chat(one).now.status_sub = 5
        pair.lhc.site.commit(pair.chat(one))
        with pytest.raises(errors.SessionEnded):
            await pair.provider.send(one, said("Hi"), "k1")
        await pair.provider.close(one, "bot_closed")
        assert pair.chat(one).shown.status == 2


async def test_a_chat_that_is_gone_has_ended() -> None:
    """Nothing is left to close."""
    async with alone() as pair:
        one = await pair.opened()
        pair.lhc.site.chats.clear()
        await pair.provider.close(one, "bot_closed")
        await pair.provider.cancel(one, "user_cancelled")


async def test_the_credentials_travel_only_to_the_files() -> None:
    """Not to an address that only looks like theirs."""
    async with alone() as pair:
        one, base = Session("ho_1", 1, "41"), f"{pair.lhc.url}/index.php"
        assert (await pair.provider.file_headers(one, f"{base}/restapi/file/4"))["Authorization"]
        for url in (f"{base}/file/downloadfile/4", f"https://evil.example/?{base}/restapi/file/4"):
            assert not await pair.provider.file_headers(one, url)
        assert pair.provider.origins() == {pair.lhc.url}


async def test_the_transcript_is_there_in_its_order() -> None:
    """And none of it is taken for something new."""
    async with alone() as pair:
        opened = await pair.provider.open(
            request(message("user", "Hi"), message("bot", "Hello"), message("user", "Help"))
        )
        one = session(opened)
        assert [(line.user_id, line.msg) for line in pair.chat(one).lines] == [
            (0, "Hi"),
            (-2, "Hello"),
            (0, "Help"),
        ]
        assert f'"after":{pair.chat(one).lines[-1].id}' in (one.vendor_state or "")
