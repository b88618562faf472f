"""What an installation says about its adapter in CM's Router."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from openhandover.cm.settings import (
    HEADER,
    Account,
    AdapterId,
    Connection,
    HeaderName,
    HeaderSecret,
    OldSecret,
)
from openhandover.core.settings import Template


class MessageType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How messages of one `$type` are read; each is a template that sees the message's fields."""

    text: Annotated[Template, Meta(description="what the bot and the agent read")] = Template("")
    url: Annotated[Template | None, Meta(description="address of its file; it becomes an attachment")] = None
    name: Annotated[Template, Meta(description="name of the file")] = Template("")
    content_type: Annotated[Template, Meta(description="media type of the file")] = Template("")


class Settings(Connection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account, our adapter in it, and how its calls to us prove themselves."""

    secret: HeaderSecret
    old_secret: OldSecret = None
    header: HeaderName = HEADER
    api: Annotated[
        Literal["v2", "v1", "bmproxy"],
        Meta(description="v2, v1: versions of the TwoWay API; bmproxy: the older BM Proxy"),
    ] = "v2"
    adapter_id: Annotated[AdapterId | None, Meta(description="our TwoWay adapter; not for bmproxy")] = None
    language: Annotated[
        str | None, Meta(description="language of users of whom nothing is known; absent: the default one")
    ] = None
    message_types: Annotated[
        dict[str, MessageType],
        Meta(description="`$type` -> how it is read; others than `text` are otherwise described in words"),
    ] = field(default_factory=dict[str, MessageType])
    buttons: Annotated[
        Literal["numbers", "suggestions"],
        Meta(description="numbers: written below the text; suggestions: quick replies of bmproxy"),
    ] = "numbers"
    longest_text: Annotated[
        int | None,
        Meta(ge=20, description="characters that the channel takes; what is longer goes out in parts"),
    ] = None

    @property
    def account(self) -> Account:
        """The account as our adapter.

        Raises:
            ValueError: there is no adapter.
        """
        if self.adapter_id is None or self.api == "bmproxy":
            raise ValueError("TwoWay needs the id of our adapter")
        return Account(
            technical_link_id=self.technical_link_id,
            product_token=self.product_token,
            base_url=self.base_url,
            adapter_id=self.adapter_id,
            twoway_version=self.api,
        )
