"""Visitors whom their site vouches for, and what it tells of them, against a running server."""

import time
from typing import Any

import jwt
import pytest

from tests.channels.visitor import SITE, Visitor, start
from tests.serving import Server

SECRET = "a secret that shop and chat share"
EVA = {"sub": "customer-7", "name": "Eva", "email": "eva@shop.example", "phone": "+31201234567"}


def identity(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A token of the site; it holds for an hour unless the claims say otherwise."""
    whole = {"exp": time.time() + 3600, **EVA, **claims}
    given = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(given, secret, algorithm)


async def user_of(server: Server, conversation_id: str) -> dict[str, Any]:
    """What is known of the visitor."""
    return (await server.call("GET", f"/v1/conversations/{conversation_id}")).body["user"]


async def test_a_known_visitor_is_known_from_the_start(server: Server) -> None:
    """Name and addresses are those of the site, and marked as verified; other claims are left alone."""
    visitor = await Visitor.comes(server, "member", identity=identity(aud="shop", plan="gold"))
    assert await user_of(server, visitor.id) == {
        "id": "customer-7",
        "name": "Eva",
        "email": "eva@shop.example",
        "phone": "+31201234567",
        "attributes": {"verified": True},
    }


@pytest.mark.parametrize(
    ("channel", "token", "words"),
    [
        ("member", "nonsense", "no valid JSON Web Token"),
        ("member", identity(secret="another secret of somebody else!"), "no valid JSON Web Token"),
        ("member", identity(algorithm="HS512", secret=SECRET * 2), "no valid JSON Web Token"),
        ("member", jwt.encode({**EVA, "exp": 2**40}, "", "none"), "no valid JSON Web Token"),
        ("member", identity(exp=time.time() - 61), "expired"),
        ("member", identity(exp=None), "`exp`"),
        ("member", identity(sub=None), "`sub`"),
        ("member", identity(sub=""), "`$.sub`"),
        ("member", identity(sub="x" * 201), "`$.sub`"),
        ("member", identity(name={"first": "Eva"}), "`$.name`"),
        ("web", identity(), "identity.secret"),
    ],
)
async def test_a_bad_identity_is_no_anonymous_visitor(
    server: Server, channel: str, token: str, words: str
) -> None:
    """It is refused with a word to the site's developer that does not repeat it, and nothing begins."""
    answer = await start(server, channel, {"identity": token})
    assert (answer.status, answer.code) == (401, "unauthorized")
    assert words in answer.body["detail"]
    assert "Eva" not in answer.body["detail"]
    assert (await server.call("GET", "/v1/conversations")).body["items"] == []


async def test_clocks_may_differ_by_a_minute(server: Server) -> None:
    """The site's clock is not ours."""
    soon = identity(exp=time.time() - 50, iat=time.time() + 50, nbf=time.time() + 50)
    assert (await start(server, "member", {"identity": soon})).status == 201


async def test_a_conversation_opens_for_its_own_visitor_only(server: Server) -> None:
    """Who has the token of somebody else's talk, as on a shared computer, is not let in."""
    visitor = await Visitor.comes(server, "member", identity=identity())
    for given in ({}, {"identity": identity(sub="customer-8")}, {"identity": "nonsense"}):
        async with visitor.page(**given) as page:
            frame = await page.next()
            assert (frame["type"], frame["code"]) == ("refused", "unauthorized")
            assert await page.next() == {"type": "closed", "code": 4401}
    async with visitor.page(identity=identity()) as page:
        assert (await visitor.here(page))["conversation_id"] == visitor.id


async def test_a_page_left_open_for_long_still_finds_its_talk(server: Server) -> None:
    """The identity of a page of yesterday has expired; it names the same visitor all the same."""
    visitor = await Visitor.comes(server, "member", identity=identity())
    async with visitor.page(identity=identity(exp=time.time() - 86_400)) as page:
        assert (await visitor.here(page))["conversation_id"] == visitor.id


async def test_who_logs_in_takes_the_talk_along(server: Server) -> None:
    """An anonymous talk becomes that of the visitor who comes back to it with a name, and of nobody else then."""
    visitor = await Visitor.comes(server, "member")
    async with visitor.page(identity=identity(exp=time.time() - 86_400)) as page:
        assert (await page.next())["code"] == "unauthorized"
    async with visitor.page(identity=identity(name=None)) as page:
        await visitor.here(page)
    known = await user_of(server, visitor.id)
    assert (known["id"], "name" in known, known["attributes"]) == ("customer-7", False, {"verified": True})
    async with visitor.page() as page:
        assert (await page.next())["code"] == "unauthorized"


async def test_the_site_tells_what_it_knows(server: Server) -> None:
    """Its small facts are in the conversation's context, beside the page."""
    page = {"url": "https://shop.example/cart", "title": "Cart", "referrer": "https://search.example/"}
    facts = {"order": "A-17", "items": 3, "total": 12.5, "member": True, "coupon": None}
    visitor = await Visitor.comes(server, context=facts, page=page)
    state = (await server.call("GET", f"/v1/conversations/{visitor.id}")).body
    assert state["context"] == {**facts, "page": page}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"context": {"cart": {"items": [1]}}}, "invalid", "context"),
        ({"context": {"cart": [1]}}, "invalid", "context"),
        ({"context": {"note": "x" * 2001}}, "invalid", "context"),
        ({"context": {"x" * 101: 1}}, "invalid", "context"),
        ({"context": {"": 1}}, "invalid", "context"),
        ({"context": {str(number): 1 for number in range(51)}}, "invalid", "context"),
        ({"context": {"page": "x"}}, "invalid", "context.page"),
        ({"context": []}, "invalid", "context"),
        ({"page": {"url": "x" * 2001}}, "invalid", "page.url"),
        ({"page": {"address": "x"}}, "invalid", "page.address"),
        ({"page": "https://shop.example"}, "invalid", "page"),
        ({"identity": "x" * 8193}, "invalid", "identity"),
        ({"context": {str(number): "\u20ac" * 2000 for number in range(20)}}, "too_large", "65536"),
    ],
)
async def test_facts_that_do_not_fit_are_refused(server: Server, body: Any, code: str, words: str) -> None:
    """Each with the place that is wrong, so that the site's developer can mend it."""
    answer = await start(server, "web", body)
    assert (answer.code, words in answer.body["detail"]) == (code, True), answer.body
    assert answer.headers["access-control-allow-origin"] == SITE
    assert (await server.call("GET", "/v1/conversations")).body["items"] == []


async def test_the_agent_sees_where_the_visitor_is(server: Server) -> None:
    """A page that the visitor moves to replaces the last one; where they came from stays."""
    page = {"url": "https://shop.example/", "title": "Shop", "referrer": "https://search.example/"}
    visitor = await Visitor.comes(server, context={"order": 7}, page=page)
    path = f"/v1/conversations/{visitor.id}"
    async with visitor.page() as open_page:
        await visitor.here(open_page)
        await open_page.send("page", url="https://shop.example/cart", title="Cart")
        moved = {**page, "url": "https://shop.example/cart", "title": "Cart"}
        await server.until(path, lambda state: state["context"] == {"order": 7, "page": moved})
        await open_page.send("page", url="https://shop.example/pay", referrer="")
        paying = {"url": "https://shop.example/pay"}
        await server.until(path, lambda state: state["context"] == {"order": 7, "page": paying})
        await open_page.send("page", url="x" * 2001)
        assert (await open_page.until(lambda frame: frame["type"] == "refused"))["code"] == "invalid"
    await server.call("PATCH", path, {"context": {"page": ["of", "another"], "order": 8}})
    async with visitor.page() as open_page:
        await open_page.send("page", url="https://shop.example/pay")
        await server.until(path, lambda state: state["context"] == {"order": 8, "page": paying})
