"""The packages form layers: none comes back, by what it imports, to one that needs it."""

from collections.abc import Container, Mapping

from tests.test_architecture import PACKAGE, compare, modules

LEADING_BACK: dict[str, str] = {
    "openhandover.web.app": "puts the server together, of what all packages with calls of their own declare",
    "openhandover.cm.presence": "needs the providers' interface, which lies in the package of those who use `cm`",
    "openhandover.cm.transfer": "needs the providers' interface, which lies in the package of those who use `cm`",
    "openhandover.config.check_flows": "checks what tools are called with by the tools' own rules",
    "openhandover.config.check_tools": "checks tools by the tools' own rules",
    "openhandover.engine.tools": "plays tools, whose package also declares their calls",
}
"""Module -> why it imports a package that, by others, comes back to its own."""


def package_of(name: str) -> str:
    """The package of ours that a dotted name lies in; empty for others'."""
    parts = name.split(".")
    return parts[1] if parts[0] == PACKAGE and len(parts) > 1 else ""


def arrows(*, exempt: Container[str]) -> dict[str, set[str]]:
    """Package -> the others that it imports, without what the exempt modules import."""
    found: dict[str, set[str]] = {}
    for module in modules():
        if module.name not in exempt and (own := package_of(module.name)):
            targets = {package_of(name) for _, name in module.imports()} - {"", own}
            found.setdefault(own, set()).update(targets)
    return found


def reached(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    """Every package that one comes to from this one."""
    found: set[str] = set()
    following = [start]
    while following:
        new = graph.get(following.pop(), set()) - found
        found |= new
        following += new
    return found


def test_packages_do_not_go_in_circles() -> None:
    """No package imports, itself or by others, a package that imports it; a module that must is listed."""
    straight = arrows(exempt=LEADING_BACK)
    found = {
        module.name: f"{module.place}:{line} imports {name}"
        for module in modules()
        for line, name in module.imports()
        if (own := package_of(module.name))
        and (target := package_of(name)) not in ("", own)
        and own in reached(target, straight)
    }
    compare(found, LEADING_BACK)
