"""The `mail` provider against a real SMTP server on loopback."""

import email
import email.policy
from dataclasses import replace

import pytest

from openhandover.core import errors
from openhandover.core.model import Attachment, Delivery, Message, Translation, User
from openhandover.net.client import HttpClient
from openhandover.providers.base import Brief, HandoverRequest
from openhandover.providers.mail import Mail
from openhandover.providers.mail.settings import Settings

from .smtp_server import Mailbox, mailbox

AT = "2026-11-21T01:00:00.000Z"
REQUEST = HandoverRequest(
    handover_id="h1",
    attempt=2,
    reason="wants a refund",
    initiator="bot",
    conversation=Brief("c1", "web", "nl", "text"),
    user=User("u1", name="Zoë", email="zoe@example.org"),
    context={},
    route={"to": "team@example.org, boss@example.org", "subject": "Refund for Zoë"},
    transcript=[
        Message("m1", 1, "user", "Hallo 👋", None, (), AT, Delivery()),
        Message(
            "m2",
            2,
            "bot",
            "Goedemorgen",
            Translation("en", "Good morning"),
            (Attachment("a1", "bill.pdf", "application/pdf", 9, "https://h.example/f/a1"),),
            AT,
            Delivery(),
            author_name="Robo",
        ),
    ],
)


def provider(box: Mailbox, smtp: str = "smtp://127.0.0.1:{port}", **settings: str) -> Mail:
    chosen = {"from_": "bot@example.org"} | settings
    return Mail("mail", Settings(smtp=smtp.format(port=box.port), **chosen), HttpClient())


async def test_the_mail_holds_everything_an_agent_needs() -> None:
    """Recipients, subject, who the user is, how to answer them, and the whole talk."""
    async with mailbox() as box:
        opened = await provider(box).open(REQUEST)
    (raw,) = box.mails
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert box.recipients == ["team@example.org", "boss@example.org"]
    assert (mail["From"], mail["Subject"], mail["Reply-To"], mail["Message-ID"]) == (
        "bot@example.org",
        "Refund for Zoë",
        "zoe@example.org",
        opened.external_id,
    )
    assert mail.get_content().replace("\r\n", "\n") == (
        "Name: Zoë\nE-mail: zoe@example.org\nUser: u1\nReason: wants a refund\nChannel: web\nLanguage: nl\n"
        "Conversation: c1\nHandover: h1\n\n"
        f"[{AT}] User: Hallo 👋\n"
        f"[{AT}] Robo: Good morning\n  bill.pdf: https://h.example/f/a1\n"
    )


async def test_a_repeat_has_the_same_message_id_and_another_attempt_another() -> None:
    """A mail system that knows the id can drop the repeat."""
    async with mailbox() as box:
        mail = provider(box)
        first = await mail.open(REQUEST)
        again = await mail.open(REQUEST)
        other = await mail.open(replace(REQUEST, attempt=3))
    assert first == again != other


async def test_no_text_can_add_a_header_or_a_recipient() -> None:
    """Line breaks in the subject and in the user's own words stay inside their line."""
    nasty = "x\r\nBcc: evil@example.org\r\n\r\nbody"
    request = replace(
        REQUEST,
        route={"to": "team@example.org", "subject": nasty},
        user=User("u1", name=nasty, email=nasty),
        reason=nasty,
    )
    async with mailbox() as box:
        await provider(box).open(request)
    mail = email.message_from_bytes(box.mails[0], policy=email.policy.default)
    assert box.recipients == ["team@example.org"]
    assert (mail["Bcc"], mail["Reply-To"]) == (None, None)
    assert mail["Subject"] == "x Bcc: evil@example.org body"
    assert "\nBcc" not in mail.get_content()


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("", "`to` is empty"),
        (" , ", "`to` is empty"),
        ("team", "not a mail address"),
        ("team@example.org, x", "not a mail address"),
        ("team@example.org\r\nBcc: evil@example.org", "not a mail address"),
        ("Team <team@example.org>", "not a mail address"),
        ("ä@example.org", "not a mail address"),
    ],
)
def test_a_mail_to_nobody_is_refused_before_anything_is_said(to: str, reason: str) -> None:
    """The step's `to` is checked after rendering."""
    refused = provider(Mailbox(port=1)).refuse({"to": to})
    assert refused is not None
    assert reason in refused


def test_the_providers_own_recipients_are_the_default() -> None:
    """A fallback to mail needs no `to` in the step."""
    assert provider(Mailbox(port=1), to="team@example.org, boss@example.org").refuse({}) is None


async def test_log_in_happens_only_under_tls() -> None:
    """A server without TLS does not get the password."""
    async with mailbox() as box:
        box.extensions.append("AUTH PLAIN")
        with pytest.raises(errors.ProviderAuthError, match="TLS"):
            await provider(box, "smtp://bot%40example.org:hush@127.0.0.1:{port}").open(REQUEST)
    assert (box.logins, box.mails) == ([], [])


@pytest.mark.parametrize(
    ("command", "line", "kind"),
    [
        ("RCPT", "550 no such user team@example.org", errors.ProviderRejected),
        ("RCPT", "450 busy", errors.ProviderUnavailable),
        ("MAIL", "550 not you", errors.ProviderRejected),
        ("DATA", "451 later", errors.ProviderUnavailable),
        ("DATA", "554 spam", errors.ProviderRejected),
    ],
)
async def test_what_the_mail_server_refuses(
    command: str, line: str, kind: type[errors.ProviderError]
) -> None:
    """5xx is for good, 4xx may be tried again; the server's own text stays out of ours."""
    async with mailbox() as box:
        box.refuse[command] = line
        with pytest.raises(errors.ProviderError) as raised:
            await provider(box).open(REQUEST)
    assert type(raised.value) is kind
    assert str(raised.value) == f"The mail server answered {line[:3]}"


async def test_a_mail_server_that_is_down_is_unavailable() -> None:
    """A refused connection may heal."""
    async with mailbox() as box:
        mail = provider(box)
    with pytest.raises(errors.ProviderUnavailable, match="ConnectionRefusedError"):
        await mail.open(REQUEST)


async def test_the_connection_can_be_tried_without_a_mail() -> None:
    """For `check --connect`: nothing arrives, and a server that is down is told."""
    async with mailbox() as box:
        mail = provider(box)
        await mail.connect()
    assert (box.mails, box.recipients) == ([], [])
    with pytest.raises(errors.ProviderUnavailable):
        await mail.connect()


async def test_a_provider_without_sender_fails_at_start() -> None:
    """The message names the setting."""
    mail = Mail("mail", Settings(smtp="smtp://127.0.0.1:25"), HttpClient())
    with pytest.raises(errors.ConfigError, match="`from`"):
        await mail.start()
    await Mail("mail", Settings(smtp="smtps://bot%40example.org:x@127.0.0.1"), HttpClient()).start()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"smtp": "localhost:25"}, "smtp://"),
        ({"smtp": "http://localhost"}, "smtp://"),
        ({"smtp": "smtp://h", "from_": "me"}, "`from`"),
        ({"smtp": "smtp://h", "to": "me"}, "`to`"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, str], named: str) -> None:
    """When the file is read, with the name of the setting."""
    with pytest.raises(ValueError, match=named):
        Settings(**settings)
