"""What annotations cannot say of a channel of type `cm`."""

from typing import TYPE_CHECKING

from .check_texts import TextChecks
from .findings import Findings
from .nodes import Path

if TYPE_CHECKING:
    from .model import CmChannel, Config


def check_cm(channel: "CmChannel", path: Path, config: "Config", findings: Findings) -> None:
    """Parts that need each other, and the templates of message types."""
    if channel.api != "bmproxy" and not findings.is_given((*path, "adapter_id")):
        mend = "add `adapter_id:` from the Router's page of adapters"
        findings.error(path, f"api {channel.api} needs the id of our adapter", mend)
    if channel.api != "bmproxy" and channel.buttons == "suggestions":
        mend = "remove `buttons:`; users get numbers"
        findings.error((*path, "buttons"), "suggestions are known for bmproxy only", mend)
    if channel.language is not None:
        findings.language((*path, "language"), channel.language)
    texts = TextChecks(findings, config.languages, None)
    for name, told in channel.message_types.items():
        for key in ("text", "url", "name", "content_type"):
            template = getattr(told, key)
            if template is not None:
                texts.template(template, (*path, "message_types", name, key))
