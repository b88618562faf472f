"""Marker types of configuration values: what the loader checks, prints and renders differently from plain text."""

from typing import NewType


class Secret(str):
    """A value that must never be printed: its `repr` is masked, so a stray log line shows nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('***')" if self else "Secret('')"


Template = NewType("Template", str)
"""Text with `{{ ... }}` that is rendered once before use; the loader checks its syntax."""

Texts = Template | dict[str, Template]
"""One template, or a map of language to template."""

Condition = NewType("Condition", str)
"""An expression without braces, as in `agent_status == 'online'`; the loader checks its syntax."""
