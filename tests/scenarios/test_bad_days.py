"""Every contact centre on a bad day: each trouble has a defined end, a log line that says what to do, and loses nothing.

What all have in common is tried here; what each vendor has of its own is tried with its provider, and `ELSEWHERE` says where.
"""

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.contract.provider_suite import ProviderSuite, suite_of
from tests.contract.vendor_world import until

TESTS = Path(__file__).parent.parent
SUITE = {
    "wrong credentials": "test_wrong_credentials_name_their_setting",
    "ended token": "test_an_ended_token_is_renewed_once",
    "forged webhook": "test_a_forged_webhook_changes_nothing",
    "short maintenance": "test_a_vendor_in_maintenance_loses_nothing",
    "an hour of maintenance": "test_an_hour_of_maintenance_loses_nothing",
    "a storm of 429": "test_a_storm_of_429_loses_nothing",
    "large user text": "test_a_long_text_of_the_user_arrives_whole",
    "100 kB of an agent": "test_a_long_text_of_the_agent_arrives_whole",
    "refused for good": "test_a_message_that_is_refused_for_good",
    "webhooks that go elsewhere": "test_check_connect_tells_where_webhooks_go",
    "wrong setting before it is needed": "test_check_connect_tells",
}
"""Cases of the suite that every vendor runs."""
ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "chatwoot": {
        "revoked": "test_a_token_that_is_revoked_in_the_middle",
        "deleted inbox or queue": "test_an_inbox_that_was_deleted",
        "wrong signature": "test_a_wrong_signature",
        "100 kB": "test_a_body_of_100_kilobytes",
        "clock skew": "test_clocks_that_differ",
    },
    "genesys": {
        "revoked": "test_a_client_that_is_gone_for_a_while_loses_nothing",
        "deleted inbox or queue": "test_an_integration_that_was_deleted_fails_by_name",
        "wrong region": "test_another_region_is_told_apart",
        "wrong signature": "test_any_other_signature_is_refused",
        "100 kB": "test_a_huge_message_of_an_agent_arrives",
        "clock skew": "test_a_clock_that_is_wrong_there_hinders_nothing",
    },
    "salesforce_miaw": {
        "revoked": "test_an_anonymous_user_s_lost_token_is_the_end",
        "deleted inbox or queue": "test_a_refused_open_names_what_to_look_at",
        "100 kB": "test_a_large_event_is_read",
    },
    "salesforce_chat": {
        "revoked": "test_a_session_that_is_gone_is_the_end",
        "deleted inbox or queue": "test_nobody_there_is_a_failure_and_no_completed_handover",
        "100 kB": "test_a_large_message_of_the_agent",
    },
    "eight_by_eight": {
        "revoked": "test_a_key_that_is_revoked_in_the_middle",
        "deleted inbox or queue": "test_a_queue_that_was_deleted",
        "wrong signature": "test_each_proof_is_needed",
        "clock skew": "test_a_vendor_whose_clock_is_wrong",
    },
    "ringcentral": {
        "revoked": "test_a_revoked_source_token_keeps_messages_due",
        "deleted inbox or queue": "test_a_deleted_source_names_its_address",
        "wrong signature": "test_a_webhook_s_secret_gives_no_right_to_speak_as_the_source",
        "100 kB": "test_a_large_webhook_is_taken",
        "clock skew": "test_an_old_call_of_the_source_is_refused",
    },
    "livehelperchat": {
        "revoked": "test_a_revoked_key_in_the_middle_of_a_talk",
        "deleted inbox or queue": "test_a_wrong_department_is_found_before_it_is_needed",
        "wrong signature": "test_a_webhook_without_the_token_is_refused",
        "100 kB": "test_a_large_webhook_and_a_large_message",
    },
}
"""Vendor -> trouble -> the test of its provider. Who sends no webhooks has no signature; who signs without a time, no clock."""
VENDORS = tuple(ELSEWHERE)
OFTEN = 10_000


def defined(folder: Path) -> set[str]:
    """The names of the functions in a folder's tests."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    trees = [ast.parse(file.read_text()) for file in folder.glob("test_*.py")]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_trouble_is_tried_where_the_table_says(vendor: str) -> None:
    """A test that was renamed or deleted is missed here."""
    there = defined(TESTS / "providers" / vendor)
    for trouble, name in ELSEWHERE[vendor].items():
        assert name in there, trouble


def test_the_suite_has_what_all_share() -> None:
    """Its cases run for every vendor."""
    for trouble, name in SUITE.items():
        assert hasattr(ProviderSuite, name), trouble


def remedies(logs: list[Any]) -> list[str]:
    """What the log says that somebody should do about the provider."""
    return [str(one["remedy"]) for one in logs if one.get("provider") == "vendor" and "remedy" in one]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_maintenance_that_outlasts_the_patience(vendor: str, tmp_path: Path) -> None:
    """503 to everything for as long as it is tried: the handover fails, what was said is with the bot."""
    mine = suite_of(vendor)
    async with mine.living(tmp_path) as world:
        with capture_logs() as logs:
            world.emulator.faults.fail_next(503, OFTEN)
            talk = await mine.talk(world).begin()
            await talk.asks({"limits": {"open_s": 1}})
            await talk.says(text := mine.word())
            assert (await talk.is_(status="error"))["reason"] == "provider_error"
            assert await talk.settled(text) == "failed"
        assert text in [one["text"] for one in (await talk.handover())["digest"]["messages"]]
        assert remedies(logs)
        await talk.says(after := mine.word())
        await talk.bot_got(after)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_maintenance_in_the_middle_of_a_talk(vendor: str, tmp_path: Path) -> None:
    """What both say meanwhile stays due, and arrives in its order; the log says what to check."""
    mine = suite_of(vendor)
    async with mine.living(tmp_path) as world:
        talk = await mine.talk(world).active()
        with capture_logs() as logs:
            world.emulator.faults.fail_next(503, OFTEN)
            texts = [mine.word() for _ in range(3)]
            for text in texts:
                await talk.says(text)
            await talk.agent_says(answer := mine.word())
            await until(lambda: remedies(logs), "a remedy in the log")
        world.emulator.faults.clear()
        for text in texts:
            await talk.shown(text, 30)
        everything = "\n".join(talk.lines())
        assert [everything.count(text) for text in texts] == [1] * 3
        assert sorted(texts, key=everything.index) == texts
        await talk.hears(answer, 30)
        assert (await talk.handover())["status"] == "active"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_closed_there_while_messages_are_due(vendor: str, tmp_path: Path) -> None:
    """The handover is completed; each message has arrived or is failed and listed, and none is due for ever."""
    mine = suite_of(vendor)
    async with mine.living(tmp_path) as world:
        talk = await mine.talk(world).active()
        world.emulator.faults.fail_next(503, OFTEN, endpoint=mine.send_endpoint)
        texts = [mine.word() for _ in range(2)]
        for text in texts:
            await talk.says(text)
        await talk.agent_ends()
        world.emulator.faults.clear()
        found = await talk.is_(status="completed", within_s=30)
        assert found["reason"] == "agent_closed"
        states = [await talk.settled(text) for text in texts]
        for text, state in zip(texts, states, strict=True):
            assert (state == "failed") is not any(text in line for line in talk.lines()), state
        proof = await world.proof(talk.handover_id)
        assert proof["counts"]["pending"] == 0
        assert proof["counts"]["failed"] == states.count("failed")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_address_where_nobody_answers(vendor: str, tmp_path: Path) -> None:
    """A wrong host or region: `check --connect` says which setting holds it."""
    mine = suite_of(vendor)
    emulator = mine.emulator()
    emulator.url = "http://127.0.0.1:1"
    block = emulator.settings()
    said = await mine.checked(tmp_path, {"type": mine.type, **block})
    assert "providers.vendor: not reached" in said
    named = [name for name, value in block.items() if emulator.url in json.dumps(value)]
    assert [name for name in [*named, "region"] if name in said.partition("not reached")[2]], said
