"""The server is killed in the middle of everything and started again; `bench/crash.py` and its kin play both ends."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"


async def ran(bench: str, *arguments: str) -> tuple[int | None, dict[str, Any]]:
    """The exit status of a bench and what it found; it is ended when it takes too long."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, str(BENCH / bench), *arguments, "--json"), stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await asyncio.wait_for(running.communicate(), 110)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    return running.returncode, json.loads(said)


async def test_kill_9_loses_repeats_and_misorders_nothing(tmp_path: Path) -> None:
    """Three kills under load in both directions: everything accepted arrives once (by id) and in order, and the
    proof says so too."""
    status, found = await ran("crash.py", "--kills", "3", "--conversations", "6", "--keep", str(tmp_path))
    assert found["ok"], found
    assert min(found["accepted"].values()) > 50, "there was hardly any load"
    assert found["lost"] == found["repeated"] == found["misordered"] == {"to_agent": 0, "to_user": 0}
    assert status == 0


async def test_kill_9_between_cm_and_us_loses_repeats_and_misorders_nothing() -> None:
    """Six kills while the Router's chats are answered, given away and relayed, and calls are forwarded."""
    status, found = await ran("crash_cm.py", "--kills", "6", "--talks", "2")
    assert found["ok"], found
    assert min(found["said"].values()) > 5, "there was hardly any load"
    assert status == 0


@pytest.mark.parametrize("vendor", ["genesys", "livehelperchat", "salesforce_chat", "salesforce_miaw"])
async def test_kill_9_between_a_contact_centre_and_us_loses_nothing(vendor: str) -> None:
    """Three kills while users and agents write: one vendor that calls us, one that is looked at, one polled, one that streams."""
    status, whole = await ran("crash_vendors.py", "--only", vendor, "--kills", "3", "--talks", "2")
    found = whole[vendor]
    assert found["ok"], found
    assert min(found["said"].values()) > 1, "there was no load"
    assert status == 0
