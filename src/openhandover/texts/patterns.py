"""Regular expressions that others wrote, matched against what users write: bounded in time."""

import re
from functools import lru_cache

MAX_INPUT = 200
"""Characters of a text that may match; a longer one never does."""
MAX_PATTERN = 500


class PatternError(ValueError):
    """The expression is wrong or could take endless time; the text says what to change."""


def in_slashes(text: str) -> str | None:
    """The inside of `/.../`, None for anything else."""
    return text[1:-1] if len(text) > 2 and text.startswith("/") and text.endswith("/") else None


@lru_cache(maxsize=1024)
def pattern(source: str) -> re.Pattern[str]:
    """The compiled expression, letters compared without case. Raises PatternError."""
    if len(source) > MAX_PATTERN:
        raise PatternError(f"the expression is over {MAX_PATTERN} characters")
    try:
        compiled = re.compile(source, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"no valid regular expression: {error}") from error
    _refuse_explosive(source)
    return compiled


def matches(source: str, text: str) -> bool:
    """Whether the whole text fits the expression. Raises PatternError."""
    return len(text) <= MAX_INPUT and pattern(source).fullmatch(text) is not None


_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P=|\(\?(?:P?<\w+>|<?[=!]|[a-z-]*:)|[()|]|[*+?]\??|\{\d*,?\d*\}\??|.",
    re.DOTALL,
)
_MANY = 10
"""A repeat bounded by this multiplies little."""


def _refuse_explosive(source: str) -> None:
    """Refuse what can make matching explode: repeats of repeats or of alternatives, equal repeats side by side."""
    risky = [False]  # per open group: does it hold a repeat or alternatives?
    closed = False  # is the atom at hand a risky group?
    atom = repeated = ""  # the atom at hand, and the atom before it if that one repeats
    for piece in (found.group() for found in _PIECE.finditer(source)):
        if piece == "(?P=" or (piece[0] == "\\" and piece[1:] in set("123456789")):
            raise PatternError("back-references are not available")
        if _repeats(piece):
            if closed:
                raise PatternError(
                    "repeating a group that repeats something or has alternatives can take for ever"
                )
            if repeated and (repeated == atom or "." in {repeated, atom}):
                raise PatternError(
                    "two repeats side by side can take for ever; put something fixed between them"
                )
            risky[-1], repeated = True, atom
            continue
        risky[-1] = risky[-1] or piece[0] == "?"
        last, atom = atom, piece
        repeated = last if repeated == last and last else ""
        closed = False
        if piece.startswith("("):
            risky.append(False)
        elif piece == ")" and len(risky) > 1:
            closed = risky.pop()
            risky[-1] = risky[-1] or closed
        elif piece == "|":
            risky[-1] = True


def _repeats(piece: str) -> bool:
    if piece[0] in "*+":
        return True
    bounds = re.fullmatch(r"\{(?:\d*,)?(\d*)\}\??", piece)
    return bool(bounds) and (not bounds.group(1) or int(bounds.group(1)) > _MANY)
