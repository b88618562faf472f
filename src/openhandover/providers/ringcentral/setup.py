"""Whether RingCentral is set up as the provider needs it: asked by `check --connect`, changing nothing there."""

from openhandover.core.errors import ProviderRejected

from . import wire
from .account import Realtime, Rest
from .settings import Settings

NEEDED = "intervention.closed"
"""Without this event no handover ends by its agent."""


async def prove(settings: Settings, rest: Rest, realtime: Realtime, webhook_url: str) -> None:
    """Both tokens, the source, its categories, and a webhook that comes to us.

    Raises:
        ProviderError: something is wrong; the text names the setting to change.
    """
    source = await rest.get(f"/content_sources/{settings.source_id}", wire.Source)
    if source.active is False:
        raise ProviderRejected("the source is switched off in RingCentral; is `realtime_url` the right one?")
    wanted = {
        "bot_category_id": settings.bot_category_id,
        "agent_category_id": settings.agent_category_id,
    }
    asked = [("ids", ",".join(wanted.values()))]
    there = {one.id for one in (await rest.get("/categories", wire.Categories, asked)).records}
    for name, category in wanted.items():
        if category not in there:
            raise ProviderRejected(f"check `{name}`: RingCentral has no such category")
    if settings.bot_category_id not in (source.default_category_ids or ()):
        raise ProviderRejected("make `bot_category_id` the default category of the source in RingCentral")
    await realtime.prove()
    if webhook_url:
        await _prove_webhook(settings, rest, webhook_url)


async def _prove_webhook(settings: Settings, rest: Rest, url: str) -> None:
    query = [
        ("access_token", str(settings.access_token)),
        ("limit", "150"),
    ]  # this call wants it here as well
    hooks = (await rest.get("/webhooks", wire.Hooks, query)).records
    ours = [one for one in hooks if (one.url or "").rstrip("/") == url.rstrip("/")]
    if not any(one.active and NEEDED in (one.registered_events or ()) for one in ours):
        why = "is not active or lacks that event" if ours else "is not there"
        raise ProviderRejected(
            f"a webhook to {url} with the event {NEEDED} {why}; add it in RingCentral, or mend `public_url`"
        )
