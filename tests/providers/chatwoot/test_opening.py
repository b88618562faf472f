"""A handover becomes one conversation, however often it is asked for."""

from collections.abc import AsyncGenerator

import pytest

from openhandover.core.errors import (
    NobodyThere,
    ProviderRejected,
    ProviderUnavailable,
)
from openhandover.core.model import User
from openhandover.emulators.chatwoot.installation import INBOX_ID
from tests.providers.chatwoot.here import Here, living, request, texts


@pytest.fixture
async def here() -> AsyncGenerator[Here]:
    """One for a case alone."""
    async with living() as found:
        yield found


async def test_a_conversation_of_the_users_contact(here: Here) -> None:
    """Contact, attributes and note are there, and the answer names the conversation."""
    route = {"skills": ["billing"], "languages": ["nl"], "priority": "urgent", "team_id": "9"}
    talk, _ = await here.opened(route=route)
    assert talk.contact.fields == {
        "identifier": "ada/1",
        "name": "Ada",
        "email": "ada@example.org",
        "phone_number": "+31201234567",
        "custom_attributes": {"tier": "gold"},
    }
    assert (talk.status, talk.priority, talk.team_id, talk.labels) == ("open", "urgent", 9, ["billing", "nl"])
    assert talk.custom_attributes == {"handover_id": "h1", "skills": "billing", "languages": "nl"}
    assert texts(talk) == ["Handover h1 from channel web\nReason: wants a refund\n\nUser: Help!"]
    assert talk.messages[0].private


async def test_the_contact_is_used_again(here: Here) -> None:
    """The next handover has the same contact, unchanged, and a conversation of its own; no search was needed."""
    first, _ = await here.opened()
    second, _ = await here.opened(handover_id="h2", user=User("ada/1", "Ada Lovelace"))
    assert first is not second
    assert first.contact is second.contact
    assert second.contact.get("name") == "Ada"
    assert (here.count("contact.create"), here.count("contact.search")) == (1, 0)


async def test_an_inbox_that_is_locked_to_one_conversation(here: Here) -> None:
    """The lock is one for each id that we give a contact there, and each handover gives another: it changes nothing."""
    here.home.inboxes[INBOX_ID].lock_to_single_conversation = True
    first, _ = await here.opened()
    second, _ = await here.opened(handover_id="h2")
    assert (first is not second, len(texts(second))) == (True, 1)


async def test_an_earlier_conversation_is_not_taken_for_a_new_one(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that gives back the contact's last one all the same: refused by the name of that switch."""
    first, _ = await here.opened()
    monkeypatch.setattr(here.home, "add_conversation", lambda *_: first)
    with pytest.raises(ProviderRejected, match="Lock to single conversation"):
        await here.opened(handover_id="h2")
    assert list(here.home.conversations.values()) == [first]
    assert len(texts(first)) == 1


async def test_a_contact_that_was_deleted(here: Here) -> None:
    """What we remember may be gone: then there is a new one."""
    first, _ = await here.opened()
    here.home.contacts.remove(first.contact)
    second, _ = await here.opened(handover_id="h2")
    assert second.contact is not first.contact
    assert second.contact.get("identifier") == "ada/1"


async def test_a_contact_that_somebody_else_made(here: Here) -> None:
    """A contact with our user's identifier is theirs, however many others contain it."""
    for n in range(20):
        here.home.add_contact({"identifier": f"ada/1{n}", "name": "Adam"})
    mine = here.home.add_contact({"identifier": "ada/1", "name": "Ada L."})
    talk, _ = await here.opened()
    assert talk.contact is mine
    assert here.count("contact.search") == 2


async def test_an_address_that_another_contact_has(here: Here) -> None:
    """To name somebody's address makes nobody that contact; the handover works without it."""
    other = here.home.add_contact({"identifier": "bob", "email": "ada@example.org"})
    talk, _ = await here.opened(user=User("ada/1", "Ada", "ada@example.org", "020-1234567"))
    assert talk.contact is not other
    assert talk.contact.fields == {"identifier": "ada/1", "name": "Ada"}


@pytest.mark.parametrize(
    "endpoint",
    ["contact.create", "conversation.create", "message.create", "conversation.priority", "label.set"],
)
@pytest.mark.parametrize("forgets", [False, True])
async def test_an_open_whose_reply_was_lost(here: Here, endpoint: str, forgets: bool) -> None:
    """The same call again finds what the first one made, also when we remember nothing: one of each."""
    asked = request(route={"priority": "low", "labels": ["a"]})
    here.chatwoot.faults.lose_next_reply(endpoint=endpoint)
    with pytest.raises(ProviderUnavailable):
        await here.provider.open(asked)
    if forgets:
        here.anew()
    talk = here.talk(await here.provider.open(asked))
    assert [len(here.home.contacts), len(here.home.conversations), len(talk.messages)] == [1, 1, 1]
    assert (talk.priority, talk.labels) == ("low", ["a"])


async def test_labels_of_the_accounts_automation_stay(here: Here) -> None:
    """Ours are put beside those that are there already."""
    asked = request(route={"labels": ["ours"]})
    here.chatwoot.faults.fail_next(503, endpoint="label.list")
    with pytest.raises(ProviderUnavailable):
        await here.provider.open(asked)
    (talk,) = here.home.conversations.values()
    here.chatwoot.desk.set(talk, "labels", ["theirs"])
    await here.provider.open(asked)
    assert talk.labels == ["theirs", "ours"]


async def test_an_inbox_with_an_agent_bot(here: Here) -> None:
    """A conversation that begins as pending is opened, or no human would see it."""
    here.chatwoot.inbox.agent_bot = True
    talk, _ = await here.opened()
    assert talk.status == "open"


async def test_a_blocked_contact(here: Here) -> None:
    """Agents do not want to hear from them: refused for good, with the reason."""
    first, _ = await here.opened()
    first.contact.blocked = True
    with pytest.raises(ProviderRejected, match="blocked"):
        await here.opened(handover_id="h2")


async def test_an_inbox_that_does_not_exist(here: Here) -> None:
    """The text names the settings to look at."""
    with pytest.raises(ProviderRejected, match="`account_id` and `inbox_id`"):
        await here.opened(route={"inbox_id": "77"})
    here.anew(account_id=2)
    with pytest.raises(ProviderRejected, match="`account_id` and `inbox_id`"):
        await here.opened()


async def test_only_when_somebody_is_online(here: Here) -> None:
    """By default the conversation waits for the next morning; with the setting the next provider is tried."""
    here.chatwoot.set_online(False)
    await here.opened()
    here.anew(only_when_online=True)
    with pytest.raises(NobodyThere):
        await here.opened(handover_id="h2")
    assert len(here.home.conversations) == 1
