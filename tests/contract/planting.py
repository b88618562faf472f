"""How faults are planted in a provider, to see whether its suite notices: the list of them, and ways to break one."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from msgspec import structs

from openhandover.core.errors import ProviderError, ProviderUnavailable
from openhandover.core.events import FromProvider
from openhandover.providers.http import Http

Plant = Callable[[pytest.MonkeyPatch], None]


class Case(NamedTuple):
    """A fault, and who must notice it."""

    plant: Plant
    name: str
    args: Sequence[Any]
    vendor: str
    id: str


CASES: list[Case] = []


def breaks(case: str, *args: Any, vendor: str = "") -> Callable[[Plant], Plant]:
    """The fault must make this case fail; it is one of the example desk's provider unless a vendor is named."""

    def listed(plant: Plant) -> Plant:
        CASES.append(
            Case(
                plant,
                f"test_{case}",
                args,
                vendor,
                "-".join((plant.__name__, case, *args, vendor)).rstrip("-"),
            )
        )
        return plant

    return listed


def sees(
    patch: pytest.MonkeyPatch, change: Callable[[FromProvider], FromProvider | None], kind: type[Any] = Http
) -> None:
    """The provider takes an event for something else, or not at all."""
    whole = kind.parse

    def parse(self: Any, request: Any) -> Sequence[FromProvider]:
        return [found for one in whole(self, request) if (found := change(one)) is not None]

    patch.setattr(kind, "parse", parse)


def taken_for(patch: pytest.MonkeyPatch, kind: type[Any], fact: Any) -> None:
    """The provider takes one kind of event for another; None: it passes over it."""

    def change(one: FromProvider) -> FromProvider | None:
        if not isinstance(one.fact, kind):
            return one
        return None if fact is None else structs.replace(one, fact=fact)

    sees(patch, change)


def can(patch: pytest.MonkeyPatch, **changes: Any) -> None:
    """The provider says otherwise of itself."""
    patch.setattr(Http, "capabilities", replace(Http.capabilities, **changes))


def answers(
    patch: pytest.MonkeyPatch,
    call: str,
    kind: type[ProviderError] = ProviderUnavailable,
    told: type[ProviderError] = ProviderUnavailable,
    of: type[Any] = Http,
) -> None:
    """An error of this call is told as another one, and without the time to come back."""
    whole = getattr(of, call)

    async def mistaken(self: Any, *args: Any) -> Any:
        try:
            return await whole(self, *args)
        except kind as error:
            raise told("as it is understood") from error

    patch.setattr(of, call, mistaken)


def nothing(patch: pytest.MonkeyPatch, call: str, of: type[Any] = Http) -> None:
    """A call that does nothing."""

    async def done(*_: Any, **__: Any) -> None:
        pass

    patch.setattr(of, call, done)


def another_key(patch: pytest.MonkeyPatch) -> None:
    """Every try has a key of its own."""
    whole = Http._call  # pyright: ignore[reportPrivateUsage]

    async def call(self: Http, method: str, path: str, _: str, *args: Any, **more: Any) -> Any:
        return await whole(self, method, path, str(uuid4()), *args, **more)

    patch.setattr(Http, "_call", call)
