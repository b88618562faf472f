"""A machine without uv gets the locked one, from wherever its packages come, and never another one."""

import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import bootstrap
from scripts.bootstrap import Locked, UnobtainableError

CONTENT = b"#!/bin/sh\necho uv\n"


def wheel() -> bytes:
    """A wheel as the package index has it, with a small program inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # The same bytes at every call: by default an archive has the time of now in it.
        archive.writestr(zipfile.ZipInfo("uv-1.data/scripts/uv"), CONTENT)
    return buffer.getvalue()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Locked]:
    """A package index on this machine that has a wheel under the locked name; the lock's hash is not that wheel's."""
    locked = Locked()
    name = locked.file_for_this_machine()
    folder = tmp_path / "simple" / "uv"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(
        f'<a href="other.whl">other</a><a href="files/{name}#sha256=0">{name}</a>'
    )
    (folder / "files").mkdir()
    (folder / "files" / name).write_bytes(wheel())

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(tmp_path))  # type: ignore[arg-type]

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        yield locked
        server.shutdown()


def test_the_configured_index_is_asked(index: Locked, tmp_path: Path) -> None:
    """The wheel for this machine is found on the index that PIP_INDEX_URL names."""
    found = bootstrap.by_download(index, tmp_path)
    assert found.name == index.file_for_this_machine()
    assert found.read_bytes() == wheel()


def test_a_wheel_with_other_content_is_refused(index: Locked, tmp_path: Path) -> None:
    """Whatever an index serves, only the file that uv.lock names is used."""
    found = bootstrap.by_download(index, tmp_path)
    with pytest.raises(UnobtainableError, match=r"not the file that uv\.lock names"):
        index.check(found)


def test_the_locked_wheel_is_accepted_and_runs(index: Locked, tmp_path: Path) -> None:
    """A wheel with the locked hash is unpacked to a program."""
    found = bootstrap.by_download(index, tmp_path)
    index.hashes[found.name] = "sha256:" + hashlib.sha256(wheel()).hexdigest()
    index.check(found)
    target = tmp_path / "tools" / "uv"
    bootstrap._unpack(found, target)
    assert target.read_bytes() == CONTENT
    assert target.stat().st_mode & 0o111


@pytest.mark.parametrize(
    ("system", "machine", "libc", "tag"),
    [
        ("linux", "x86_64", "glibc", "manylinux2014_x86_64"),
        ("linux", "aarch64", "glibc", "aarch64"),
        ("linux", "x86_64", "", "musllinux_1_1_x86_64"),
        ("darwin", "arm64", "", "macosx_11_0_arm64"),
        ("darwin", "x86_64", "", "macosx_10_12_x86_64"),
    ],
)
def test_every_supported_machine_has_a_wheel(
    system: str, machine: str, libc: str, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux and macOS, on both processors and both C libraries, find their file."""
    monkeypatch.setattr(bootstrap.sys, "platform", system)
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: machine)
    monkeypatch.setattr(bootstrap.platform, "libc_ver", lambda: (libc, ""))
    assert tag in Locked().file_for_this_machine()


def test_an_unknown_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where uv has no wheel, the message names the machine."""
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: "pdp11")
    with pytest.raises(UnobtainableError, match="pdp11"):
        Locked().file_for_this_machine()
