"""Messaging for In-App and Web, as every provider has to be."""

from typing import Any, ClassVar

from openhandover.emulators.salesforce_miaw import IDENTITY, SalesforceMiawEmulator
from tests.contract.provider_suite import ProviderSuite


class TestSalesforceMiaw(ProviderSuite):
    """Verified users: only their tokens can be had anew once they have ended."""

    type = "salesforce_miaw"
    emulator = SalesforceMiawEmulator
    open_endpoint, send_endpoint = "conversation.create", "message"
    close_endpoint = "conversation.close"
    token_endpoint = "token.authenticated"
    route: ClassVar[dict[str, Any]] = {
        "routing_attributes": {"Customer_Name": "{{ user }}"},
        "identity_token": IDENTITY,
    }
    credential = "es_developer_name"
    wrong_credential = "Another_Client"
