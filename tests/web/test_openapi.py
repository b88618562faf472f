"""The OpenAPI document is true: what the server does is in it, and what is in it the server does."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from openhandover.web.endpoint import Endpoint
from openhandover.web.routes import ENDPOINTS
from tests.serving import KEY, Server, running_server

load_all_checks()
# A body that fits the schema may still name a channel that is not configured: 422 is then right.
NOT_OURS = [check for check in CHECKS.get_all() if check.__name__ == "positive_data_acceptance"]
EXAMPLES = 12
AUTHORISED = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in a thread of its own, with a conversation c1 and a handover h1."""
    found: list[str] = []
    started, loops = threading.Event(), list[asyncio.AbstractEventLoop]()
    stop = asyncio.Event()

    async def main(folder: Path) -> None:
        async with running_server(folder) as server:
            await prepare(server)
            found.append(server.url)
            loops.append(asyncio.get_running_loop())
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main(tmp_path_factory.mktemp("openapi"))))
    thread.start()
    assert started.wait(30)
    yield found[0]
    loops[0].call_soon_threadsafe(stop.set)
    thread.join(20)
    assert not thread.is_alive()


async def prepare(server: Server) -> None:
    """What the known ids stand for."""
    await server.online()
    await server.conversation(id="c1")
    await server.said("c1")
    await server.conversation(id="c2")
    await server.handover("c2", id="h1")


@pytest.fixture(scope="module")
def document(address: str) -> schemathesis.BaseSchema:
    """The served document."""
    return schemathesis.openapi.from_url(f"{address}/schema")


def try_out(operation: schemathesis.APIOperation) -> None:
    """Send what the document allows, and what it does not; the answer must be one that the document names."""

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def answers_as_documented(case: schemathesis.Case) -> None:
        known = {"/v1/conversations/": "c1", "/v1/handovers/": "h1"}
        for beginning, known_id in known.items():
            if operation.path.startswith(beginning) and len(str(case.path_parameters.get("id"))) % 2:
                case.path_parameters["id"] = known_id
        case.call_and_validate(headers=AUTHORISED, excluded_checks=NOT_OURS, timeout=10)

    answers_as_documented()


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_every_call_answers_as_documented(document: schemathesis.BaseSchema, endpoint: Endpoint) -> None:
    """Whatever is sent, status, media type and body of the answer are those of the document, and never a 500."""
    try_out(document[endpoint.path][endpoint.method.lower()])


def test_calls_of_other_packages_answer_as_documented(document: schemathesis.BaseSchema) -> None:
    """The same for desk, analytics and chat; a stream that does not end is left out."""
    ours = {(endpoint.path, endpoint.method.lower()) for endpoint in ENDPOINTS}
    others = [one.ok() for one in document.get_all_operations()]
    tried = 0
    for operation in others:
        if (operation.path, operation.method) not in ours and not operation.path.endswith("/events"):
            try_out(operation)
            tried += 1
    assert tried > 20


def test_every_call_is_in_the_document(address: str) -> None:
    """Each documented endpoint is there with its scope, and ids of operations are unique."""
    paths = requests.get(f"{address}/schema", timeout=10).json()["paths"]
    for endpoint in ENDPOINTS:
        operation = paths[endpoint.path][endpoint.method.lower()]
        assert operation.get("x-scope") == endpoint.scope
    ids = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_the_page_works_without_script_and_network(address: str) -> None:
    """The page for people names every call, and loads nothing but its own style."""
    answer = requests.get(f"{address}/docs", timeout=10)
    page = answer.text
    assert all(endpoint.path in page for endpoint in ENDPOINTS)
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<link rel='icon' href='data:,'>" in page  # else browsers ask for a favicon, which is not there
    assert requests.get(f"{address}/docs.css", timeout=10).headers["Content-Type"].startswith("text/css")
