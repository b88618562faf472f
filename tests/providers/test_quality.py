"""Every provider's checklist is answered, and no answer is contradicted by the code, its tests or its page."""

import shutil
from pathlib import Path

import pytest

from openhandover.providers import SHIPPED
from scripts.quality import FOLDERS, TESTS, checklist, main, problems


@pytest.mark.parametrize("type_", SHIPPED)
def test_the_checklist_is_true(type_: str) -> None:
    """Each shipped provider has the four files, and its answers hold."""
    assert not problems(type_)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folder of `http`, to be spoiled."""
    shutil.copytree(FOLDERS / "http", tmp_path / "http")
    return tmp_path


def spoil(folders: Path, name: str, old: str, new: str) -> list[str]:
    """What is found after one change in a file of `http`."""
    path = folders / "http" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return problems("http", folders, TESTS)


def test_a_missing_answer_is_found(copy: Path) -> None:
    """A point that is not answered is named with what it may be."""
    found = spoil(copy, "quality.toml", 'presence = "done"\n', "")
    assert found == ['quality.toml: gold.presence must be "done", "todo: what" or "exempt: why"']


def test_an_exemption_needs_a_reason(copy: Path) -> None:
    """ "exempt" alone is not an answer."""
    found = spoil(copy, "quality.toml", 'presence = "done"', 'presence = "exempt"')
    assert found == ["quality.toml: gold.presence says exempt without saying what or why"]


def test_an_unknown_point_is_found(copy: Path) -> None:
    """A point that nobody asks for may be a spelling mistake."""
    found = spoil(copy, "quality.toml", "presence", "presense")
    assert "quality.toml: there is no point gold.presense" in found


def test_a_claim_without_proof_is_found(copy: Path) -> None:
    """Fixtures that are not there cannot be done."""
    line = next(line for line in (copy / "http/quality.toml").read_text().splitlines() if "fixtures" in line)
    found = spoil(copy, "quality.toml", line, 'fixtures = "done"')
    assert found == [
        "quality.toml: fixtures is not done: there are no fixtures in tests/providers/http/fixtures"
    ]


def test_a_page_without_a_heading_is_found(copy: Path) -> None:
    """Every page has the same headings, so that a reader finds the same thing at the same place."""
    assert spoil(copy, "doc.md", "## Troubleshooting", "## Trouble") == [
        "doc.md: the heading 'Troubleshooting' is missing"
    ]


def test_what_was_never_seen_live_must_be_said(copy: Path) -> None:
    """A provider that nobody has tried at the vendor says so to its readers."""
    line = next(line for line in (copy / "http/quality.toml").read_text().splitlines() if "live" in line)
    found = spoil(copy, "quality.toml", line, 'live = "todo: never tried"')
    assert found == ["doc.md does not say that it was never run against the live vendor"]


def test_levels_build_on_each_other(copy: Path) -> None:
    """A point of bronze that is still open leaves no level, however much else is done."""
    assert checklist("http", copy).level == "gold"
    spoil(copy, "quality.toml", 'doc = "done"', 'doc = "todo: write it"')
    assert checklist("http", copy).level == "none"


def test_what_is_open_is_said_of_a_type_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Its author reads which points are left; a name that is not there is refused with those that are."""
    assert main(["chatwoot"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split()[0] == "chatwoot"
    assert "  live: todo: never run against the live vendor" in said[1:]
    assert main(["chatwot"]) == 2
    assert "there is no provider chatwot; there are: chatwoot, " in capsys.readouterr().err


def test_no_level_is_reached_by_being_excused(copy: Path) -> None:
    """Who is excused from every point of platinum has not reached it."""
    file = copy / "http" / "quality.toml"
    file.write_text(file.read_text("utf-8").replace('"todo: by somebody', '"exempt: by somebody'), "utf-8")
    text = file.read_text("utf-8").replace('load_tested = "done"', 'load_tested = "exempt: why not"')
    file.write_text(text, "utf-8")
    assert not list(checklist("http", copy).open_points())
    assert checklist("http", copy).level == "gold"
