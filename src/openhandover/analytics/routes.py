"""The calls below `/v1/analytics/`, and the page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from openhandover.config.model import Config
from openhandover.engine import Engine
from openhandover.web import handovers as single, shapes as api
from openhandover.web.call import LONGEST_PAGE
from openhandover.web.endpoint import Endpoint, Handler, Query
from openhandover.web.pages import page_endpoints
from openhandover.web.routes import TOLD_IN

from . import delivery, listing, reports
from .filters import FILTERS, Group
from .period import period as period
from .tables import CSV

STATIC = Path(__file__).parent / "static"

FROM = Query("from", str, "requested at or after this time or date; 30 days before `to` when absent")
TO = Query("to", str, "requested before this time, or up to and including this date; now when absent")
TZ = Query("tz", str, "time zone of dates, days and hours, like Europe/Amsterdam; UTC when absent")
PERIOD = (FROM, TO, TZ)
BY = Query("group_by", Group, "one entry of `items` for each value")
COMPARE = Query("compare", Literal["previous"], "also the figures of the period before, as `previous`")
CONTAINMENT = Query("containment", bool, "`false` leaves conversations uncounted, which is quicker")
REPORT = (*PERIOD, BY, COMPARE, CONTAINMENT, *FILTERS)
LIMIT = Query("limit", Annotated[int, Meta(ge=1, le=LONGEST_PAGE)], "how many items; 100 when absent")
CURSOR = Query("cursor", str, "`next` of the page before")


def _call(path: str, handler: Handler, summary: str, answer: Any, query: tuple[Query, ...] = ()) -> Endpoint:
    answers: Mapping[int, Any] = {200: answer}
    return Endpoint(
        "GET",
        f"/v1/analytics/{path}",
        handler,
        summary,
        scope="analytics",
        query=query,
        answers=answers,
        tag="analytics",
    )


ANALYTICS_ENDPOINTS: tuple[Endpoint, ...] = (
    _call(
        "handovers",
        reports.handovers,
        "Count handovers: how many, how they ended, how long they took",
        reports.HandoversReport,
        REPORT,
    ),
    _call("handovers.csv", reports.handovers_csv, "The same as a table", CSV, REPORT),
    _call(
        "handovers/{id}/explain",
        single.explain,
        "A handover's life in sentences",
        api.Listed[api.Sentence],
        (TOLD_IN,),
    ),
    _call("handovers/{id}/proof", single.proof, "Its messages, when accepted and when delivered", api.Proof),
    _call(
        "list",
        listing.listed,
        "The handovers themselves, newest first",
        api.Listed[listing.HandoverLine],
        (*PERIOD, *FILTERS, CURSOR, LIMIT),
    ),
    _call("list.csv", listing.listed_csv, "All of them as a table", CSV, (*PERIOD, *FILTERS)),
    _call("now", listing.open_now, "What is open right now", listing.OpenNow, FILTERS),
    _call("now.csv", listing.open_now_csv, "The same as a table", CSV, FILTERS),
    _call(
        "values",
        listing.values,
        "What the handovers of a period can be filtered by",
        listing.FilterValues,
        PERIOD,
    ),
    _call(
        "delivery",
        delivery.delivery,
        "How delivery went: retries, duplicates suppressed, late events, failures",
        delivery.DeliveryReport,
        PERIOD,
    ),
    _call("delivery.csv", delivery.delivery_csv, "Each direction as a table", CSV, PERIOD),
    _call(
        "troubles",
        delivery.troubles,
        "Messages that did not get through at the first call, newest first",
        api.Listed[delivery.Trouble],
        (*PERIOD, LIMIT),
    ),
    _call("troubles.csv", delivery.troubles_csv, "The same as a table", CSV, (*PERIOD, LIMIT)),
)


def analytics_routes(engine: Engine, config: Config) -> Sequence[Endpoint]:
    """The calls and the page of this package."""
    return (*ANALYTICS_ENDPOINTS, *page_endpoints("/analytics", STATIC))
