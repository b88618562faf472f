"""The Output step after the call: what the user hears."""

import re
from typing import Any

from .report import Report
from .spots import Spot, plain
from .templates import Templates

_TEXT = ("text", "message", "output", "content", "value", "body")
_FORMAT = ("format", "outputtype", "contenttype", "mode")
_CONFIG = ("config", "settings", "properties", "data", "output")
_KNOWN = frozenset({"id", "name", "type", "kind", "steptype", "nodetype", "next", *_TEXT, *_FORMAT, *_CONFIG})
DEFAULT_LANGUAGE = "en"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LOST = {
    "setcontexts": "contexts that the Output sets are lost: a handover sets none",
    "setcontext": "contexts that the Output sets are lost: a handover sets none",
    "contexts": "contexts that the Output sets are lost: a handover sets none",
    "endconversation": "End Conversation is lost: the handover decides when the conversation goes on",
    "media": "media are lost: the message of a handover is text",
    "attachments": "media are lost: the message of a handover is text",
}


def message(output: Spot | None, templates: Templates, report: Report) -> Any:
    """The text said before control leaves: one, or one for each language; None where the tool says none."""
    if output is None:
        report.by_hand(
            "no Output step follows, so nothing is said before the handover; add `message` if it should be"
        )
        return None
    step = _opened(output)
    if step.text is not None:
        return _said(step, templates, report)
    for entry in step.entries():
        name = plain(entry.name)
        if name in _LOST and not _is_off(entry):
            report.dropped(_LOST[name], entry)
        elif name not in _KNOWN and name not in _LOST:
            report.dropped(f"the Output step's {entry.name}", entry)
    style, text = step.get(*_FORMAT), step.get(*_TEXT)
    if text is None or (style is not None and "json" in plain(style.text or "")) or text.is_list:
        report.by_hand(
            "the Output is no text that a user can read; write the `message` yourself", text or output
        )
        return None
    if text.is_map:
        return _by_language(text, templates, report)
    return _said(text, templates, report)


def _opened(output: Spot) -> Spot:
    """The map that has the text: the step, or one directly inside."""
    inner = output.get(*_CONFIG)
    return inner if inner is not None and (inner.is_map or inner.text) and not _has_text(output) else output


def _has_text(step: Spot) -> bool:
    text = step.get("text", "message")
    return text is not None and (text.text is not None or text.is_map)


def _by_language(texts: Spot, templates: Templates, report: Report) -> dict[str, str] | str | None:
    entries = list(texts.entries())
    if not entries or not all(_LANGUAGE.fullmatch(entry.name) and entry.text for entry in entries):
        report.by_hand("the Output is no text that a user can read; write the `message` yourself", texts)
        return None
    if DEFAULT_LANGUAGE not in {entry.name for entry in entries}:
        what = f"the Output has no text in {DEFAULT_LANGUAGE}, the usual default; the first one alone is the message"
        report.by_hand(what, texts)
        return _said(entries[0], templates, report)
    return {entry.name: _said(entry, templates, report) or "" for entry in entries}


def _said(text: Spot, templates: Templates, report: Report) -> str | None:
    if not text.text:
        report.by_hand("the Output is empty, so nothing is said; add `message` if something should be", text)
        return None
    if text.text.lstrip()[:1] in {"{", "["} and not text.text.lstrip().startswith("{{"):
        report.by_hand("the Output is no text that a user can read; write the `message` yourself", text)
        return None
    report.kept("text of the Output -> message", text)
    return templates.carried(text.text, text)


def _is_off(entry: Spot) -> bool:
    """Whether an option of the Output is there and not used."""
    return not (entry.is_map or entry.is_list) and (entry.text or "false").lower() in {"false", "no", "0"}
