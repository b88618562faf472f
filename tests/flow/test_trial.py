"""A flow can be tried in the terminal, and a dry run sends nothing and shows no secret."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from msgspec import structs

from openhandover.cm.settings import PresenceSettings
from openhandover.core.settings import Secret
from openhandover.flow.printing import PrintingSender, masked
from openhandover.flow.trial import Setting, Trial
from openhandover.net.client import HttpClient, Sender
from openhandover.providers.base import Provider
from openhandover.providers.cm_msc import CmMsc
from openhandover.providers.cm_msc.settings import Settings as CmMscSettings
from openhandover.providers.cm_voice_msc import CmVoiceMsc
from openhandover.providers.cm_voice_msc.settings import Settings as MscSettings
from openhandover.providers.forward import Forward
from openhandover.providers.forward.settings import Settings as ForwardSettings
from openhandover.providers.http import Http
from openhandover.providers.http.settings import Settings as HttpSettings
from openhandover.providers.logging import Logging
from openhandover.providers.logging.settings import Settings as LoggingSettings
from openhandover.providers.mail import Mail
from openhandover.providers.mail.settings import Settings as MailSettings
from openhandover.texts.catalogue import Catalogue
from tests.flow.stage import program
from tests.flow.test_calls import INTAKE
from tests.net.loopback import serving

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


async def talk(setting: Setting, lines: list[str], values: dict[str, str] | None = None) -> list[str]:
    """What the terminal shows, the help apart."""
    shown: list[str] = []
    typed: Iterator[str] = iter(lines)

    async def read() -> str | None:
        return next(typed, None)

    await Trial(setting, shown.append, values).talk(read)
    return shown[1:]


def setting(flows: str, sender: Sender, provider: Provider | None = None, **more: Any) -> Setting:
    """A trial of the flow main."""
    play = program(flows, {"handover": "handover_intake"})
    return Setting(
        play, "main", Catalogue(), "en", sender, lambda _: provider, default_provider="support", **more
    )


async def test_the_classic_intake_is_tried_with_real_calls() -> None:
    """The user and the contact centre are played in the terminal; calls of the flow are sent."""

    async def presence(request: web.Request) -> web.Response:
        return (
            web.Response(text="Online") if request.method == "GET" else web.json_response({"data": {"id": 4}})
        )

    async with serving(presence) as url, HttpClient() as http:
        shown = await talk(
            setting(INTAKE, http),
            [
                "a human",
                "ada@example.org",
                "Ada",
                "hello agent",
                "/queued",
                "/completed",
                "/completed",
                "/quit",
                "never",
            ],
            {"_context.presence_url": url},
        )
    assert shown == [
        "bot: Let me see who is there.",
        "(event handover)",
        "bot: Your e-mail?",
        "bot: Your name?",
        "bot: One moment, Ada.",
        '(handover to support, route {"skills":["billing"]}; go on with /queued, /active ...)',
        "(to the agent; the flow waits)",
        "(`events.queued` is off, the flow does not run)",
        "bot: Welcome back, Ada (ticket 4).",
        "bot: What else can I do for you?",
        "(no handover is open)",
    ]


async def test_a_dry_run_prints_every_request_with_secrets_masked() -> None:
    """Calls and the provider's own request are shown; nothing is sent, no secret is seen."""
    shown: list[str] = []
    secrets = frozenset({"topsecret", SECRET})
    calls = PrintingSender(shown.append, secrets)
    vendor = PrintingSender(shown.append, secrets, b'{"external_id": "dry-run"}')
    desk = Http("support", HttpSettings(url="https://desk.example/", secret=SECRET), vendor)
    flow = """
    main:
      - call: {method: POST, url: "https://api.example/x?token=abc&a={{ v }}", headers: {Authorization: "Bearer topsecret"},
               json: {a: "topsecret", password: "p", v: "{{ v }}"}, into: r}
      - handover: {route: {queue: "q{{ v }}", identity_token: "{{ 'signed-' + v }}"}}
      - say: "{{ r }} after {{ handover.error.code }}"
    """
    play = setting(flow, calls, desk, dry_run=True, secrets=secrets)
    shown += await talk(play, ["go", "/error"], {"v": "7", "user.name": "Ada"})
    everything = "\n".join(shown)
    assert "POST https://api.example/x?token=***&a=7" in everything
    assert '{"a":"***","password":"***","v":"7"}' in everything
    assert "POST https://desk.example/open" in everything
    assert '"name":"Ada"' in everything
    assert '"settings":{"queue":"q7","identity_token":"***"}' in everything
    assert 'route {"queue":"q7","identity_token":"***"}' in everything
    assert "signed-7" not in everything
    assert "webhook-signature: ***" in everything
    assert "bot: {} after provider_error" in everything
    assert "topsecret" not in everything
    assert SECRET not in everything


async def test_a_dry_run_goes_the_way_you_say() -> None:
    """`/answer` is what the next call gets; a provider that could not be asked counts as one that cannot tell."""
    shown: list[str] = []
    sender = PrintingSender(shown.append)
    desk = Http("support", HttpSettings(url="https://desk.example/", secret=SECRET), sender)
    flow = """
    main:
      - call: {url: "https://api.example/presence", into: s}
      - check_availability: {into: t}
      - handover: {}
      - say: "{{ s }} {{ t }}"
    """
    play = setting(flow, sender, desk, dry_run=True)
    shown += await talk(play, ["/answer Online", "go", "/completed"])
    assert "bot: Online online" in shown
    assert sum("https://desk.example/" in text for text in shown) == 2


async def test_a_dry_run_shows_a_mail_instead_of_sending_it() -> None:
    """A provider that does not speak HTTP is not called either."""
    sender = PrintingSender(lambda _: None)
    mail = Mail("support", MailSettings(smtp="smtp://bot:pw99@127.0.0.1:1", from_="bot@shop.example"), sender)
    flow = "main: [{handover: {route: {to: desk@shop.example}}}]"
    shown = await talk(setting(flow, sender, mail, dry_run=True), ["go"])
    assert any("To: desk@shop.example" in text for text in shown)


async def test_events_buttons_problems_and_stray_commands_are_shown() -> None:
    """What the owner should see of a flow is there."""
    flow = """
    main:
      - say: {text: Hi, buttons: [{text: A, value: a}], metadata: {triggerEvent: nope}}
      - check_availability: {into: s}
      - handover: {events: {queued: true}}
      - say: "{{ s }} {{ handover.event }}"
    """
    shown = await talk(
        setting(flow, PrintingSender(print)), ["/event handover", "x", "/queued", "/cancelled", "/help"]
    )
    assert shown[0] == "! main/0: no flow is configured for the event `handover`"
    assert "bot: Hi" in shown
    assert "     [A = a]" in shown
    assert "bot (to both): offline queued" in shown
    assert "bot: offline cancelled" in shown
    assert shown[-1].startswith("/event NAME")


async def test_a_flow_that_triggers_itself_lets_you_speak_again() -> None:
    """Events that fire each other for ever come to an end."""
    flow = "main: [{say: {text: a, metadata: {triggerEvent: handover}}}]\nhandover_intake: [{run: main}]"
    shown = await talk(setting(flow, PrintingSender(print)), ["x"])
    assert 20 <= shown.count("bot: a") <= 22


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pw@h/?api_key=1&x=2#f", "https://***@h/?api_key=***&x=2#f"),
        ('{"accessToken": "a\\"b", "n": 1}', '{"accessToken": "***", "n": 1}'),
        ("abcd abc", "*** abc"),
    ],
)
def test_masking(text: str, expected: str) -> None:
    """Secrets go by value and by the name they stand under; very short ones only by name."""
    assert masked(text, {"abcd", "abc"}) == expected


VOICE = """
main:
  - ask: {text: "Which number?", into: number}
  - handover:
      provider: support
      message: "A colleague writes to you."
      voice: {provider: PHONE, message: "I am connecting you.", to: "{{ number }}"}
"""


@pytest.mark.parametrize(
    ("kind", "provider", "number", "told"),
    [
        (
            "forward",
            Forward("team", ForwardSettings(), PrintingSender(print, frozenset())),
            "+31 20 123 4567",
            'call.transfer {"kind":"forward","to":"+31201234567","mode":"refer"}',
        ),
        (
            "forward",
            Forward("team", ForwardSettings(), PrintingSender(print, frozenset())),
            "12",
            "nobody would be called: `to` cannot be called: it is neither a phone number in E.164 "
            "(plus, country code, number) nor a SIP URI (sip:name@host)",
        ),
        (
            "cm_voice_msc",
            CmVoiceMsc("msc", MscSettings(api_key=Secret("voice-key")), PrintingSender(print, frozenset())),
            "1",
            """call.transfer {"kind":"msc","configuration":{"api_key":"***"}}""",
        ),
        (
            "logging",
            Logging("log", LoggingSettings(), PrintingSender(print, frozenset())),
            "1",
            "nobody would be called, it is recorded only",
        ),
        ("forward", None, "1", "there is no provider `PHONE`"),
    ],
)
async def test_a_step_with_a_voice_part_is_played_as_text(
    kind: str, provider: Provider | None, number: str, told: str
) -> None:
    """A terminal is no phone call: the text part is played, and a dry run tells what a call's gateway would be sent."""
    play = program(VOICE)
    world = Setting(
        play,
        "main",
        Catalogue(),
        "en",
        PrintingSender(print, frozenset()),
        {"PHONE": provider}.get,
        dry_run=True,
        kinds={"PHONE": kind},
    )
    shown = await talk(world, ["hi", number])
    assert shown == [
        "bot: Which number?",
        "bot: A colleague writes to you.",
        "(handover to support, route {}; go on with /queued, /active ...)",
        f"(on a phone call: {told})",
    ]
    wet = structs.replace(world, dry_run=False)
    assert (await talk(wet, ["hi", number]))[-1].startswith("(handover to support")


async def test_a_voice_part_whose_template_fails_is_told() -> None:
    """It stands in the way of nothing else."""
    play = program(VOICE.replace("{{ number }}", "{{ number / 0 }}"))
    team = Forward("team", ForwardSettings(), PrintingSender(print, frozenset()))
    world = Setting(
        play,
        "main",
        Catalogue(),
        "en",
        PrintingSender(print, frozenset()),
        {"PHONE": team}.get,
        dry_run=True,
        kinds={"PHONE": "forward"},
    )
    shown = await talk(world, ["hi", "+31"])
    assert shown[-1].startswith("(on a phone call: the template cannot be rendered: ")


CM_FLOW = """
main:
  - check_availability: {into: agent_status}
  - if: "agent_status == 'online'"
    then:
      - handover:
          route:
            messaging_adapter: aaaaaaaa-0000-4000-8000-000000000001
            user_name: "{{ user }}"
            user_email: ada@example.org
    else: [say: nobody]
"""


async def test_a_dry_run_goes_on_to_the_handover_and_shows_both_calls_of_cm() -> None:
    """A made-up answer says nothing of who is there; the user's name is text, and no key is shown."""
    shown: list[str] = []
    printing = PrintingSender(shown.append)
    known = CmMscSettings(
        technical_link_id="t",
        product_token=Secret("token-4711"),
        presence=PresenceSettings(api_key=Secret("key-4711")),
    )
    msc = CmMsc("support", known, printing)
    tried = setting(CM_FLOW, printing, msc, dry_run=True, kinds={"support": "cm_msc"})
    await talk(tried, ["hello"], {"user.name": 'Ada "A"', "_context.chatId": "chat-1"})
    asked, handed_over = shown
    assert asked.startswith("GET https://presence.robinhq.com/api/v1?apikey=***&Channel=WebChat")
    assert "/accounts/t/chats/chat-1/routing/mutationrequests" in handed_over
    assert r"\"name\":\"Ada \\\"A\\\"\"" in handed_over
    assert "4711" not in asked + handed_over
