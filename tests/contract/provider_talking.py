"""The provider suite: opening a chat at the vendor, and what is said in it."""

import json
from typing import Any

import pytest

from tests.contract.provider_base import SuiteBase
from tests.contract.vendor_world import Talk, VendorWorld, until

ODD = {
    "emoji": "👩🏽‍🚒 🇳🇱 café naïve",
    "right-to-left": "مرحبا، هل يمكنك مساعدتي؟ שלום",
    "markup": '<b>bold</b> & <script>alert(1)</script> "quoted" {{ user }} \\n',
    "lines": "first line\nsecond line\n\nfourth line",
}


def odd(text: str) -> Any:
    """A parameter with a readable name."""
    return pytest.param(ODD[text], id=text)


class Opening(SuiteBase):
    """From the user's wish to a chat at the vendor."""

    async def test_open_brings_user_reason_and_transcript(self, world: VendorWorld) -> None:
        """The agent finds who it is, why, and what was said before, in its order."""
        talk = await self.talk(world).begin(first := self.word(), second := self.word())
        await talk.asks(reason=(reason := self.word()))
        await talk.is_(status="queued")
        await talk.shown(second)
        chat = await talk.chat()
        told = "\n".join([str(chat["name"]), str(chat["facts"]), *talk.lines()])
        assert f"Ann {talk.token}" in told
        assert told.index(first) < told.index(second)
        assert (reason in told) is self.shows_reason
        assert (await talk.handover())["attempts"][0]["external_id"]

    async def test_a_user_of_whom_nothing_is_known(self, world: VendorWorld) -> None:
        """Neither name nor address: the agent gets a chat all the same, and both hear each other."""
        talk = self.talk(world)
        talk.id = await world.began(channel="app", user={"id": talk.token})
        await talk.says(text := f"Hello from {talk.token}")
        await (await talk.asks()).is_(status="queued")
        await talk.shown(text)
        await talk.agent_says(answer := self.word())
        await talk.hears(answer)

    async def test_a_long_talk_is_told_in_its_order(self, world: VendorWorld) -> None:
        """What user and bot said before, more than some vendors take at once: all of it, each once, in its order."""
        words = [self.word() for _ in range(12)]
        talk = await self.talk(world).begin(f"Hello from {self.word()}")
        for number, word in enumerate(words):
            text = f"{word} {'and so on ' * 40}"
            if number % 2:
                answer = await world.bot_posts(talk.id, text, 1)
                assert answer.status == 201, answer
            else:
                await talk.says(text)
        await (await talk.asks()).is_(status="queued")
        await talk.shown(words[-1])
        told = "\n".join([str((await talk.chat())["facts"]), *talk.lines()])
        assert [told.count(word) for word in words] == [1] * len(words)
        assert sorted(words, key=told.index) == words

    async def test_a_lost_reply_opens_one_chat(self, world: VendorWorld) -> None:
        """The vendor opened it but its answer was lost: the repeat finds the same chat."""
        world.emulator.faults.lose_next_reply(endpoint=self.open_endpoint)
        talk = await self.talk(world).queued()
        await talk.says(text := self.word())
        await talk.shown(text)
        assert len(talk.mine()) == (2 if self.opens_twice_after_lost_reply else 1)

    async def test_a_troubled_open_is_repeated(self, world: VendorWorld) -> None:
        """503 is tried again until it works, and leaves one chat."""
        world.emulator.faults.fail_next(503, endpoint=self.open_endpoint)
        talk = await self.talk(world).queued()
        assert len(talk.mine()) == 1

    async def test_an_agent_who_is_faster_than_the_answer_is_heard(self, world: VendorWorld) -> None:
        """What an agent writes before `open` has returned is not lost."""
        world.emulator.faults.answer_late(1.0, endpoint=self.open_endpoint)
        talk = await (await self.talk(world).begin()).asks()
        await talk.agent_says(text := self.word())
        assert (await talk.handover())["status"] == "requested", "the agent was not faster"
        await talk.hears(text)
        await talk.is_(status="active")
        assert talk.heard().count(text) == 1

    async def test_a_second_handover_gets_a_fresh_session(self, world: VendorWorld) -> None:
        """The same user comes again after the end: another session, in which they are heard; the old one is at rest."""
        talk = await self.talk(world).active()
        first = (await talk.handover())["attempts"][0]["external_id"]
        await talk.agent_ends()
        await talk.is_(status="completed")
        await talk.says(again := self.word())
        await talk.asks()
        await talk.is_(status="queued")
        assert (await talk.handover())["attempts"][0]["external_id"] != first
        await talk.shown(again)
        await talk.agent_says(text := self.word())
        await talk.hears(text)
        await talk.is_(status="active")

    async def test_two_talks_at_once_do_not_mix(self, world: VendorWorld) -> None:
        """Each user hears their own agent, each agent reads their own user."""
        one, other = await self.talk(world).active(), await self.talk(world).active()
        for talk in (one, other):
            await talk.says(f"user {talk.token}")
            await talk.agent_says(f"agent {talk.token}")
        for talk, stranger in ((one, other), (other, one)):
            await talk.hears(f"agent {talk.token}")
            await talk.shown(f"user {talk.token}")
            assert stranger.token not in "".join([*talk.lines(), *talk.heard()])


class Talking(SuiteBase):
    """Messages both ways."""

    async def test_what_the_user_says_keeps_its_order(self, world: VendorWorld) -> None:
        """Said before, during and after the open call: all of it once, in one order."""
        said = [self.word() for _ in range(6)]
        talk = await self.talk(world).begin(said[0])
        await talk.asks()
        for text in said[1:]:
            await talk.says(text)
        await talk.shown(said[-1])
        everything = "\n".join(talk.lines())
        assert [everything.count(text) for text in said] == [1] * 6
        assert [everything.index(text) for text in said] == sorted(everything.index(text) for text in said)

    @pytest.mark.parametrize("text", [odd(name) for name in ODD])
    async def test_the_agent_reads_what_the_user_wrote(self, world: VendorWorld, text: str) -> None:
        """No letter is lost or interpreted on the way."""
        talk = await self.talk(world).active()
        text = f"{self.word()} {text}"
        await talk.says(text)
        await until(lambda: text in talk.lines("user"), f"{text!r} among {talk.lines('user')!r}")

    async def test_a_long_text_of_the_user_arrives_whole(self, world: VendorWorld) -> None:
        """10 kB, in as many pieces as the vendor wants."""
        talk = await self.talk(world).active()
        words = [f"word{number:04}" for number in range(1_100)]
        await talk.says(" ".join(words))
        await talk.shown(words[-1])
        assert " ".join(talk.lines("user")).split()[-1_100:] == words

    @pytest.mark.parametrize("text", [odd("emoji"), odd("right-to-left"), odd("lines")])
    async def test_the_user_reads_what_the_agent_wrote(self, world: VendorWorld, text: str) -> None:
        """No letter is lost on the way back either."""
        talk = await self.talk(world).active()
        await talk.agent_says(text := f"{self.word()} {text}")
        await talk.hears(text)

    async def test_markup_of_the_agent_is_shown_as_text(self, world: VendorWorld) -> None:
        """It is passed on as it is written, or without its markup; the user's page never takes it for HTML."""
        talk = await self.talk(world).active()
        word, markup = self.word(), "<b>bold</b> & <i>it</i>"
        await talk.agent_says(f"{word} {markup}")
        await talk.hears(f"{word} {self.html_from_agent or markup}")

    async def test_a_long_text_of_the_agent_arrives_whole(self, world: VendorWorld) -> None:
        """As long as an agent of this vendor can write."""
        talk = await self.talk(world).active()
        text = f"{self.word()} {'long ' * (self.longest_text // 5)}"[: self.longest_text - 1] + "."
        await talk.agent_says(text)
        await talk.hears(text)

    async def test_a_lost_reply_to_a_message_shows_it_once(self, world: VendorWorld) -> None:
        """The vendor took it but its answer was lost: the repeat is not shown again, or the page says that it is."""
        talk = await self.talk(world).active()
        world.emulator.faults.lose_next_reply(endpoint=self.send_endpoint)
        for text in (texts := [self.word(), self.word()]):
            await talk.says(text)
        await talk.shown(texts[1])
        counts = [sum(text in line for line in talk.lines()) for text in texts]
        assert counts == [2 if self.repeats_after_lost_reply else 1, 1]

    async def test_the_same_words_again_are_no_repetition(self, world: VendorWorld) -> None:
        """The user says it twice, and so does the agent: each is said twice, and nobody takes it for an echo."""
        talk = await self.talk(world).active()
        text = f"yes {talk.token}"
        for _ in range(2):
            await talk.says(text)
        await until(lambda: talk.lines("user").count(text) == 2, "the user's words twice")
        for _ in range(2):
            await talk.agent_says(text)
        await until(lambda: talk.heard().count(text) == 2, "the agent's words twice")

    async def test_an_agent_who_writes_fast_is_heard_in_order(self, world: VendorWorld) -> None:
        """One line after the other, faster than they can be passed on."""
        talk = await self.talk(world).active()
        for text in (texts := [self.word() for _ in range(5)]):
            await talk.agent_says(text)
        await until(lambda: len(talk.heard()) > len(texts), "five lines of the agent")
        assert talk.heard()[1:] == texts

    async def test_nothing_that_the_user_said_comes_back(self, world: VendorWorld) -> None:
        """Our own messages are never taken for an agent's, however the vendor echoes them."""
        talk = await self.talk(world).active()
        await talk.says(said := self.word())
        await talk.shown(said)
        await talk.agent_says(answer := self.word())
        await talk.hears(answer)
        assert talk.heard() == [f"hello {talk.token}", answer]

    async def test_a_private_note_never_reaches_the_user(self, world: VendorWorld) -> None:
        """Agents' notes stay with the agents."""
        talk = await self.talk(world).active()
        chat, secret = (await talk.chat())["id"], self.word()
        if world.emulator.plays("agent_notes"):
            await world.emulator.agent_notes(chat, secret)
        else:
            await self.cannot(world, "agent_notes", chat, secret)
        await talk.agent_says(answer := self.word())
        await talk.hears(answer)
        assert secret not in json.dumps(world.channel.events)

    async def test_a_message_of_files_alone_is_not_empty(self, world: VendorWorld) -> None:
        """A text that is empty, with a file: the agent sees that there is one."""
        talk = await self.talk(world).active()
        before = len(talk.lines("user"))
        await talk.says("", attachments=[{"url": f"{world.server.url}/healthz", "name": "proof.txt"}])
        await until(lambda: len(talk.lines("user")) > before, "a line of the user with the file")
        line = self.last_line(talk)
        assert line.get("files") or "proof.txt" in line["text"] or "/healthz" in line["text"]

    def last_line(self, talk: Talk) -> dict[str, Any]:
        """The user's last line at the vendor."""
        return [line for line in talk.mine()[-1]["lines"] if line["author"] == "user"][-1]
