"""Print the path of a uv binary, obtaining it first where the machine has none.

Standard library only (Python 3.11), no root. `uv.lock` says which wheel; its hash is checked wherever the file comes
from: pip, else the pip of a fresh virtual environment, else a plain download. A wheel is a zip file with the binary.
A configured package index (UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL, pip.conf) is used instead of the locked one.
"""

import configparser
import hashlib
import os
import platform
import shutil
import ssl
import subprocess
import sys
import tempfile
import tomllib
import urllib.parse
import urllib.request
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 60


class UnobtainableError(Exception):
    """This way leads to no usable wheel; the text says why."""


class Locked:
    """The uv release that uv.lock names: version, and per wheel file its address and hash."""

    def __init__(self) -> None:
        packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
        package = next(item for item in packages if item["name"] == "uv")
        self.version: str = package["version"]
        self.urls = {wheel["url"].rsplit("/", 1)[1]: wheel["url"] for wheel in package["wheels"]}
        self.hashes = {wheel["url"].rsplit("/", 1)[1]: wheel["hash"] for wheel in package["wheels"]}

    def file_for_this_machine(self) -> str:
        """The wheel's file name for this operating system, C library and processor."""
        architecture = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        if sys.platform == "darwin":
            system = "macosx"
        else:
            system = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
            architecture = "aarch64" if architecture == "arm64" else architecture
        for name in sorted(self.urls):
            tags = name.removesuffix(".whl").rsplit("-", 1)[1].split(".")
            if any(tag.startswith(system) and tag.endswith(f"_{architecture}") for tag in tags):
                return name
        raise UnobtainableError(f"no uv wheel for {system} on {architecture}")

    def check(self, wheel: Path) -> None:
        """Refuse a wheel whose content is not the locked one."""
        digest = "sha256:" + hashlib.sha256(wheel.read_bytes()).hexdigest()
        if self.hashes.get(wheel.name) != digest:
            raise UnobtainableError(f"{wheel.name} is not the file that uv.lock names")


def by_pip(locked: Locked, folder: Path) -> Path:
    """Download with this interpreter's pip."""
    return _pip_download(sys.executable, locked, folder)


def by_virtual_environment(locked: Locked, folder: Path) -> Path:
    """Download with the pip that `ensurepip` puts into a fresh virtual environment."""
    environment = folder / "environment"
    _run([sys.executable, "-m", "venv", str(environment)])
    return _pip_download(str(environment / "bin" / "python"), locked, folder)


def by_download(locked: Locked, folder: Path) -> Path:
    """Download with nothing but the standard library."""
    name = locked.file_for_this_machine()
    index = configured_index()
    url = _address_in(index, name) if index else locked.urls[name]
    target = folder / name
    target.write_bytes(_get(url))
    return target


def configured_index() -> str | None:
    """The package index that the environment or pip's configuration names, if any."""
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(variable):
            return os.environ[variable]
    return _pip_setting("index-url")


def _pip_setting(key: str) -> str | None:
    home = Path.home()
    config_home = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        config_home / "pip" / "pip.conf",
        home / "Library" / "Application Support" / "pip" / "pip.conf",
        Path(os.environ.get("PIP_CONFIG_FILE") or os.devnull),
    ]
    parser = configparser.RawConfigParser()
    parser.read(files, encoding="utf-8")
    return parser.get("global", key, fallback=None)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _address_in(index: str, name: str) -> str:
    page = index.rstrip("/") + "/uv/"
    parser = _Links()
    parser.feed(_get(page).decode("utf-8"))
    for link in parser.links:
        if urllib.parse.unquote(urllib.parse.urlsplit(link).path).rsplit("/", 1)[-1] == name:
            return urllib.parse.urljoin(page, link)
    raise UnobtainableError(f"the configured package index has no {name}")


def _get(url: str) -> bytes:
    """The body behind a URL; a user and password inside the URL are sent as basic authentication."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "http", "file"):
        raise UnobtainableError(f"cannot download from a {parts.scheme or 'relative'} address")
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or _pip_setting("cert"))
    passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
    if parts.username:
        host = parts.netloc.rsplit("@", 1)[1]
        url = urllib.parse.urlunsplit(parts._replace(netloc=host))
        user, password = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or "")
        passwords.add_password(None, url, user, password, is_authenticated=True)
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=context), urllib.request.HTTPBasicAuthHandler(passwords)
    )
    with opener.open(url, timeout=TIMEOUT_S) as answer:
        return answer.read()


def _pip_download(python: str, locked: Locked, folder: Path) -> Path:
    options = [
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--dest",
        str(folder),
    ]
    _run([python, "-m", "pip", "download", *options, f"uv=={locked.version}"])
    return next(folder.glob("uv-*.whl"))


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise UnobtainableError(lines[-1])


def _unpack(wheel: Path, target: Path) -> None:
    """Put the binary in place in one step, so that a broken-off run leaves nothing half-written."""
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            archive.open(member) as source,
            tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part,
        ):
            shutil.copyfileobj(source, part)
    Path(part.name).chmod(0o755)
    Path(part.name).replace(target)


def obtain() -> Path:
    """The unpacked uv binary; every failed way is told when none works."""
    locked = Locked()
    target = ROOT / ".tools" / f"uv-{locked.version}"
    if target.exists():
        return target
    print(f"Obtaining uv {locked.version} from the package index ...", file=sys.stderr)
    ways: tuple[Callable[[Locked, Path], Path], ...] = (by_pip, by_virtual_environment, by_download)
    failures: list[str] = []
    for way in ways:
        with tempfile.TemporaryDirectory() as folder:
            try:
                wheel = way(locked, Path(folder))
                locked.check(wheel)
            except (UnobtainableError, OSError) as error:
                failures.append(f"  {way.__name__.replace('_', ' ')}: {error}")
                continue
            _unpack(wheel, target)
            return target
    tried = "\n".join(failures)
    raise SystemExit(
        f"uv could not be obtained:\n{tried}\nInstall uv yourself, put it on PATH and run this again."
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["index"]:
        print(configured_index() or "")
    else:
        print(obtain())
