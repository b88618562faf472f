"""Calls while the database takes nothing: refused as something that passes, with a remedy in the log."""

import sqlite3
from pathlib import Path

from structlog.testing import capture_logs

from tests.serving import Server

FULL = "CREATE TRIGGER full BEFORE INSERT ON log BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"


def changed(folder: Path, statement: str) -> None:
    """Change the database from outside."""
    connection = sqlite3.connect(folder / "openhandover.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


async def test_a_database_that_takes_nothing(server: Server, tmp_path: Path) -> None:
    """What cannot be saved is refused with 503, is not there, and is taken once the database works again."""
    path = f"/v1/conversations/{(await server.conversation())['id']}/messages"
    message = {"id": "m1", "author": "user", "text": "our secret"}
    changed(tmp_path, FULL)
    with capture_logs() as logs:
        refused = await server.call("POST", path, message)
    assert (refused.status, refused.code) == (503, "unavailable")
    (line,) = [one for one in logs if one["event"] == "store_failed"]
    assert "disk space" in line["remedy"]
    assert "our secret" not in str(logs)
    assert (await server.call("GET", path)).body["items"] == []
    changed(tmp_path, "DROP TRIGGER full")
    assert (await server.call("POST", path, message)).status == 201
