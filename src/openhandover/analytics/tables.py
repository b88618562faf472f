"""Tables as CSV files that spreadsheets open: quoted by RFC 4180, and no cell that they would take for a formula."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from openhandover.web.endpoint import Headers, Reply, Stream

from .period import Period

CONTENT_TYPE = b"text/csv; charset=utf-8"
CSV: dict[str, Any] = {"x-content": {"text/csv": {"schema": {"type": "string"}}}}
"""How the OpenAPI document tells of such an answer."""


def lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """The rows as CSV."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\r\n").writerows([[_harmless(cell) for cell in row] for row in rows])
    return file.getvalue().encode()


def table(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Reply:
    """A whole file with these columns."""
    body = lines([columns, *([row.get(column) for column in columns] for row in rows)])
    return Reply(200, body, CONTENT_TYPE, _headers(name))


def long_table(
    name: str, columns: Sequence[str], pages: AsyncIterator[Sequence[Mapping[str, Any]]]
) -> Stream:
    """A file that is written while it is read."""

    async def chunks() -> AsyncGenerator[bytes]:
        yield lines([columns])
        async for page in pages:
            yield lines([row.get(column) for column in columns] for row in page)

    return Stream(chunks(), CONTENT_TYPE, _headers(name))


def name_of(what: str, period: Period) -> str:
    """A file name that says what is in it."""
    return f"{what}-{period.begins[:10]}-{period.ends[:10]}.csv"


def _headers(name: str) -> Headers:
    return ((b"content-disposition", f'attachment; filename="{name}"'.encode()),)


def _harmless(cell: Any) -> Any:
    """A spreadsheet must not take a name for a formula; numbers stay numbers."""
    is_formula = isinstance(cell, str) and cell.lstrip()[:1] in ("=", "+", "-", "@")
    return f"'{cell}" if is_formula or str(cell)[:1] in ("\t", "\r", "\n") else cell
