"""Checks of templates, conditions and texts per language."""

import re
from typing import Any

from openhandover.core.settings import Texts
from openhandover.texts.scope import RESERVED

from .findings import Findings
from .model import Languages
from .nodes import Path, nearest

BELOW: dict[str, frozenset[str]] = {
    "handover": frozenset(
        [
            "id",
            "status",
            "event",
            "reason",
            "error",
            "provider",
            "attempt",
            "attempts",
            "agent",
            "queue",
            "inactivity_count",
            "digest",
            "rating",
            "initiator",
            "ended_by",
            "style",
        ]
    ),
    "user": frozenset(["id", "name", "email", "phone", "attributes"]),
    "availability": frozenset(["open", "agents", "position", "estimated_wait_ms", "opens_at"]),
    "input": frozenset(["text", "button", "intent", "attachments", "metadata"]),
}
"""What our own names hold; `_context` and `chatId` hold what channels send."""

_STRAY = re.compile(r"\{\{|\}\}|\{%|%\}")
_SINGLE = re.compile(r"\{\s*([A-Za-z_][\w.]*)\s*\}")


class TextChecks:
    """`variables` are the names that flows set; None when they cannot be known."""

    def __init__(self, findings: Findings, languages: Languages, variables: set[str] | None) -> None:
        self.findings = findings
        self._languages = languages
        self._variables = variables

    def texts(self, texts: Texts | None, path: Path) -> None:
        """One template, or one per language."""
        if isinstance(texts, str):
            self.template(texts, path)
        elif texts is not None:
            for language, text in texts.items():
                self.template(text, (*path, language))
                self.findings.language((*path, language), language, at_key=True)
            if self._languages.default not in texts:
                default = self._languages.default
                what = f"there is no text in the default language {default}"
                self.findings.error(path, what, f"add `{default}:`, it is what other languages fall back to")

    def value(self, value: Any, path: Path) -> None:
        """Every text in a structure is a template."""
        if isinstance(value, str):
            self.template(value, path)
        elif isinstance(value, dict):
            for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]  plain JSON data
                self.value(inner, (*path, str(key)))  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, list):
            for index, inner in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
                self.value(inner, (*path, index))

    def is_template(self, value: Any) -> bool:
        """Whether any text inside is rendered, so that its type is not known yet."""
        return "{{" in repr(value) or "{%" in repr(value)

    def template(self, text: str, path: Path, *, braces: bool = True) -> None:
        """Syntax, names, and (outside raw bodies) braces that open or close nothing."""
        if "{" not in text and "}" not in text:
            return
        if "{{" in text or "{%" in text or "{#" in text:
            from openhandover.texts.metering import outside_tags
            from openhandover.texts.templates import names, syntax_error

            if wrong := syntax_error(text):
                self.findings.error(
                    path, f"the template is wrong: {wrong}", "mend what stands between {{ and }}"
                )
                return
            self.names(names(text), path)
            text = outside_tags(text)
        if braces:
            self._braces(text, path)

    def expression(self, text: str, path: Path) -> None:
        """A condition: an expression without braces."""
        from openhandover.texts.templates import expression_error, expression_names

        if not text.strip():
            self.findings.error(path, "the condition is empty", "write one, such as agent_status == 'online'")
        elif wrong := expression_error(text):
            what, _, mend = wrong.partition("; ")
            mend = mend or "write it like agent_status == 'online'"
            self.findings.error(path, f"the condition is wrong: {what}", mend)
        else:
            self.names(expression_names(text), path)

    def _braces(self, rest: str, path: Path) -> None:
        if _STRAY.search(rest):
            self.findings.warn(path, "stray braces", "pair every {{ with a }}")
        elif single := _SINGLE.search(rest):
            mend = f"for a variable write {{{{ {single[1]} }}}}"
            self.findings.warn(path, f"stray braces around {single[1]}", mend)

    def names(self, used: set[str], path: Path) -> None:
        """Report names that nothing sets, and keys that our own names do not have."""
        for name in sorted(used):
            first, _, below = name.partition(".")
            second = below.partition(".")[0]
            if first in BELOW and second and second not in BELOW[first]:
                what = f'{first} has no "{second}"'
                self.findings.warn(path, what, nearest(second, sorted(BELOW[first])))
            elif first not in RESERVED and self._variables is not None and first not in self._variables:
                self.unknown(first, sorted({*self._variables, *RESERVED}), path)

    def unknown(self, name: str, known: list[str], path: Path) -> None:
        """Report a name that nothing sets."""
        self.findings.warn(path, f'no flow sets "{name}"; it renders empty', nearest(name, known))
