"""The shape of the code: who may import whom, how long a thing may be, what is never written.

Every exception is listed here with its reason; an exception that is no longer needed fails too.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
PACKAGE = "openhandover"

MODULE_LINES = 400
FUNCTION_LINES = 40
PARAMETERS = 6

LONG_MODULES: dict[str, str] = {}
"""Path -> why this module is one thing although it is longer than MODULE_LINES."""

LONG_FUNCTIONS: dict[str, str] = {}
"""`path::Class.function` -> why it reads better in one piece."""

MANY_PARAMETERS: dict[str, str] = {}
"""`path::Class.function` -> why its parameters belong to no common thing."""

BROAD_EXCEPTS: dict[str, str] = {
    "src/openhandover/desk/office.py::Office._follow": "one bad conversation must not blind the desk; it is logged with its id",
    "src/openhandover/widget/desk.py::DeskWatch._keep_true": "a fault of one provider counts as not known; its visitors' talks go on",
    "src/openhandover/store/sqlite/writer.py::Writer._transaction": "a failed batch is repeated one by one, and then answered to each caller",
    "src/openhandover/store/sqlite/writer.py::Writer._together": "a unit's own refusal goes to its caller alone",
    "src/openhandover/store/sqlite/writer.py::Writer._one_by_one": "a unit's own refusal goes to its caller alone",
    "src/openhandover/engine/delivery.py::Delivery._run": "a fault of ours in one lane is logged; its entry stays due and is tried again",
    "src/openhandover/engine/timers.py::Timers._wake": "a fault of ours in one conversation must not stop all clocks",
    "src/openhandover/engine/listeners.py::Listeners._listen": "a fault of ours: the event stays due and is tried again",
    "src/openhandover/engine/sessions.py::Sessions._follow": "a fault of ours: the event stays due and is tried again",
    "src/openhandover/engine/completing.py::Completing._completed": "a fault of ours must not cost the event",
    "src/openhandover/web/dispatch.py::_answer": "the border of the program: every error becomes an answer",
    "src/openhandover/web/app.py::App._talk": "the border of the program: logged once, and the socket is closed with 1011",
}
"""`path::Class.function` -> why everything is caught here and what becomes of it."""

PURE_LIBRARIES = {"msgspec"}
"""What `core` may import beside the standard library and itself."""

IMPURE_MODULES = {
    *(
        "asyncio",
        "threading",
        "multiprocessing",
        "concurrent",
        "subprocess",
        "socket",
        "ssl",
        "http",
        "urllib.request",
    ),
    *("logging", "sqlite3", "os", "io", "pathlib", "tempfile", "time", "random", "secrets", "uuid"),
}
"""What `core` may not import although Python brings it: it waits, writes, reads a clock or rolls dice."""

ADAPTERS = {"core", "net", "texts", "translation", "providers.base"}
MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "store": {"core"},
    "net": {"core"},
    "texts": {"core"},
    "translation": {"core", "net", "texts"},
    # The engine puts the installation together: it builds providers, channels and bots from the configuration and
    # runs flows. It knows a provider by the registry and the protocol only, never by its folder.
    "engine": {
        *(
            "core",
            "store",
            "net",
            "texts",
            "translation",
            "config",
            "flow",
            "tools.play",
            "bots",
            "channels",
            "gateways",
        ),
        *("providers.base", "providers.provider_of", "providers.rendered", "providers.route_of"),
    },
    "cm": ADAPTERS,
    "providers": ADAPTERS | {"cm", "gateways.base", "gateways.targets"},
    "channels": ADAPTERS | {"channels.base", "cm"},
    "bots": ADAPTERS | {"bots.base"},
    "gateways": ADAPTERS | {"gateways.base"},
    # An emulator is an independent reading of the vendor's documentation, or it shares the provider's mistakes.
    "emulators": set(),
    "client": {"core.errors", "net.signatures", "net.statuses"},
    "migrate": {"core.errors", "cm.settings", "config.nodes", "config.reader", "texts"},
    "stories": {"core", "store", "texts"},
    "analytics": {"core", "config", "store", "texts", "web", "engine"},
}
"""Package -> what of ours it may import beside itself. A package that is not listed may import everything."""

ENGINE_USERS = {"web", "desk", "flow", "tools", "widget", "phone", "analytics", "cli"}
"""They know the engine by what `openhandover.engine` itself exports, not by its inner modules."""

ONE_FOLDER_EACH = {"providers", "channels", "bots", "gateways"}
"""In these packages the folders do not import each other."""

EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "stuff"}
"""Names that say nothing about what belongs inside."""


@dataclass(frozen=True)
class Module:
    """One parsed source file."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        """Dotted name, as imported."""
        parts = self.path.relative_to(SOURCE).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def place(self) -> str:
        """Path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full dotted name of everything imported, relative imports resolved."""
        package = self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                start = ".".join([*base, *([node.module] if node.module else [])])
                yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the product."""
    return tuple(Module(path, ast.parse(path.read_text("utf-8"))) for path in sorted(SOURCE.rglob("*.py")))


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: Module) -> Iterator[tuple[str, Function]]:
    """Every function with its key `path::Class.function`."""

    def within(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function | ast.ClassDef):
                name = f"{prefix}{child.name}"
                if isinstance(child, Function):
                    yield f"{module.place}::{name}", child
                yield from within(child, f"{name}.")
            else:
                yield from within(child, prefix)

    return within(module.tree, "")


def enclosing(module: Module, line: int) -> str:
    """The key of the innermost function around a line."""
    around = [key for key, node in functions(module) if node.lineno <= line <= (node.end_lineno or line)]
    return around[-1] if around else module.place


def is_inside(target: str, allowed: str) -> bool:
    """Whether a dotted name is an allowed one or lies inside it."""
    return target == allowed or target.startswith(f"{allowed}.")


def compare(found: dict[str, str], allowed: dict[str, str]) -> None:
    """Fail on findings that are not allowed, and on allowances that nothing needs any more."""
    new = [f"{key}: {what}" for key, what in found.items() if key not in allowed]
    stale = [f"{key}: listed as an exception, but it is none any more" for key in allowed if key not in found]
    assert not new + stale, "\n" + "\n".join(new + stale)


def test_there_is_something_to_look_at() -> None:
    """The walk finds the product's modules, so that an empty walk cannot pass the rest."""
    assert any(module.name == "openhandover.core.errors" for module in modules())


def test_packages_import_only_what_they_may() -> None:
    """The arrows between packages point inwards: adapters know the core, the core knows nobody."""
    wrong: list[str] = []
    for module in modules():
        parts = module.name.split(".")
        allowed = MAY_IMPORT.get(parts[1]) if len(parts) > 1 else None
        if allowed is None:
            continue
        own = ".".join(parts[1:3]) if parts[1] in ONE_FOLDER_EACH and len(parts) > 3 else parts[1]
        if parts[1] in ONE_FOLDER_EACH and module.path.name == "__init__.py" and len(parts) == 3:
            own = ".".join(parts[1:3])
        for line, name in module.imports():
            target = name.removeprefix(PACKAGE).removeprefix(".")
            if name.split(".")[0] != PACKAGE or "." not in target:
                continue
            if not any(is_inside(target, place) for place in allowed | {own}):
                wrong.append(f"{module.place}:{line} imports {name}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_core_is_pure() -> None:
    """The core imports the standard library's pure parts and msgspec: no I/O, no clock, no dice, no logging."""
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module in modules()
        if is_inside(module.name, f"{PACKAGE}.core")
        for line, name in module.imports()
        if any(is_inside(name, impure) for impure in IMPURE_MODULES)
        or (name.split(".")[0] not in sys.stdlib_module_names | PURE_LIBRARIES | {PACKAGE})
    ]
    wrong += [
        f"{module.place}:{node.lineno} awaits"
        for module in modules()
        if is_inside(module.name, f"{PACKAGE}.core")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_engine_is_known_by_its_public_class() -> None:
    """Pages, flows and commands use what `openhandover.engine` exports, never its inner modules."""
    inner = {module.name for module in modules() if module.name.startswith(f"{PACKAGE}.engine.")}
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module in modules()
        if any(is_inside(module.name, f"{PACKAGE}.{user}") for user in ENGINE_USERS)
        for line, name in module.imports()
        if any(is_inside(name, place) for place in inner)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_nothing_imports_tests() -> None:
    """The product runs without its tests."""
    wrong = [
        f"{module.place}:{line} imports {name}"
        for module in modules()
        for line, name in module.imports()
        if name.split(".")[0] in {"tests", "pytest", "bench", "scripts"}
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def test_modules_are_short() -> None:
    """A module is one thing and fits in a reader's head; longer ones give their reason."""
    lengths = {module.place: len(module.path.read_text("utf-8").splitlines()) for module in modules()}
    found = {place: f"{lines} lines" for place, lines in lengths.items() if lines > MODULE_LINES}
    compare(found, LONG_MODULES)


def test_functions_are_short() -> None:
    """A function without its docstring has at most 40 lines; longer ones give their reason."""
    found: dict[str, str] = {}
    for module in modules():
        for key, node in functions(module):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > FUNCTION_LINES:
                found[key] = f"{lines} lines"
    compare(found, LONG_FUNCTIONS)


def test_functions_take_few_parameters() -> None:
    """A function takes at most six parameters; what belongs together travels together."""
    found: dict[str, str] = {}
    for module in modules():
        for key, node in functions(module):
            names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            count = len([name for name in names if name not in {"self", "cls"}])
            if count > PARAMETERS:
                found[key] = f"{count} parameters"
    compare(found, MANY_PARAMETERS)


def test_names_say_what_is_inside() -> None:
    """No module is named after nothing."""
    wrong = [
        m.place
        for m in modules()
        if EMPTY_NAMES & set(m.name.removeprefix(PACKAGE).replace("_", ".").split("."))
    ]
    assert not wrong


def test_broad_excepts_have_a_reason() -> None:
    """Catching everything either raises again or is listed with what becomes of the error."""
    found: dict[str, str] = {}
    for module in modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = (
                {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
                if node.type
                else {"all"}
            )
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            if caught & {"all", "Exception", "BaseException"} and not raises:
                found[enclosing(module, node.lineno)] = f"line {node.lineno} catches everything"
    compare(found, BROAD_EXCEPTS)


FORBIDDEN_CALLS = {
    "time.sleep": "blocks the event loop; wait for the event itself",
    "datetime.utcnow": "is naive; use an aware clock",
    "datetime.utcfromtimestamp": "is naive; pass a time zone",
    "os.system": "goes through a shell",
}
NEED_ARGUMENTS = {
    "datetime.now": "is naive without a time zone",
    "datetime.fromtimestamp": "is naive without a time zone",
}


@pytest.mark.parametrize("package", ["cli", "everything else"])
def test_calls_that_are_never_right(package: str) -> None:
    """No blocking sleep, no naive time, and only the command line prints."""
    wrong = [
        f"{module.place}:{node.lineno} {ast.unparse(node.func)} {reason}"
        for module in modules()
        if (package == "cli") == is_inside(module.name, f"{PACKAGE}.cli")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and (reason := _forbidden(node, prints=package == "cli"))
    ]
    assert not wrong, "\n" + "\n".join(wrong)


def _forbidden(call: ast.Call, *, prints: bool) -> str | None:
    name = ast.unparse(call.func)
    if name == "print" and not prints:
        return "belongs to the command line"
    for suffix, reason in FORBIDDEN_CALLS.items():
        if is_suffix(name, suffix):
            return reason
    for suffix, reason in NEED_ARGUMENTS.items():
        needed = 2 if suffix.endswith("fromtimestamp") else 1
        if is_suffix(name, suffix) and len(call.args) + len(call.keywords) < needed:
            return reason
    return None


def is_suffix(name: str, suffix: str) -> bool:
    """Whether a dotted call is the forbidden one, however its module was imported."""
    return name == suffix or name.endswith(f".{suffix}")
