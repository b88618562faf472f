"""What an emulator leaves behind for whoever wants to hold it against a contract."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from openhandover.emulators.cm import CmEmulator
from openhandover.emulators.recording import TRAFFIC
from tests.contract.desk_emulator import DeskEmulator


async def talked(desk: DeskEmulator) -> None:
    """One call that is refused, one thing on a stream."""
    async with desk, aiohttp.ClientSession() as http:
        async with http.post(f"{desk.url}/open?token=hush", json={"a": 1}) as answer:
            assert answer.status == 401
        desk.streams("greeting", '{"text": "hello"}')


async def test_traffic_is_kept_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One JSON object a line, appended by every emulator that stops; secrets are masked."""
    monkeypatch.setenv(TRAFFIC, str(tmp_path / "new"))
    await talked(DeskEmulator())
    await talked(DeskEmulator())
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in (tmp_path / "new" / "http.jsonl").read_text().splitlines()
    ]
    assert [line["way"] for line in lines] == ["request", "streamed"] * 2
    call, streamed, *_ = lines
    assert (call["endpoint"], call["method"], call["path"], call["status"]) == ("open", "POST", "/open", 401)
    assert (call["body"], call["query"], call["answer_type"]) == (
        '{"a": 1}',
        {"token": "***"},
        "application/json",
    )
    assert (streamed["kind"], streamed["data"]) == ("greeting", '{"text": "hello"}')


async def test_nothing_is_kept_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tries a vendor leaves no file."""
    monkeypatch.delenv(TRAFFIC, raising=False)
    monkeypatch.chdir(tmp_path)
    await talked(DeskEmulator())
    assert not os.listdir(tmp_path)  # noqa: PTH208  (a path may not be walked in a coroutine)


async def test_an_answer_can_come_late() -> None:
    """What was asked is done at once; who asked hears of it later."""
    async with CmEmulator() as cm, aiohttp.ClientSession() as http:
        late = {"fault": "answer_late", "seconds": 0.2, "endpoint": "presence"}
        async with http.post(f"{cm.url}/emulator/faults", json=late) as answer:
            assert answer.status == 200
        asking = asyncio.create_task(http.get(f"{cm.url}/api/v1"))
        await cm.wait_until(lambda: [one for one in cm.requests_to("presence") if one.status])
        assert not asking.done()
        assert (await asking).status == cm.requests_to("presence")[0].status
