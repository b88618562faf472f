"""The comparison of built pages with committed ones finds every kind of difference."""

from pathlib import Path

from scripts import pages


def folder(path: Path, **files: str) -> Path:
    """A folder with these files; `_` in a name stands for a dot."""
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / name.replace("_", ".")).write_text(text)
    return path


def test_equal_folders_have_no_difference(tmp_path: Path) -> None:
    """The same names with the same bytes are in order."""
    built = folder(tmp_path / "built", desk_js="1", desk_css="2")
    assert pages.differences(built, folder(tmp_path / "desk" / "static", desk_js="1", desk_css="2")) == []


def test_each_difference_is_named(tmp_path: Path) -> None:
    """A changed, a missing and a superfluous file are each reported."""
    built = folder(tmp_path / "built", desk_js="1", desk_css="2")
    committed = folder(tmp_path / "desk" / "static", desk_js="other", old_js="3")
    wrong = "\n".join(pages.differences(built, committed))
    assert "desk/static/desk.js: not what the sources build" in wrong
    assert "desk/static/desk.css: missing" in wrong
    assert "desk/static/old.js: not built from the sources" in wrong


def test_a_page_over_its_budget_is_named(tmp_path: Path) -> None:
    """Scripts and styles are counted after gzip, against the page's budget."""
    noise = "".join(chr(33 + (at * at * 31 + at * 7) % 90) + str(at) for at in range(20_000))
    assert pages.too_large(folder(tmp_path / "widget", widget_js=noise)) != []
    assert pages.too_large(folder(tmp_path / "small" / "widget", widget_js="1")) == []
