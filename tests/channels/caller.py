"""Twilio with a caller on the line: requests our documents as Twilio documents it, and does what they say.

Written from Twilio's documentation alone; knows nothing of ours. Every request is signed by the official validator's
algorithm for the public address, and sent to where the server really listens, as a proxy would.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from tests.channels.twiml_rules import WrongTwiml, checked

PUBLIC = "https://voice.example"
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "twilio-test-auth-token-1"
MOST_REQUESTS = 200
"""Without the caller's doing; more is a call that goes in circles."""


class Heard(NamedTuple):
    """One <Say>."""

    text: str
    language: str | None
    voice: str | None


class Waiting(NamedTuple):
    """A verb that waits for somebody, and the verbs behind it."""

    verb: Element
    behind: tuple[Element, ...]
    at: str


class Caller:
    """One call, from ringing to hang-up."""

    def __init__(self, url: str, http: aiohttp.ClientSession, **options: str) -> None:
        self.url = url
        self._http = http
        self.public = options.get("public", PUBLIC)
        self._channel = options.get("channel", "phone")
        self.token = options.get("token", TOKEN)
        self.account = options.get("account", ACCOUNT)
        self.sid = "CA" + secrets.token_hex(16)
        self.fields = {
            "CallSid": self.sid,
            "AccountSid": self.account,
            "From": options.get("from_", "+31612345678"),
            "To": "+31201234567",
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
        }
        self.heard: list[Heard] = []
        self.diary: list[str] = []
        """Everything in its order: `say ...`, `ask /path`, `dial ...`, `refer ...`, `hang up`."""
        self.waiting: Waiting | None = None
        self.is_over = False
        self.last: tuple[str, dict[str, str]] | None = None
        """The last request that brought a document: its address and its own fields."""

    @property
    def texts(self) -> list[str]:
        """What was heard since it was last looked at."""
        found = [one.text for one in self.heard]
        self.heard.clear()
        return found

    @property
    def conversation(self) -> str:
        """Id of our conversation."""
        return f"call_{self.sid}"

    # --- what the caller does ------------------------------------------------------------------------------

    async def ring(self) -> "Caller":
        """Call, and listen until something is wanted."""
        await self.ask(f"{self.public}/voice/{self._channel}")
        return self

    async def press(self, keys: str) -> None:
        """Press keys where they are listened for."""
        verb = self._wanted("Gather")
        wanted = int(verb.get("numDigits", "0"))
        await self._answer({"Digits": keys[:wanted] if wanted else keys})

    async def say(self, text: str) -> None:
        """Speak where it is listened for."""
        self._wanted("Gather")
        await self._answer({"SpeechResult": text, "Confidence": "0.91"})

    async def stay_silent(self) -> None:
        """Say nothing: the verbs behind the <Gather> follow."""
        self._wanted("Gather")
        waiting, self.waiting = self.waiting, None
        assert waiting is not None
        await self._do(waiting.behind, waiting.at)

    async def hang_up(self) -> None:
        """Put the phone down, whatever the call is doing."""
        self.is_over, self.waiting = True, None
        self.diary.append("hung up")
        await self.report_status("completed")

    # --- what the human's phone does -----------------------------------------------------------------------

    async def pick_up(self) -> None:
        """The human answers; both are joined."""
        verb = self._wanted("Dial")
        noun = verb[0]
        assert "answered" in (noun.get("statusCallbackEvent") or "completed").split()
        leg = {
            "CallSid": "CA" + secrets.token_hex(16),
            "ParentCallSid": self.sid,
            "CallStatus": "in-progress",
        }
        await self.post(urljoin(self.public, noun.attrib["statusCallback"]), {**leg, "SequenceNumber": "2"})

    async def dial_ends(self, status: str, **more: str) -> None:
        """The dialled call is over; the caller is still there unless `CallStatus` says otherwise."""
        self._wanted("Dial")
        await self._answer({"DialCallStatus": status, "DialCallSid": "CA" + secrets.token_hex(16), **more})

    async def refer_ends(self, **report: str) -> None:
        """What the caller's side made of the REFER."""
        self._wanted("Refer")
        await self._answer(report)

    # --- Twilio --------------------------------------------------------------------------------------------

    async def ask(self, url: str, fields: Mapping[str, str] | None = None) -> None:
        """Request a document and do what it says."""
        self.last = (url, dict(fields or {}))
        self.diary.append(f"ask {url.removeprefix(self.public).partition('?')[0]}")
        document = await self.post(url, fields or {})
        await self._do(tuple(document), url)

    async def repeat(self) -> Element:
        """The last request once more, as Twilio does where it got no answer; nothing is done of its document."""
        assert self.last is not None
        return await self.post(*self.last)

    async def post(self, url: str, fields: Mapping[str, str]) -> Element:
        """One signed request that must be answered by a proper document."""
        status, content_type, body = await self.send(url, fields)
        assert status == 200, (status, body)
        if content_type not in ("text/xml", "application/xml"):
            raise WrongTwiml(f"the document is {content_type}")
        return checked(body)

    async def send(
        self, url: str, fields: Mapping[str, str], signature: str | None = None
    ) -> tuple[int, str, bytes]:
        """One request; signed unless a signature is given."""
        assert url.startswith(self.public + "/"), url
        form = {"CallStatus": "in-progress", **self.fields, **fields}
        signed = signature
        if signed is None:
            signed = RequestValidator(self.token).compute_signature(url, form)
        headers = {"X-Twilio-Signature": signed} if signed else {}
        # 15 s is what Twilio waits.
        async with self._http.post(
            URL(self.url + url.removeprefix(self.public), encoded=True),
            data=form,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=15),
        ) as response:
            return response.status, response.content_type, await response.read()

    async def report_status(self, status: str) -> None:
        """The callback that a number sends when its call is over."""
        await self.post(
            f"{self.public}/voice/{self._channel}/status", {"CallStatus": status, "CallDuration": "7"}
        )

    async def _answer(self, fields: dict[str, str]) -> None:
        waiting, self.waiting = self.waiting, None
        assert waiting is not None
        await self.ask(urljoin(waiting.at, waiting.verb.attrib["action"]), fields)

    def _wanted(self, tag: str) -> Element:
        assert self.waiting is not None and self.waiting.verb.tag == tag, (tag, self.diary[-8:])
        return self.waiting.verb

    async def _do(self, verbs: tuple[Element, ...], at: str) -> None:
        """Do verbs until one waits for somebody or the call is over."""
        requests = 0
        while True:
            following = await self._first_that_leaves(verbs, at)
            if following is None:
                return
            requests += 1
            assert requests < MOST_REQUESTS, f"the call goes in circles: {self.diary[-8:]}"
            self.last = (following, {})
            self.diary.append(f"ask {following.removeprefix(self.public).partition('?')[0]}")
            verbs, at = tuple(await self.post(following, {})), following
            if self.is_over:
                return

    async def _first_that_leaves(self, verbs: tuple[Element, ...], at: str) -> str | None:
        """The address where the document sends Twilio; None when the call waits or is over."""
        for number, verb in enumerate(verbs):
            match verb.tag:
                case "Say":
                    self._hear(verb)
                case "Pause":
                    await asyncio.sleep(0.02 * int(verb.get("length", "1")))
                case "Redirect":
                    return urljoin(at, verb.text or "")
                case "Gather":
                    for inner in verb:
                        self._hear(inner)
                    self.waiting = Waiting(verb, verbs[number + 1 :], at)
                    return None
                case "Dial" | "Refer":
                    self.diary.append(f"{verb.tag.lower()} {verb[0].text}")
                    self.waiting = Waiting(verb, verbs[number + 1 :], at)
                    return None
                case "Hangup":
                    break
                case other:
                    raise WrongTwiml(f"this caller knows no <{other}>")
        self.is_over = True
        self.diary.append("hang up")
        await self.report_status("completed")
        return None

    def _hear(self, verb: Element) -> None:
        assert verb.tag == "Say"
        self.heard.append(Heard(verb.text or "", verb.get("language"), verb.get("voice")))
        self.diary.append(f"say {verb.text}")


def attributes(waiting: Waiting | None) -> dict[str, Any]:
    """The attributes of the verb that waits."""
    assert waiting is not None
    return dict(waiting.verb.attrib)
