"""Templates of a HALO tool as templates of ours: the same braces and mostly the same names."""

import re
from collections.abc import Iterable

from openhandover.texts.scope import RESERVED
from openhandover.texts.templates import syntax_error

from .report import Report
from .spots import Spot

_TEMPLATE = re.compile(r"(\{\{.*?\}\})", re.DOTALL)
_CONTEXT = re.compile(r"\{\{\s*_context\.([A-Za-z0-9_-]+)\s*\}\}")
_NAME = re.compile(r"\{\{\s*([A-Za-z0-9_-]+)\s*\}\}")
_TAG = re.compile(r"\{[%#]")
_WORD = re.compile("and|or|not|in|is|if|else|for|true|false|none|True|False|None|loop|self")
"""What is no name in a template."""


class Templates:
    """Rewrites texts, and knows what each parameter is called here."""

    def __init__(self, report: Report, declared: Iterable[str]) -> None:
        self._report = report
        self._names: dict[str, str] = {}
        for name in declared:
            self.renamed(name)
        self._declared = frozenset(self._names)

    @property
    def names(self) -> dict[str, str]:
        """Every parameter that is declared or used -> its name here, in that order."""
        return self._names

    def renamed(self, name: str) -> str:
        """The name of a parameter here: one that a template can say, and that means nothing else."""
        if name not in self._names:
            ours = re.sub(r"[^A-Za-z0-9_]", "_", name)
            ours = f"_{ours}" if ours[:1].isdigit() or not ours else ours
            while ours in self._names.values() or ours in RESERVED or _WORD.fullmatch(ours):
                ours += "_"
            self._names[name] = ours
        return self._names[name]

    def carried(self, text: str, spot: Spot) -> str:
        """The text for our configuration. What is no template at all is a reason to refuse."""
        pieces = _TEMPLATE.split(text)
        if any("{{" in piece or "}}" in piece for piece in pieces[::2]):
            # `{{email_address}}}}` is in CM's own guide.
            self._report.by_hand("stray braces beside a template were removed; check the text", spot)
        pieces[::2] = [self._words(piece) for piece in pieces[::2]]
        pieces[1::2] = [self._template(piece, spot) for piece in pieces[1::2]]
        return "".join(pieces)

    def _words(self, text: str) -> str:
        """What stands between templates: `{%` and `{#` are letters in HALO."""
        return _TAG.sub(lambda tag: f'{{{{ "{tag[0]}" }}}}', text.replace("{{", "").replace("}}", ""))

    def _template(self, template: str, spot: Spot) -> str:
        context = _CONTEXT.fullmatch(template)
        if context:
            name = context[1]
            return template if name.isidentifier() else f'{{{{ _context["{name}"] }}}}'
        bare = _NAME.fullmatch(template)
        if not bare:
            wrong = syntax_error(template)
            if wrong:
                self._report.refuse(f"{template} is no template that can be carried over: {wrong}", spot)
            else:
                self._report.by_hand(f"{template} is no plain name; it is kept as it is", spot)
            return template
        if bare[1] in RESERVED and bare[1] not in self._declared:
            if bare[1] != "chatId":
                what = "the user's name as the channel knows it" if bare[1] == "user" else "a name of ours"
                self._report.by_hand(f"{template} means {what} here; is that what is meant?", spot)
            return template
        name = self.renamed(bare[1])
        return template if name == bare[1] else "{{" + name + "}}"
