"""The REST API 1.0, as far as somebody needs it who hands conversations over. Refusals are `{error, message, status}`."""

import hmac
import re
import shlex
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from openhandover.emulators.answers import Refused

from .account import Account, Content, Intervention, Thread, now
from .source import Told

V = "/1.0"
USUAL, MOST = 30, 150
PAGED = {"offset", "limit"}


class Rest:
    """The calls of one account; `url` is the address that webhooks go to, once there is one."""

    def __init__(self, account: Account, told: Told, url: Callable[[], str]) -> None:
        self._account = account
        self._told = told
        self._url = url

    def routes(self) -> Iterable[web.RouteDef]:
        """Each with the name that records and faults use."""
        get, put = {"allow_head": False}, web.put
        thread, intervention = f"{V}/content_threads/{{id}}", f"{V}/interventions/{{id}}"
        return [
            web.get(f"{V}/content_threads", self._threads, name="threads", **get),
            web.get(thread, self._thread, name="thread", **get),
            put(f"{thread}/update_categories", self._categorise, name="thread.update_categories"),
            put(f"{thread}/ignore", self._ignore, name="thread.ignore"),
            web.get(f"{V}/interventions", self._interventions, name="interventions", **get),
            put(f"{intervention}/close", self._close, name="intervention.close"),
            web.delete(f"{intervention}/cancel", self._cancel, name="intervention.cancel"),
            web.get(f"{V}/contents", self._contents, name="contents", **get),
            web.get(f"{V}/users/{{id}}", self._user, name="user", **get),
            web.get(f"{V}/status", self._status, name="status", **get),
            web.get(f"{V}/channels", self._channels, name="channels", **get),
            web.get(f"{V}/content_sources/{{id}}", self._source, name="source", **get),
            web.get(f"{V}/categories", self._categories, name="categories", **get),
            web.get(f"{V}/webhooks", self._webhooks, name="webhooks", **get),
        ]

    # --- threads

    async def _threads(self, request: web.Request) -> web.Response:
        self._authorise(request, PAGED | {"q"})
        asked = _search(request.query.get("q", ""), {"foreign", "source"})
        late = self._account.unfound > 0
        self._account.unfound -= late
        found = [
            one
            for one in self._account.threads.values()
            if self._account.reads
            and not late
            and asked.get("foreign", one.foreign_id) == one.foreign_id
            and asked.get("source", one.source_id) == one.source_id
            and one.contents  # a thread is there when its first content was taken in
        ]
        return _page(request, [one.shown() for one in reversed(found)])

    async def _thread(self, request: web.Request) -> web.Response:
        self._authorise(request)
        return web.json_response(self._account.thread(request.match_info["id"]).shown())

    async def _categorise(self, request: web.Request) -> web.Response:
        self._authorise(request, {"thread_category_ids[]"})
        thread = self._account.thread(request.match_info["id"])
        wanted = request.query.getall("thread_category_ids[]", [])
        if set(wanted) - set(self._account.categories):
            raise Refused(
                422, "unprocessable_entity"
            )  # which error an unknown category gives is not documented
        thread.category_ids = wanted
        thread.updated_at = now()
        thread.seen |= self._account.agent_category in wanted
        if thread.open is not None:
            thread.open.category_ids = wanted
            self._told("intervention.recategorized", thread, thread.open, None)
        return web.json_response(thread.shown())

    async def _ignore(self, request: web.Request) -> web.Response:
        self._authorise(request)
        thread = self._account.thread(request.match_info["id"])
        thread.archived = True
        return web.json_response(thread.shown())

    # --- interventions and contents

    async def _interventions(self, request: web.Request) -> web.Response:
        self._authorise(request, PAGED | {"thread_id", "user_id", "status", "sort"})
        thread_id, sort = request.query.get("thread_id"), request.query.get("sort", "created_at")
        if sort not in {"created_at", "updated_at"}:
            raise Refused(400, "invalid_parameter")
        found = [
            one
            for thread in self._account.threads.values()
            if self._account.reads and thread_id in (None, thread.id)
            for one in thread.interventions
        ]
        found.sort(key=lambda one: getattr(one, sort), reverse=True)
        return _page(request, [one.shown() for one in found])

    async def _close(self, request: web.Request) -> web.Response:
        self._authorise(request)
        thread, one = self._account.intervention(request.match_info["id"])
        if one.closed or not one.replies:
            raise Refused(403, "forbidden")
        close(one)
        self._told("intervention.closed", thread, one, None)
        return web.json_response(one.shown())

    async def _cancel(self, request: web.Request) -> web.Response:
        self._authorise(request)
        thread, one = self._account.intervention(request.match_info["id"])
        if one.closed or one.replies:
            raise Refused(403, "forbidden")
        thread.interventions.remove(one)
        thread.archived = True
        self._told("intervention.canceled", thread, one, None)
        return web.json_response(one.shown())

    async def _contents(self, request: web.Request) -> web.Response:
        self._authorise(request, PAGED | {"q"})
        asked = _search(request.query.get("q", ""), {"intervention", "thread", "source"})
        found = [
            self._content(thread, one)
            for thread in self._account.threads.values()
            if self._account.reads and asked.get("thread", thread.id) == thread.id
            for one in thread.contents
            if one.side != "note"  # comments are no contents
            and asked.get("intervention", one.intervention_id) == one.intervention_id
        ]
        return _page(request, sorted(found, key=lambda one: one["created_at"], reverse=True))

    def _content(self, thread: Thread, one: Content) -> dict[str, Any]:
        files = [
            {"id": file.id, "filename": file.name, "content_type": file.content_type, "url": file.url}
            for file in one.files
        ]
        fields = {
            "id": one.id,
            "foreign_id": one.foreign_id,
            "thread_id": thread.id,
            "source_id": thread.source_id,
            "intervention_id": one.intervention_id,
            "creator_id": one.creator_id,
            "author_id": one.author["id"],
            "body": one.body,
            "body_input_format": "text",
            "published": True,
            "approval_required": False,
            "remotely_deleted": one.deleted,
            "attachments": files,
            "created_at": one.at,
        }
        return {name: value for name, value in fields.items() if value is not None}

    # --- people, and how the account is set up

    async def _user(self, request: web.Request) -> web.Response:
        self._authorise(request)
        agent = self._account.agents.get(request.match_info["id"])
        if agent is None:
            raise Refused(404, "not_found")
        first, _, last = agent.name.partition(" ")
        return web.json_response({"id": agent.id, "firstname": first, "lastname": last, "enabled": True})

    async def _status(self, request: web.Request) -> web.Response:
        self._authorise(request, {"source_ids[]", "category_ids[]", "team_ids[]", "spoken_languages[]"})
        ours = self._account.source_id in request.query.getall("source_ids[]", [self._account.source_id])
        channel = {"id": self._account.channel_id, "name": "Chat"}
        return web.json_response(
            [
                {
                    "agent_id": one.id,
                    "channels": [{**channel, "status": one.status, "busyness": one.busyness}],
                }
                for one in self._account.agents.values()
                if ours
            ]
        )

    async def _channels(self, request: web.Request) -> web.Response:
        self._authorise(request, PAGED)
        account = self._account
        channel = {"id": account.channel_id, "name": "Chat", "source_ids": [account.source_id]}
        return _page(request, [channel])

    async def _source(self, request: web.Request) -> web.Response:
        self._authorise(request)
        account = self._account
        if request.match_info["id"] != account.source_id or not account.reads:
            raise Refused(404, "not_found")
        return web.json_response(
            {
                "id": account.source_id,
                "name": "openhandover",
                "active": account.source_active,
                "channel_id": account.channel_id,
                "default_category_ids": [account.bot_category],
            }
        )

    async def _categories(self, request: web.Request) -> web.Response:
        self._authorise(request, PAGED | {"ids", "parent_id"})
        wanted = request.query["ids"].split(",") if "ids" in request.query else list(self._account.categories)
        named = self._account.categories.items()
        return _page(request, [{"id": id_, "name": name} for id_, name in named if id_ in wanted])

    async def _webhooks(self, request: web.Request) -> web.Response:
        self._authorise(request, PAGED | {"access_token"})
        if request.query.get("access_token") != self._account.access_token:
            raise Refused(400, "invalid_parameter")  # required by the OpenAPI file
        events = self._account.registered_events
        hook = {"id": "w1", "url": self._url(), "active": True, "registered_events": events}
        return _page(request, [hook] if self._url() else [])

    def _authorise(self, request: web.Request, known: set[str] = set()) -> None:  # noqa: B006  (never changed)
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._account.access_token}".encode()):
            raise Refused(401, "unauthorized")
        if unknown := set(request.query) - known:
            raise Refused(400, f"invalid_parameter: {', '.join(sorted(unknown))}")


def close(one: Intervention) -> None:
    """An agent is done."""
    one.closed, one.status = True, "closed"
    one.closed_at = one.updated_at = now()


def _page(request: web.Request, records: list[dict[str, Any]]) -> web.Response:
    numbers = {
        name: request.query.get(name, usual) for name, usual in (("offset", "0"), ("limit", str(USUAL)))
    }
    if not all(number.isdigit() for number in numbers.values()) or not 1 <= int(numbers["limit"]) <= MOST:
        raise Refused(400, "invalid_parameter")
    offset, limit = int(numbers["offset"]), int(numbers["limit"])
    page = records[offset : offset + limit]
    return web.json_response({"count": len(records), "offset": offset, "limit": limit, "records": page})


def _search(query: str, known: set[str]) -> dict[str, str]:
    """`keyword:value` pairs between spaces; only the keywords that are needed here are understood."""
    try:
        words = shlex.split(query)
    except ValueError:
        raise Refused(400, "invalid_parameter") from None
    found: dict[str, str] = {}
    for word in words:
        pair = re.fullmatch(r"([a-z_]+):(.+)", word)
        if pair is None or pair[1] not in known:
            raise Refused(400, f"invalid_parameter: {word}")
        found[pair[1]] = pair[2]
    return found
