"""What every part of the provider suite stands on: which vendor, its world, and an eye on the log."""

import json
import logging
from collections.abc import AsyncGenerator, Generator, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, get_type_hints
from uuid import uuid4

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from openhandover.core.settings import Secret
from openhandover.emulators.answers import Refused
from openhandover.emulators.base import Emulator
from openhandover.providers import provider_of, settings_of
from openhandover.providers.base import Capabilities
from tests.contract.vendor_world import Talk, VendorWorld, vendor_world

Emulators = type[Emulator]
Logs = list[MutableMapping[str, Any]]
SECRET_LENGTH = 8
"""Shorter values are words such as `api`, which stand in any log."""


class SuiteBase:
    """A vendor's test file subclasses `ProviderSuite` and sets these."""

    type: ClassVar[str]
    """The provider's type."""
    emulator: ClassVar[Emulators]
    """Its emulator's class."""
    open_endpoint: ClassVar[str]
    """The emulator's endpoint of which a lost reply would give a second chat."""
    send_endpoint: ClassVar[str]
    """The emulator's endpoint that takes a message of the user."""
    close_endpoint: ClassVar[str]
    """The emulator's endpoint by which we end a chat that an agent has."""
    token_endpoint: ClassVar[str | None] = None
    """The emulator's endpoint that gives access tokens that end; None: there are none."""
    route: ClassVar[dict[str, Any]] = {}
    """Keys of the step that the vendor needs."""

    # --- what is otherwise with this vendor; each is said on the provider's page

    credential: ClassVar[str | None] = None
    """The setting that is wrong when the vendor does not let us in; None: the first secret that is not for webhooks."""
    wrong_credential: ClassVar[str] = "wrong-0000-not-the-one"
    """A value for it that is well-formed and wrong."""
    repeats_after_lost_reply: ClassVar[bool] = False
    """A message whose reply was lost is shown twice."""
    opens_twice_after_lost_reply: ClassVar[bool] = False
    """An open call whose reply was lost leaves a second chat there."""
    closed_takes_messages: ClassVar[bool] = False
    """The vendor takes a message for a chat that its agent has closed."""
    tells_closed: ClassVar[bool] = True
    """A refused message tells that the agent has closed the chat; False: only that there is no such chat any more."""
    tells_address: ClassVar[bool] = True
    """The vendor's API tells where its webhooks go; False: it has no call for that."""
    signs_body: ClassVar[bool] = True
    """The proof in a webhook covers its body; False: it is a secret that travels along."""
    user_end_ends: ClassVar[bool] = True
    """The chat is ended at the vendor when the user or we end it; False: the agent ends it."""
    shows_reason: ClassVar[bool] = True
    """The agent sees why the user was handed over."""
    html_from_agent: ClassVar[str | None] = None
    """What the user gets of the agent's `<b>bold</b> & <i>it</i>`; None: exactly that."""
    longest_text: ClassVar[int] = 100_000
    """Characters that an agent of this vendor can send at once."""
    tells_join: ClassVar[bool] = True
    """The vendor says that an agent has taken a chat before the agent writes."""

    # --- the world

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the provider says that it can."""
        return provider_of(self.type).capabilities

    @property
    def webhooks(self) -> bool:
        """Whether we hear of the agents by webhook."""
        return self.capabilities.inbound == "webhook"

    @classmethod
    def living(cls, folder: Path, **settings: Any) -> AbstractAsyncContextManager[VendorWorld]:
        """A world of this vendor; `settings` replaces single ones of the provider."""
        webhooks = provider_of(cls.type).capabilities.inbound == "webhook"
        return vendor_world(folder, cls.type, cls.emulator(), webhooks=webhooks, **settings)

    @pytest_asyncio.fixture(scope="class", loop_scope="class")
    @classmethod
    async def world(cls, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[VendorWorld]:
        """The world that most cases share, each with a user of its own."""
        async with cls.living(tmp_path_factory.mktemp(cls.type)) as world:
            yield world

    @pytest_asyncio.fixture(loop_scope="class")
    async def fresh(self, tmp_path: Path) -> AsyncGenerator[VendorWorld]:
        """A world for one case alone."""
        async with self.living(tmp_path) as world:
            yield world

    @pytest.fixture(autouse=True)
    def logged(self, request: pytest.FixtureRequest) -> Generator[Logs]:
        """What was logged during the case, at every level; no secret may be in it."""
        with self.listening() as logs:
            yield logs
        worlds = [one for one in request.node.funcargs.values() if isinstance(one, VendorWorld)]
        self.no_secret(logs, worlds)
        for world in worlds:
            self.as_asked(world)

    @contextmanager
    def listening(self) -> Generator[Logs]:
        """Every record from now on, ours and those of other libraries."""
        kept, root = _Kept(), logging.getLogger()
        level = root.level
        root.addHandler(kept)
        root.setLevel(logging.DEBUG)
        try:
            with capture_logs() as logs:
                kept.logs = logs
                yield logs
        finally:
            root.setLevel(level)
            root.removeHandler(kept)

    def no_secret(self, logs: Logs, worlds: Sequence[VendorWorld]) -> None:
        """None of the secrets of these worlds is in a record."""
        for secret in {secret for world in worlds for secret in self.secrets(world)}:
            assert not [one for one in logs if secret in str(one)], "a secret is in the log"

    def as_asked(self, world: VendorWorld) -> None:
        """What should go wrong has gone wrong: a case whose trouble never came has shown nothing."""
        faults, callbacks = world.emulator.faults, world.emulator.callbacks
        left, more = faults.waiting, callbacks.waiting
        faults.clear()
        callbacks.clear()
        assert not left, f"no call met {left}"
        assert not more, f"{more} callbacks were to be repeated or swapped, and there were no more"

    def secrets(self, world: VendorWorld) -> set[str]:
        """The secrets that the provider is configured with, and what the vendor gave for them."""
        settings = world.emulator.settings()
        given = {str(settings[name]) for name in self.secret_settings() if name in settings}
        if self.token_endpoint is not None:
            given |= {
                text
                for one in world.emulator.requests_to(self.token_endpoint)
                for text in _tokens(one.answer)
            }
        return {secret for secret in given if len(secret) > SECRET_LENGTH}

    def secret_settings(self) -> list[str]:
        """The names of the settings that are secrets, in order."""
        hints = get_type_hints(settings_of(self.type))
        return [name for name, hint in hints.items() if Secret in (hint, *getattr(hint, "__args__", ()))]

    def refused(self, world: VendorWorld) -> bool:
        """Whether the vendor was in trouble when it was last asked to take a message."""
        return [one.status for one in world.emulator.requests_to(self.send_endpoint)][-1:] == [503]

    def talk(self, world: VendorWorld) -> Talk:
        """A user who has said nothing yet."""
        return Talk(world, self.route)

    def word(self) -> str:
        """A text that nobody else says."""
        return f"w{uuid4().hex[:10]}"

    async def cannot(self, world: VendorWorld, verb: str, *args: Any) -> None:
        """The vendor's agents cannot do this, so that there is nothing for us to pass on."""
        assert not world.emulator.plays(verb), f"the emulator can {verb}: say so in Capabilities, or drop it"
        with pytest.raises(Refused):
            await getattr(world.emulator, verb)(*args)


class _Kept(logging.Handler):
    """Records of other libraries beside our own."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.logs: Logs = []

    def emit(self, record: logging.LogRecord) -> None:
        self.logs.append({"event": record.getMessage(), "logger": record.name})


def _tokens(answer: str) -> list[str]:
    """The values of an answer whose names say that they are tokens."""
    try:
        found = json.loads(answer)
    except ValueError:
        return []
    named: dict[str, Any] = found if isinstance(found, dict) else {}
    return [str(value) for name, value in named.items() if name.lower().endswith(("token", "key"))]
