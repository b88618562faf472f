"""Whatever arrives at a webhook: facts or a refusal, whoever sent it. Never another exception."""

import asyncio
import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from openhandover.config.load import load_text
from openhandover.core.errors import ProviderError, SignatureError, WebhookError
from openhandover.core.events import FromProvider
from openhandover.net.client import HttpClient
from openhandover.providers import provider_of
from openhandover.providers.base import Provider, WebhookRequest
from tests.providers.nonsense import bodies

HERE = Path(__file__).parent
VENDORS = ("chatwoot", "eight_by_eight", "genesys", "livehelperchat", "ringcentral")
"""Those that call us."""
MORE = {"livehelperchat": {"webhook_token": "the-token-of-a-template"}}
ANY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@cache
def provider(vendor: str) -> Provider:
    """A provider with the settings that its emulator gives; it is not started, and nobody listens where it calls."""
    emulator = import_module(f"openhandover.emulators.{vendor}").EMULATOR()
    emulator.url = "http://127.0.0.1:1"
    block = {"type": vendor, **emulator.settings(), **MORE.get(vendor, {})}
    text = json.dumps({"vendor": block}).replace("$", "$$")
    found = load_text(f"providers: {text}\n").providers["vendor"].settings
    return provider_of(vendor)("vendor", found, HttpClient())


def request(body: bytes, part: str, **more: Any) -> WebhookRequest:
    """A webhook."""
    given: dict[str, Any] = {
        "method": "POST",
        "headers": {},
        "query": {},
        "received_at": 1_800_000_000.0,
        **more,
    }
    return WebhookRequest(body=body, part=part, **given)


def parts(vendor: str) -> st.SearchStrategy[str]:
    """What may follow the provider's name in the address."""
    return st.sampled_from(sorted(provider_of(vendor).capabilities.webhook_parts))


def headers(vendor: str) -> st.SearchStrategy[dict[str, str]]:
    """Those that some vendor reads, with anything that a server can read from the wire."""
    names = (
        *(
            "authorization",
            "x-hub-signature-256",
            "x-chatwoot-signature",
            "x-chatwoot-timestamp",
            "x-events-key",
        ),
        *("x-8x8-signature", "x-8x8-tenant-id", "x-8x8-event-id", "x-8x8-transmission-time", "x-8x8-retry"),
        *("x-smccsdk-signature", "x-handover-chat", "content-type", "x-genesys-key", "x-8x8-customer-id"),
    )
    values = st.sampled_from(
        ["", "Bearer ", "Bearer \xff", "sha256=", "sha256=\xe9", "9" * 30, "²", "e30..e30", "e30.e30.e30"]
    )
    return st.dictionaries(
        st.sampled_from(names), values | st.text(st.characters(max_codepoint=255), max_size=40)
    )


QUERIES = st.dictionaries(
    st.sampled_from(["token", "secret", "signature", "hub.mode", "hub.challenge", "hub.verify_token"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["subscribe", "\r\nX: 1", "é" * 40]),
)


@pytest.mark.parametrize("vendor", VENDORS)
def test_any_body_gives_facts_or_a_refusal(vendor: str) -> None:
    """Also of somebody who knows the secret: the vendor after an update, or a proxy between."""
    mine = provider(vendor)

    @ANY
    @given(bodies(HERE / vendor / "fixtures"), parts(vendor), headers(vendor))
    def holds(body: bytes, part: str, sent: dict[str, str]) -> None:
        asked = request(body, part, headers={**sent, "x-8x8-event-id": "e1"})  # without it, it is not genuine
        for reads in (mine.parse, mine.reply):
            try:
                found = reads(asked)
            except WebhookError:
                continue
            for fact in found if isinstance(found, list | tuple) else ():
                assert isinstance(fact, FromProvider)
                assert fact.event_id

    holds()


@pytest.mark.parametrize("vendor", VENDORS)
def test_any_proof_is_judged(vendor: str) -> None:
    """Whatever stands in headers and query: it is the vendor's, or SignatureError, or a body that is none."""
    mine = provider(vendor)

    @ANY
    @given(
        bodies(HERE / vendor / "fixtures"),
        parts(vendor),
        headers(vendor),
        QUERIES,
        st.sampled_from(["GET", "POST"]),
    )
    def holds(body: bytes, part: str, sent: dict[str, str], query: dict[str, str], method: str) -> None:
        with pytest.raises(WebhookError):
            mine.verify(request(body, part, headers=sent, query=query, method=method))

    holds()


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_not_known_to_be_theirs_is_refused_before_it_is_read(vendor: str) -> None:
    """A body that is nothing, without any proof: it is the proof that is missing."""
    with pytest.raises(SignatureError):
        provider(vendor).verify(request(b"\xff{", ""))


@pytest.mark.parametrize("vendor", VENDORS)
def test_any_event_can_be_completed_or_not(vendor: str) -> None:
    """Looking up what is missing fails as every call may, whatever the event says."""

    async def completed(body: bytes, part: str) -> None:
        async with HttpClient() as http:
            mine = provider_of(vendor)("vendor", provider(vendor)._settings, http)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            try:
                facts = mine.parse(request(body, part))
            except WebhookError:
                return
            for fact in facts:
                try:
                    assert isinstance(await mine.complete(fact), FromProvider)
                except ProviderError as error:
                    assert str(error)

    @settings(ANY, max_examples=40)
    @given(bodies(HERE / vendor / "fixtures"), parts(vendor))
    def holds(body: bytes, part: str) -> None:
        asyncio.run(completed(body, part))

    holds()
