"""SQL lives in files; this reads it by name."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from openhandover.store.sqlite import codec

_HERE = Path(__file__).parent
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_PER_ROW = re.compile(r"(\([?, ]+\)) /\* per row \*/")


def read(path: Path, columns: Mapping[str, str] | None = None) -> dict[str, str]:
    """The statements of a file, by name; `{name}` becomes the column list of that name."""
    pieces = _NAME.split(path.read_text(encoding="utf-8"))
    statements = {name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}
    for name, listed in (columns or {}).items():
        statements = {key: body.replace(f"{{{name}}}", listed) for key, body in statements.items()}
    return statements


SQL = read(
    _HERE / "queries.sql",
    {"log": codec.LOG_COLUMNS, "entry": codec.ENTRY_COLUMNS, "handover": codec.HANDOVER_COLUMNS},
)
_FILTERED = {
    **{name: name for name in ("reason", "why", "provider", "channel", "language", "medium")},
    "agent_name": "coalesce(agent_name, agent_id)",
    "status": "CASE :status WHEN 'open' THEN CASE WHEN ended_at IS NULL THEN 'open' END ELSE status END",
}
"""What reports of handovers are filtered by, and the column that holds it; status `open` is any open one. Beside these
`providers`, names as a JSON list."""
_OF_PROVIDERS = "AND (:providers IS NULL OR provider IN (SELECT value FROM json_each(:providers)))"
_FILTER = " ".join(
    (*(f"AND (:{name} IS NULL OR {column} = :{name})" for name, column in _FILTERED.items()), _OF_PROVIDERS)
)

REPORTS = {**read(_HERE / "reports.sql"), **read(_HERE / "analytics.sql", {"filter": _FILTER})}
MARK = {receiver: SQL["mark"].replace("{receiver}", receiver) for receiver in ("user", "agent", "bot")}


@cache
def for_rows(name: str, rows: int) -> str:
    """The statement with its row repeated `rows` times."""
    return _PER_ROW.sub(lambda found: ", ".join([found[1]] * rows), SQL[name])
