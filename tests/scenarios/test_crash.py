"""The server is killed in the middle of everything and started again; `bench/crash.py` plays both ends."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

CRASH = Path(__file__).parents[2] / "bench" / "crash.py"


async def test_kill_9_loses_repeats_and_misorders_nothing(tmp_path: Path) -> None:
    """Three kills under load in both directions: everything accepted arrives once (by id) and in order, and the
    proof says so too."""
    running = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            str(CRASH),
            "--kills",
            "3",
            "--conversations",
            "6",
            "--json",
            "--keep",
            str(tmp_path),
        ),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await asyncio.wait_for(running.communicate(), 110)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    found = json.loads(said)
    assert found["ok"], found
    assert min(found["accepted"].values()) > 50, "there was hardly any load"
    assert found["lost"] == found["repeated"] == found["misordered"] == {"to_agent": 0, "to_user": 0}
    assert running.returncode == 0


async def test_kill_9_between_cm_and_us_loses_repeats_and_misorders_nothing() -> None:
    """Four kills while the Router's chats are answered, given away and relayed, and calls are forwarded."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CRASH.with_name("crash_cm.py")), "--kills", "4", "--talks", "2", "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await asyncio.wait_for(running.communicate(), 110)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    found = json.loads(said)
    assert found["ok"], found
    assert min(found["said"].values()) > 1, "there was no load"
    assert running.returncode == 0


@pytest.mark.parametrize("vendor", ["genesys", "livehelperchat", "salesforce_chat", "salesforce_miaw"])
async def test_kill_9_between_a_contact_centre_and_us_loses_nothing(vendor: str) -> None:
    """Three kills while users and agents write: one vendor that calls us, one that is looked at, one polled, one that streams."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, str(CRASH.with_name("crash_vendors.py")), "--only", vendor),
        *("--kills", "3", "--talks", "2", "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        said, _ = await asyncio.wait_for(running.communicate(), 110)
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()
    found = json.loads(said)[vendor]
    assert found["ok"], found
    assert min(found["said"].values()) > 1, "there was no load"
    assert running.returncode == 0
