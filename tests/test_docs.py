"""The documentation is true: generated pages are current, links lead somewhere, nothing that exists goes unsaid."""

import json
import re
import tomllib

import pytest

from openhandover.config import schema
from openhandover.core.errors import CODES
from openhandover.core.table import EVENT_TYPES, REASONS
from scripts.docs import SCHEMA, filled, names
from scripts.docs_parts import PARTS
from tests.docs_pages import DOCS, ROOT, Page, pages

ALL = {page.place: page for page in pages()}
EVERYTHING = "\n".join(page.text for page in pages())


@pytest.mark.parametrize("page", [page for page in pages() if names(page.text)], ids=lambda page: page.place)
def test_generated_parts_are_current(page: Page) -> None:
    """What a page writes from the program's tables says what they say now."""
    assert page.text == filled(page.text), "run `python -m scripts.docs`"


def test_the_schema_for_editors_is_current() -> None:
    """The JSON Schema beside the reference pages is that of the configuration."""
    assert SCHEMA.read_text("utf-8") == schema.text(), "run `python -m scripts.docs`"


def test_every_part_is_used() -> None:
    """No table is prepared for the documentation and then left out of it."""
    assert set(PARTS) <= {name for page in pages() for name in names(page.text)}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.place)
def test_links_lead_somewhere(page: Page) -> None:
    """Every link inside the repository names a file that is there, and a heading that is on it."""
    wrong: list[str] = []
    for target in page.links():
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.path.parent / path).resolve() if path else page.path
        if not file.exists():
            wrong.append(f"{target}: no such file")
        elif anchor and anchor not in Page(file, file.read_text("utf-8")).anchors():
            wrong.append(f"{target}: no such heading")
    assert not wrong


def test_every_page_can_be_reached() -> None:
    """Every page under docs/ is linked from the index of the documentation or of the decisions."""
    indexes = [DOCS / "README.md", DOCS / "decisions" / "README.md"]
    linked = {
        (index.parent / target.partition("#")[0]).resolve()
        for index in indexes
        for target in ALL[index.relative_to(ROOT).as_posix()].links()
    }
    missing = [
        page.place for page in pages() if page.path.is_relative_to(DOCS) and page.path.resolve() not in linked
    ]
    assert set(missing) <= {"docs/README.md"}


def test_decisions_have_one_number_each() -> None:
    """Decision pages are numbered, each number once, and the heading has the same number."""
    names = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    numbers = [name[:4] for name in names]
    assert len(set(numbers)) == len(numbers)
    for name in names:
        heading = (DOCS / "decisions" / name).read_text("utf-8").splitlines()[0]
        assert heading.startswith(f"# {int(name[:4])}. "), name


def test_every_error_code_is_documented() -> None:
    """Each code that a client can get is on a page."""
    assert not [code for code in CODES if f"`{code}`" not in EVERYTHING]


def test_every_event_type_is_documented() -> None:
    """Each type of event is on the page of events."""
    assert not [name for name in EVENT_TYPES if f"`{name}`" not in ALL["docs/reference/events.md"].text]


def test_every_reason_has_its_meaning() -> None:
    """Each reason has a row that says what it means."""
    listed = {reason for reasons in REASONS.values() for reason in reasons}
    explained = re.findall(r"^\| `(\w+)` \| \w", ALL["docs/reference/reasons.md"].text, re.MULTILINE)
    assert sorted(listed) == sorted(explained)


def test_every_dependency_has_its_reason() -> None:
    """The decision on dependencies lists exactly those that are declared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = project["dependency-groups"].values()
    declared = {
        re.split(r"[^A-Za-z0-9_.-]", line)[0].lower()
        for line in [*project["project"]["dependencies"], *(line for group in groups for line in group)]
    }
    declared |= {
        re.split(r"[^A-Za-z0-9_.-]", line)[0].lower()
        for extra in project["project"].get("optional-dependencies", {}).values()
        for line in extra
    }
    page = json.loads((ROOT / "ui" / "package.json").read_text("utf-8"))
    declared |= set(page.get("dependencies", {})) | set(page.get("devDependencies", {}))
    listed = re.findall(r"^\| `([^`]+)` \|", ALL["docs/decisions/0002-dependencies.md"].text, re.MULTILINE)
    assert sorted(listed) == sorted(declared)
