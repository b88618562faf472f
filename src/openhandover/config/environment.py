"""`${NAME}` and `${NAME:-default}` inside scalars; `$$` is one `$`, any other `$` stays."""

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\$\$|\$\{(?P<inside>[^}]*)(?P<end>\}?)")
_INSIDE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-(?P<value>[^$]*))?")


class Unreplaced(ValueError):
    """A variable that cannot be replaced: `what` is wrong and the `mend`; holds names, never values."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(f"{what}; {mend}")


def replace(text: str, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text with all variables replaced, and the values that came in. Values are not replaced again."""
    if "$" not in text:
        return text, ()
    values: list[str] = []

    def one(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        values.append(_value(found, environ))
        return values[-1]

    return _PLACE.sub(one, text), tuple(values)


def _value(found: re.Match[str], environ: Mapping[str, str]) -> str:
    inside = _INSIDE.fullmatch(found["inside"])
    if not inside or not found["end"]:
        raise Unreplaced(
            f'"{found[0]}" is not a variable',
            "write ${NAME} or ${NAME:-default}, and $${ for a plain ${",
        )
    value = environ.get(inside["name"], "")
    if inside["default"] is not None:
        return value or inside["value"]
    if inside["name"] not in environ:
        raise Unreplaced(
            f"the environment variable {inside['name']} is not set",
            f"set it, or give a default: ${{{inside['name']}:-...}}",
        )
    return value
