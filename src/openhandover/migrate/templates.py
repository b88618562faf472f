"""Templates of a HALO tool as templates of ours: the same braces and mostly the same names."""

import re
from dataclasses import dataclass, field

from .report import Report
from .spots import Spot

_TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_CONTEXT = re.compile(r"\s*_context\.([A-Za-z0-9_-]+)\s*")
_NAME = re.compile(r"\s*([A-Za-z0-9_-]+)\s*")
_OURS = {
    "user": "the user's name as the channel knows it",
    "input": "the user's last message",
    "handover": "the handover",
    "availability": "the last check of availability",
}
"""Bare names that mean something here whatever a tool's parameters are called."""


@dataclass
class Templates:
    """Rewrites texts, and collects the parameters that they use."""

    report: Report
    names: list[str] = field(default_factory=list[str])
    """Parameters that were used, by their name here, in the order of their use."""

    def carried(self, text: str, spot: Spot) -> str:
        """The text for our configuration."""
        text = self._without_stray_braces(text, spot)
        text = _TEMPLATE.sub(lambda found: self._template(found, spot), text)
        # `$$` and `${` mean something in the configuration file
        return text.replace("$", "$$") if "${" in text or "$$" in text else text

    def renamed(self, name: str) -> str:
        """The name of a parameter here: `-` would be a minus in a template."""
        name = name.replace("-", "_")
        return f"_{name}" if name[:1].isdigit() else name

    def _without_stray_braces(self, text: str, spot: Spot) -> str:
        # `{{email_address}}}}` is in CM's own guide.
        pieces = re.split(r"(\{\{.*?\}\})", text, flags=re.DOTALL)
        rest = "".join(pieces[::2])
        if "{{" not in rest and "}}" not in rest:
            return text
        self.report.by_hand("stray braces beside a template were removed; check the text", spot)
        return "".join(
            piece if at % 2 else piece.replace("{{", "").replace("}}", "") for at, piece in enumerate(pieces)
        )

    def _template(self, found: re.Match[str], spot: Spot) -> str:
        context = _CONTEXT.fullmatch(found[1])
        if context:
            name = context[1]
            return f'{{{{ _context["{name}"] }}}}' if "-" in name or name[0].isdigit() else found[0]
        bare = _NAME.fullmatch(found[1])
        if not bare:
            self.report.by_hand(f"{found[0]} is no plain name; it is kept as it is", spot)
            return found[0]
        name = self.renamed(bare[1])
        if name in _OURS:
            self.report.by_hand(
                f"{found[0]} means {_OURS[name]} here; rename the parameter if that is not meant", spot
            )
            return found[0]
        if name not in self.names:
            self.names.append(name)
        if name == bare[1]:
            return found[0]
        self.report.by_hand(
            f"the parameter {bare[1]} is called {name} here, because - is a minus in a template", spot
        )
        return "{{" + name + "}}"
