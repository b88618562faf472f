"""A provider that another package brings: found by its entry point, and held to what every provider promises."""

import sys
import tomllib
from collections.abc import Generator
from importlib import import_module
from pathlib import Path

import pytest

from openhandover import providers
from tests.contract.provider_suite import ProviderSuite
from tests.docs_pages import ROOT

PACKAGE = ROOT / "examples" / "acme-provider"
sys.path.append(str(PACKAGE))
AcmeEmulator = import_module("acme_emulator").AcmeEmulator
sys.path.remove(str(PACKAGE))


@pytest.fixture(autouse=True, scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """The package as an installer leaves it: its modules on the path, its metadata beside them."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text("utf-8"))["project"]
    folder = tmp_path_factory.mktemp("installed")
    info = folder / f"openhandover_acme-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n", "utf-8")
    points = project["entry-points"][providers.GROUP]
    lines = "".join(f"{name} = {value}\n" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[{providers.GROUP}]\n{lines}", "utf-8")
    paths = [str(folder), str(PACKAGE / "src")]
    sys.path[:0] = paths
    yield
    for path in paths:
        sys.path.remove(path)


def test_the_type_is_known() -> None:
    """It is listed with the shipped ones, and imported only when somebody asks for it."""
    assert "acme" in providers.names()
    assert providers.provider_of("acme").__module__ == "openhandover_acme"
    assert Path(sys.modules["openhandover_acme"].__file__ or "").is_relative_to(PACKAGE)


class TestAcme(ProviderSuite):
    """The whole suite, against the package's own emulator."""

    type = "acme"
    emulator = AcmeEmulator
    open_endpoint, send_endpoint, close_endpoint = "chat", "message", "close"
    tells_address = False
