"""The how-to shows what the command does."""

from pathlib import Path

from click.testing import CliRunner

from openhandover.cli import main
from tests.docs_pages import blocks

PAGE = "docs/howto/migrate-from-halo.md"


def test_the_page_shows_what_comes_out(tmp_path: Path) -> None:
    """Its tool, migrated, is its configuration."""
    (legacy,) = [block.text for block in blocks("json") if block.where.startswith(PAGE)]
    (expected,) = [block.text for block in blocks("yaml") if block.where.startswith(PAGE)]
    path = tmp_path / "legacy.json"
    path.write_text(legacy, "utf-8")
    done = CliRunner().invoke(main, ["migrate", "halo", str(path)])
    assert done.exit_code == 0, done.stderr
    assert done.stdout == expected
