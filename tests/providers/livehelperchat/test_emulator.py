"""What the emulated Live Helper Chat refuses, and how: by call 200 or 400 in its own form, or a page with 503."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from openhandover.emulators.answers import Refused
from openhandover.emulators.livehelperchat import PREFIX, LiveHelperChatEmulator
from openhandover.emulators.livehelperchat.site import CLOSED, File
from openhandover.emulators.livehelperchat.template import rendered

from .test_recordings import OPEN


class Client:
    """Somebody who calls the installation."""

    def __init__(self, lhc: LiveHelperChatEmulator, http: aiohttp.ClientSession) -> None:
        self.lhc, self.http = lhc, http
        us = lhc.site.us
        self.headers = {"Authorization": aiohttp.encode_basic_auth(us.username, us.api_key)}

    async def call(self, method: str, path: str, *, auth: bool = True, **more: Any) -> tuple[int, Any]:
        """Status and body: JSON, or `page` where it is one."""
        headers = {**(self.headers if auth else {}), **more.pop("headers", {})}
        url = f"{self.lhc.url}{PREFIX}{path}"
        async with self.http.request(method, url, headers=headers, **more) as answer:
            text = await answer.text()
            return answer.status, "page" if text.startswith("<html>") else await answer.json(
                content_type=None
            )

    async def opened(self, **change: Any) -> dict[str, Any]:
        """A new chat."""
        status, body = await self.call("POST", "/restapi/chat", json={**OPEN, **change})
        assert (status, body["error"]) == (200, False)
        return body["result"]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """An installation without chats."""
    async with LiveHelperChatEmulator() as lhc, aiohttp.ClientSession() as http:
        yield Client(lhc, http)


def us(username: str, key: str) -> dict[str, str]:
    """Credentials."""
    return {"Authorization": aiohttp.encode_basic_auth(username, key)}


@pytest.mark.parametrize(
    "headers",
    [{}, us("openhandover", "wrong"), us("amy", "lhc-example-api-key-0001"), {"Authorization": "Bearer x"}],
    ids=["none", "wrong key", "another's key", "bearer"],
)
@pytest.mark.parametrize(
    ("method", "path", "status", "key"),
    [
        ("POST", "/restapi/chat", 400, "result"),
        ("GET", "/restapi/chat/41", 400, "result"),
        ("GET", "/restapi/chats", 200, "result"),
        ("GET", "/restapi/chatscount", 200, "result"),
        ("GET", "/restapi/fetchchatmessages?chat_id=41", 200, "result"),
        ("GET", "/restapi/checkchatstatus?chat_id=41&hash=x", 200, "result"),
        ("POST", "/restapi/addmsgadmin", 400, "r"),
        ("POST", "/restapi/setchatstatus", 400, "result"),
        ("GET", "/restapi/departments", 400, "result"),
        ("GET", "/restapi/file/4", 400, "result"),
    ],
)
async def test_credentials_are_checked(
    client: Client, headers: dict[str, str], method: str, path: str, status: int, key: str
) -> None:
    """Never 401: each call has its own status and its own place for the sentence."""
    found, body = await client.call(method, path, auth=False, headers=headers)
    assert (found, body["error"]) == (status, True)
    assert "uthorization" in body[key]


@pytest.mark.parametrize(
    ("right", "method", "path"),
    [
        ("lhchat,use", "GET", "/restapi/chats"),
        ("lhdepartment,list", "GET", "/restapi/departments"),
        ("lhfile,upload_new_file", "POST", "/restapi/file"),
        ("lhrestapi,file_download", "GET", "/restapi/file/4"),
    ],
)
async def test_rights_are_checked(client: Client, right: str, method: str, path: str) -> None:
    """The sentence names the right that is missing."""
    client.lhc.site.us.rights -= {right}
    _, body = await client.call(method, path)
    module, _, function = right.partition(",")
    assert body["result"] == f"You do not have permission. `{module}`, `{function}` is required."


async def test_without_the_right_to_close_it_says_yes_and_does_nothing(client: Client) -> None:
    """`Status changed!`, and the chat of somebody else is as it was, also one that nobody has yet."""
    chat = await client.opened()
    await client.lhc.agent_joins(str(chat["id"]), "Amy Agent")
    waiting = await client.opened()
    client.lhc.site.us.rights -= {"lhchat,allowcloseremote"}
    for one, status in ((chat, 1), (waiting, 0)):
        form = {"chat_id": str(one["id"]), "status": "2"}
        answer = await client.call("POST", "/restapi/setchatstatus", data=form)
        assert answer == (200, {"error": False, "result": "Status changed!"})
        assert client.lhc.site.chats[one["id"]].shown.status == status


@pytest.mark.parametrize(
    "change",
    [
        {"fields": {"DepartamentID": 1}},
        {"fields": {"DepartmentID": 1, "Question": "?"}},
        {"fields": {"DepartamentID": 1, "Question": "?", "Nick": "x"}},
        {"fields": {"DepartamentID": 1, "Question": "?", "Username": "x" * 101}},
        {"department": ["1", "2"]},
        {"messages": [{"msg": "x", "user_id": 3, "time": 1795000000}]},
        {"messages": [{"msg": "x", "user_id": 0, "time": 1795000000000}]},
        {"main_attr": {"status": 2}},
        {"chat_variables": {"x": {"y": 1}}},
        {"additional_data": [{"key": "x", "value": "y"}]},
        {"vid": "x"},
    ],
    ids=str,
)
async def test_a_chat_with_an_unexpected_shape_ends_in_maintenance(
    client: Client, change: dict[str, Any]
) -> None:
    """A field that is missing, unknown or of the wrong kind: a page with 503, and no chat."""
    assert await client.call("POST", "/restapi/chat", json={**OPEN, **change}) == (503, "page")
    assert not client.lhc.site.chats


@pytest.mark.parametrize(
    "path",
    ["/restapi/addmsguser", "/restapi/addmsgadmin", "/restapi/setchatstatus", "/chat/usertyping/1/x/true"],
)
async def test_json_where_a_form_is_expected_ends_in_maintenance(client: Client, path: str) -> None:
    """And a form where JSON is expected, likewise."""
    auth = "addmsguser" not in path
    assert await client.call("POST", path, json={"chat_id": 41}, auth=auth) == (503, "page")
    assert await client.call("POST", "/restapi/chat", data={"department": "1"}) == (503, "page")


@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("POST", "/restapi/addmsguser", {"chat_id": "41", "msg": "x"}),
        ("POST", "/restapi/addmsguser", {"chat_id": "41", "hash": "h", "msg": "x", "sender": "bot"}),
        ("POST", "/restapi/addmsgadmin", {"chat_id": "41", "msg": "x"}),
        ("POST", "/restapi/addmsgadmin", {"chat_id": "41", "msg": "x", "sender": "operator"}),
        ("POST", "/restapi/setchatstatus", {"chat_id": "41", "state": "2"}),
        ("GET", "/restapi/chat/41?attrs=x", None),
        ("GET", "/restapi/chats?status=0", None),
        ("GET", "/restapi/fetchchatmessages?chat_id=41&workflow=true", None),
        ("GET", "/restapi/closechatasvisitor?chat_id=41&hash=x", None),
        ("GET", "/restapi/isonlinedepartment/1?department=1", None),
    ],
)
async def test_parameters_that_nobody_knows_are_refused(
    client: Client, method: str, path: str, form: dict[str, str] | None
) -> None:
    """It would ignore them there; here a slip of the pen is seen."""
    auth = "addmsguser" not in path
    assert await client.call(method, path, data=form, auth=auth) == (503, "page")


async def test_a_key_with_the_users_message_is_refused(client: Client) -> None:
    """With it, deleted chats would take messages."""
    chat = await client.opened()
    form = {"chat_id": str(chat["id"]), "hash": chat["hash"], "msg": "x"}
    assert await client.call("POST", "/restapi/addmsguser", data=form) == (503, "page")
    status, body = await client.call("POST", "/restapi/addmsguser", data=form, auth=False)
    assert (status, body["msg"]["user_id"], body["msg"]["chat_id"]) == (200, 0, str(chat["id"]))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"msg": " "}, "Please enter a message, max characters - 500"),
        ({"msg": "x" * 501}, "Please enter a message, max characters - 500"),
        ({"hash": "wrong"}, "Authorization header is missing!"),
        ({"chat_id": "999"}, "Authorization header is missing!"),
    ],
)
async def test_a_message_of_the_user_is_refused(
    client: Client, change: dict[str, str], sentence: str
) -> None:
    """400, with the sentence under `r`."""
    chat = await client.opened()
    form = {"chat_id": str(chat["id"]), "hash": chat["hash"], "msg": "x", **change}
    found = await client.call("POST", "/restapi/addmsguser", data=form, auth=False)
    assert found == (400, {"error": True, "r": sentence})


async def test_a_closed_chat_takes_no_message(client: Client) -> None:
    """Nor an operator's, as far as the emulated ones go."""
    chat = await client.opened()
    await client.lhc.agent_ends(str(chat["id"]))
    form = {"chat_id": str(chat["id"]), "hash": chat["hash"], "msg": "x"}
    status, body = await client.call("POST", "/restapi/addmsguser", data=form, auth=False)
    assert (status, body["r"][:27]) == (400, "You cannot send messages to")
    with pytest.raises(Refused):
        await client.lhc.agent_says(str(chat["id"]), "x")


async def test_a_token_splits_a_message(client: Client) -> None:
    """`[[msgitm]]` makes two lines; the number is that of the last."""
    chat = await client.opened()
    form = {"chat_id": str(chat["id"]), "hash": chat["hash"], "msg": "one[[msgitm]]two"}
    _, body = await client.call("POST", "/restapi/addmsguser", data=form, auth=False)
    lines = client.lhc.site.chats[chat["id"]].lines
    assert [line.msg for line in lines[-2:]] == ["one", "two"]
    assert body["msg"]["id"] == lines[-1].id


async def test_a_command_is_carried_out_whoever_the_sender_is(client: Client) -> None:
    """`!pending` as a system line takes the chat away from its operator."""
    chat = await client.opened()
    await client.lhc.agent_joins(str(chat["id"]))
    form = {"chat_id": str(chat["id"]), "sender": "system", "msg": " !pending"}
    status, _ = await client.call("POST", "/restapi/addmsgadmin", data=form)
    assert (status, client.lhc.site.chats[chat["id"]].shown.status) == (200, 0)


async def test_unknown_departments_are_replaced_without_a_word(client: Client) -> None:
    """200, and another department in the answer."""
    fields = {**OPEN["fields"], "DepartamentID": 9}
    assert (await client.opened(fields=fields))["dep_id"] == 1
    client.lhc.site.departments[2].disabled = 1
    assert (await client.opened(fields={**fields, "DepartamentID": 2}))["dep_id"] == 1


async def test_the_status_0_alone_is_no_filter(client: Client) -> None:
    """`0` gives every chat, `0,0` those that wait, any other is one; with an offset there is no count."""
    for _ in range(3):
        await client.opened()
    client.lhc.site.chats[41].now.status = CLOSED
    client.lhc.site.chats[41].commit()
    counts = {
        asked: len((await client.call("GET", f"/restapi/chats?status_ids={asked}"))[1]["list"])
        for asked in ("0", "0,0", "2", "2,2", "0,1,2,5")
    }
    assert counts == {"0": 3, "0,0": 2, "2": 1, "2,2": 1, "0,1,2,5": 3}
    _, body = await client.call("GET", "/restapi/chats?status_ids=0,2&offset=1&limit=1")
    assert ([one["id"] for one in body["list"]], body["list_count"]) == ([42], False)


async def test_an_unknown_address_is_the_home_page(client: Client) -> None:
    """With 200."""
    assert await client.call("GET", "/restapi/nothing") == (200, "page")


async def test_an_unknown_chat(client: Client) -> None:
    """Each call has its own way to say so."""
    status, body = await client.call("GET", "/restapi/chat/999")
    assert (status, body) == (400, {"error": True, "result": "Chat could not be found!"})
    status, body = await client.call("GET", "/restapi/fetchchatmessages?chat_id=999")
    assert (status, body["error"]) == (200, True)
    status, body = await client.call("POST", "/restapi/setchatstatus", data={"chat_id": "999", "status": "2"})
    assert (status, body["error"]) == (400, True)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [("a.txt", b"x", "Filetype not allowed"), ("a.png", b"x" * 101, "File is too big")],
)
async def test_files_are_refused(client: Client, name: str, content: bytes, sentence: str) -> None:
    """By the end of their name, and by their size."""
    chat = await client.opened()
    client.lhc.site.file_bytes = 100
    form = aiohttp.FormData({"chat_id": str(chat["id"])})
    form.add_field("files", content, filename=name, content_type="image/png")
    assert await client.call("POST", "/restapi/file", data=form) == (400, {"error": True, "result": sentence})
    assert not client.lhc.site.files


async def test_an_upload_for_no_chat_is_refused(client: Client) -> None:
    """Chat and file are both needed, and each once."""
    for fields in ({}, {"chat_id": "999"}):
        form = aiohttp.FormData(fields)
        form.add_field("files", b"x", filename="a.png", content_type="image/png")
        assert await client.call("POST", "/restapi/file", data=form) == (503, "page")


async def test_a_file_is_told_with_the_message(client: Client) -> None:
    """Its token is taken out only where nothing else was there; its address is good for nothing."""
    chat = await client.opened()
    client.lhc.site.files[9] = File(9, chat["id"], "a.png", "image/png", b"xyz", "0a" * 16)
    for text in (
        "Look [file=9_" + "0a" * 16 + "]",
        "[file=9_" + "0a" * 16 + "]",
    ):
        await client.lhc.agent_says(str(chat["id"]), text)
    path = f"/restapi/fetchchatmessages?chat_id={chat['id']}&extract_media=true&remove_media=true"
    _, body = await client.call("GET", path)
    lines = [one for one in body["result"]["messages"] if one["user_id"] > 0]
    assert [(one["msg"][:4], len(one["media"])) for one in lines] == [("Look", 1), ("", 1)]
    assert lines[0]["media"][0] | {"url": ""} == {
        "id": 9,
        "size": 3,
        "upload_name": "a.png",
        "type": "image/png",
        "extension": "png",
        "hash": "0a" * 16,
        "url": "",
    }


async def test_what_a_request_does_is_seen_when_it_is_over(client: Client) -> None:
    """While the webhook of a line is on its way, neither the line nor the acceptance is there by REST."""
    chat = await client.opened()
    seen: list[Any] = []

    async def look(request: web.Request) -> web.Response:
        path = f"/restapi/fetchchatmessages?chat_id={chat['id']}"
        _, lines = await client.call("GET", path)
        _, shown = await client.call("GET", f"/restapi/chat/{chat['id']}")
        seen.append((len(lines["result"]["messages"]), shown["result"]["status"]))
        return web.json_response({})

    app = web.Application()
    app.add_routes([web.post("/hook", look)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        client.lhc.webhook_to(f"http://{host}:{port}/hook")
        await client.lhc.agent_says(str(chat["id"]), "First reply accepts")
    finally:
        await runner.cleanup()
    assert seen == [(3, 0), (3, 0)]
    _, shown = await client.call("GET", f"/restapi/chat/{chat['id']}")
    assert shown["result"]["status"] == 1


def test_chat_variables_are_searched_in_event_arguments() -> None:
    """What was inserted earlier is read again for what comes later; what is missing is null, or empty as a variable."""
    arguments = {"chat": {"id": 1}, "msg": {"msg": "{{lhc.var.name}} {{msg}}"}}
    template = "[{{args.msg.msg}},{{args.msg.nothing}},{{lhc.var.name}},{{lhc.var.none}},{{chat_id}}]"
    assert rendered(template, arguments, "x/ü", [], {"name": "N"}, 5) == '[""N" {{msg}}",null,"N","",1]'
    assert rendered("{{msg}}", arguments, "x/ü", [], {}, 5) == '"x\\/\\u00fc"'


async def test_the_queue_counts_who_was_first(client: Client) -> None:
    """Lower numbers with at least the same priority in the same department."""
    first, second = await client.opened(), await client.opened()
    third = await client.opened(main_attr={"priority": 5})
    places = [
        (await client.call("GET", f"/restapi/chat/{one['id']}?attr=number_in_queue"))[1]["result"][
            "number_in_queue"
        ]
        for one in (first, second, third)
    ]
    assert places == [1, 2, 1]


async def test_operators_of_all_departments_are_not_everywhere(client: Client) -> None:
    """Who has all departments counts for the widget and for any, not for one department."""
    client.lhc.site.online = {0}
    answers = [
        (await client.call("GET", path, auth=False))[1]
        for path in (
            "/restapi/isonlinedepartment/1?exclude_bot=true&exclude_online_hours=true",
            "/restapi/isonline?exclude_online_hours=true",
            "/widgetrestapi/chatcheckstatus?dep=1",
        )
    ]
    assert answers == [{"isonline": False}, {"isonline": True}, {"change_status": True, "online": True}]


async def test_the_widget_s_department_is_a_parameter(client: Client) -> None:
    """`dep`; in the path it would be ignored there, and so it is no address here."""
    client.lhc.site.online = {2}
    for department, online in (("1", False), ("2", True), ("1,2", True)):
        answer = await client.call("GET", f"/widgetrestapi/chatcheckstatus?dep={department}", auth=False)
        assert answer == (200, {"change_status": True, "online": online})
    path = "/widgetrestapi/chatcheckstatus/(department)/2"
    assert await client.call("GET", path, auth=False) == (200, "page")
