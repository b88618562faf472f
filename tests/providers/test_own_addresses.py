"""Agents' files may come from the vendor's own address, be it in the own network."""

import json
from collections.abc import Mapping

import pytest

from openhandover.config.load import load_text
from openhandover.emulators import (
    chatwoot,
    eight_by_eight,
    genesys,
    livehelperchat,
    ringcentral,
    salesforce_miaw,
)
from openhandover.emulators.base import Emulator
from openhandover.engine.providers import Providers
from openhandover.net.client import HttpClient

EMULATORS: Mapping[str, type[Emulator]] = {
    "chatwoot": chatwoot.EMULATOR,
    "eight_by_eight": eight_by_eight.EMULATOR,
    "genesys": genesys.EMULATOR,
    "livehelperchat": livehelperchat.EMULATOR,
    "ringcentral": ringcentral.EMULATOR,
    "salesforce_miaw": salesforce_miaw.EMULATOR,
}


@pytest.mark.parametrize("vendor", EMULATORS)
async def test_files_of_the_configured_address_are_fetched(vendor: str) -> None:
    """Where the vendor's calls go, there its files may be: an installation of one's own works without `outbound.allow`."""
    async with EMULATORS[vendor]() as emulator, HttpClient() as http:
        block = {"type": vendor, **emulator.settings()}
        addresses = Providers(load_text(json.dumps({"providers": {"vendor": block}})), http)[
            "vendor"
        ].origins()
        assert [address for address in addresses if address.startswith(emulator.url)]
