"""The handover step by the letter of its contract: which part of it fits a conversation."""

from tests.scenarios.world import World


async def test_a_call_without_a_voice_part_is_recorded_only(world: World) -> None:
    """The text part's provider and fallback take no phone calls: nobody is called, the handover is logged."""
    call = {"gateway": "phone", "id": "c1", "from": "+31201234567", "to": "+31207654321"}
    chat = await world.began(medium="voice", call=call)
    handover_id = await world.asks(chat, {"fallback": ["backup"]}, provider="support")
    ended = await world.until(handover_id, status="transferred")
    assert (ended["provider"], ended["reason"]) == ("logging", "logged")
    assert [attempt["provider"] for attempt in ended["attempts"]] == ["logging"]
    assert world.desk.calls == world.backup.calls == []
