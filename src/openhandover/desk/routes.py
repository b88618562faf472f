"""`/v1/desk/` and the desk page, as routes that the server takes in."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from openhandover.analytics.routes import ANALYTICS_ENDPOINTS
from openhandover.config.model import Config
from openhandover.engine import Engine
from openhandover.web import shapes as api
from openhandover.web.bodies import NothingBody
from openhandover.web.call import LONGEST_PAGE, MAX_SEQ
from openhandover.web.endpoint import Endpoint, Handler, Query
from openhandover.web.pages import page_endpoints
from openhandover.web.routes import TOLD_IN, UPLOAD

from . import shapes
from .access import Access
from .acts import Acts
from .office import Office
from .reads import Reads

STATIC = Path(__file__).parent / "static"
ALWAYS = ("unauthorized", "forbidden", "rate_limited", "invalid")
STREAM: dict[str, Any] = {
    "x-content": {"text/event-stream": {"schema": {"type": "string", "description": "server-sent events"}}}
}
AGENT = Query("agent", str, "the agent an API key acts for, where the key's configuration names none")
LIMIT = Query("limit", Annotated[int, Meta(ge=1, le=LONGEST_PAGE)], "how many items; 100 when absent")
SEQ = Annotated[int, Meta(ge=0, le=MAX_SEQ)]
PAGING = (
    Query("after", SEQ, "only what has a higher seq"),
    Query("before", SEQ, "the last ones with a lower seq; 0: the newest"),
    LIMIT,
)


def desk_routes(engine: Engine, config: Config) -> Sequence[Endpoint]:
    """The desk's calls and page, for the agents of the configuration."""
    agents = dict(config.agents)
    secure = (config.server.public_url or "").startswith("https:")
    office = Office(engine, agents)
    office.begin()
    access = Access(engine, agents, secure=secure)
    reads = Reads(office, access, config)
    acts = Acts(office, access, reads)
    engine.agents_changed.append(office.staff)
    return (
        *_session(reads),
        *_reads(reads),
        *_figures(reads),
        *_taking(acts),
        *_talking(acts),
        *_ending(acts),
        *page_endpoints("/desk", STATIC),
    )


def _call(
    method: str, path: str, handler: Handler, summary: str, answers: Mapping[int, Any], **more: Any
) -> Endpoint:
    codes = (*ALWAYS, *more.pop("codes", ()))
    query = (*more.pop("query", ()), AGENT)
    return Endpoint(
        method,
        f"/v1/desk/{path}",
        handler,
        summary,
        answers=answers,
        codes=codes,
        query=query,
        tag="desk",
        **more,
    )


def _session(reads: Reads) -> tuple[Endpoint, ...]:
    return (
        _call("POST", "login", reads.login, "Log in", {200: shapes.LoggedIn}, body=shapes.LoginBody),
        _call("POST", "logout", reads.logout, "Log out", {204: None}, body=NothingBody),
        _call("GET", "me", reads.me, "Who is calling", {200: shapes.Me}),
        _call("GET", "agents", reads.agents, "All agents and inboxes", {200: shapes.Agents}),
        _call(
            "GET",
            "canned",
            reads.canned,
            "Ready answers",
            {200: api.Listed[shapes.CannedShape]},
            query=(Query("handover", str, "fill in what is known in this handover"),),
            codes=("not_found",),
        ),
        _call(
            "GET",
            "overview",
            reads.overview,
            "The whole desk (for supervisors)",
            {200: shapes.Overview},
            query=(Query("tz", str, "time zone whose midnight begins the day; UTC when absent"),),
        ),
        _call(
            "GET",
            "events",
            reads.events,
            "Listen to what concerns the agent",
            {200: STREAM},
            query=(
                Query("last_event_id", str, "where to resume"),
                Query("Last-Event-ID", str, "the same, as browsers send it", place="header"),
            ),
        ),
    )


def _reads(reads: Reads) -> tuple[Endpoint, ...]:
    messages = {200: api.Listed[api.Message]}
    sentences = {200: api.Listed[api.Sentence]}
    talks = {200: api.Listed[shapes.Talk]}
    views = (Query("view", str, "`queue`, `mine` or `open` (both)"),)
    cursor = (Query("cursor", str, "`next` of the page before"), LIMIT)
    one, talk = "handovers/{id}", "conversations/{id}"
    return (
        _call(
            "GET",
            "handovers",
            reads.handovers,
            "The queue and what is held",
            {200: shapes.Entries},
            query=views,
        ),
        _call("GET", one, reads.handover, "A handover with what is known", {200: shapes.Detail}),
        _call("GET", f"{one}/messages", reads.messages, "Its messages", messages, query=PAGING),
        _call("GET", f"{one}/explain", reads.explained, "Its life in sentences", sentences, query=(TOLD_IN,)),
        _call("GET", "conversations", reads.conversations, "Running bot conversations", talks, query=cursor),
        _call(
            "GET", f"{talk}/messages", reads.talk_messages, "What was said to the bot", messages, query=PAGING
        ),
    )


def _figures(reads: Reads) -> tuple[Endpoint, ...]:
    """The analytics calls, for supervisors who are logged in; the analytics page uses these."""
    return tuple(
        _call(
            "GET",
            endpoint.path.removeprefix("/v1/"),
            reads.supervised(endpoint.handler),
            f"{endpoint.summary} (for supervisors)",
            endpoint.answers,
            query=endpoint.query,
        )
        for endpoint in ANALYTICS_ENDPOINTS
    )


def _taking(acts: Acts) -> tuple[Endpoint, ...]:
    handover = {201: api.Handover, 200: api.Handover}
    uploaded = {201: api.Uploaded, 200: api.Uploaded}
    taken = ("already_taken", "handover_ended", "agent_unavailable")
    over = ("handover_open", "id_reused", "unavailable", *taken)
    one, talk = "handovers/{id}", "conversations/{id}"
    return (
        _call(
            "PUT",
            "presence",
            acts.presence,
            "Come, go, be busy",
            {200: shapes.AgentShape},
            body=shapes.PresenceBody,
        ),
        _call("POST", "uploads", acts.upload, "Give a file", uploaded, body=UPLOAD),
        _call(
            "POST",
            f"{one}/accept",
            acts.accept,
            "Take it",
            {200: api.Handover},
            body=NothingBody,
            codes=taken,
        ),
        _call(
            "POST",
            f"{talk}/take-over",
            acts.take_over,
            "Take it",
            handover,
            body=shapes.TakeOverBody,
            codes=over,
        ),
    )


def _talking(acts: Acts) -> tuple[Endpoint, ...]:
    message = {201: api.Message, 200: api.Message}
    said = ("id_reused", "handover_ended", "too_large")
    none: dict[int, Any] = {202: {"type": "object"}}
    over = ("handover_ended",)
    one = "handovers/{id}"
    return (
        _call(
            "POST",
            f"{one}/messages",
            acts.say,
            "Write to the user",
            message,
            body=shapes.SayBody,
            codes=("agent_unavailable", *said),
        ),
        _call(
            "POST",
            f"{one}/notes",
            acts.note,
            "Write a private note",
            message,
            body=shapes.NoteBody,
            codes=said,
        ),
        _call("POST", f"{one}/typing", acts.typing, "Show typing", none, body=shapes.TypingBody, codes=over),
        _call("POST", f"{one}/read", acts.read, "Tell what was seen", none, body=shapes.ReadBody, codes=over),
    )


def _ending(acts: Acts) -> tuple[Endpoint, ...]:
    handover = {200: api.Handover}
    moved = ("agent_unavailable", "already_taken", "handover_ended", "id_reused")
    over = ("handover_ended",)
    one = "handovers/{id}"
    return (
        _call(
            "POST",
            f"{one}/transfer",
            acts.transfer,
            "Pass it on",
            handover,
            body=shapes.TransferBody,
            codes=moved,
        ),
        _call("POST", f"{one}/close", acts.close, "Resolve it", handover, body=NothingBody, codes=over),
    )
