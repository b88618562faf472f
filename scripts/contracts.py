"""Hold what providers and emulators said to each other against the vendors' own contract files.

    scripts/check-contracts DIR [--traffic DIR] [--only VENDOR ...]

DIR has the files; `tests/providers/<type>/contract.toml` names the vendor's. The traffic is recorded while the tests of
the providers run, or was recorded before with OPENHANDOVER_TRAFFIC=DIR. A call that the emulator took, or that was lost
or troubled on purpose, must fit its operation; one that it refused was meant to be wrong, so only the answer is held
against the file. Exits 1 when anything does not fit, when a vendor with a file had no traffic, and when an endpoint is
neither in the file nor listed in `contract.toml` with the reason:

    file = "vendor.openapi.json"          # its name in DIR; absent: the vendor has none
    strip = "/api"                        # start of the emulator's paths that the file leaves out
    [[also]]                              # further files of the vendor: file and strip again
    [callbacks]                           # kind -> schema in the first file
    message = "#/components/schemas/Message"
    [not_in_contract]                     # endpoint, or kind of callback, that the file does not have -> why
    download = "files are served outside the API"
    [differs]                             # "endpoint place", * for anything: where the file is wrong or silent -> how it is known
    "conversation.* answer.meta.*" = "the vendor's server answers more than its file says; read in its sources"
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from scripts.openapi_file import SENT, Finding, OpenApi

ROOT = Path(__file__).resolve().parent.parent
PROVIDERS = ROOT / "tests" / "providers"
TRAFFIC = "OPENHANDOVER_TRAFFIC"
NOWHERE = "unknown"
"""The endpoint of a call that the emulator does not serve; it answered 404."""
Json = dict[str, Any]


@dataclass
class Vendor:
    """What one vendor's `contract.toml` says, and what its traffic was found to be."""

    name: str
    files: list[OpenApi]
    callbacks: dict[str, str]
    excused: dict[str, str]
    """Endpoint or kind of callback that the file does not have -> why."""
    differs: dict[str, str]
    """`endpoint place`, with * for anything: where the file is wrong or silent -> how it is known all the same."""
    checked: Counter[str] = field(default_factory=Counter[str])
    beside: Counter[str] = field(default_factory=Counter[str])
    wrong: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    def read(cls, folder: Path, contracts: Path) -> "Vendor":
        """From its `contract.toml`."""
        said = tomllib.loads((folder / "contract.toml").read_text("utf-8"))
        named = [said, *said.get("also", [])] if "file" in said else []
        files = [OpenApi.read(contracts / one["file"], one.get("strip", "")) for one in named]
        callbacks, excused, differs = (
            dict(said.get(name, {})) for name in ("callbacks", "not_in_contract", "differs")
        )
        return cls(folder.name, files, callbacks, excused, differs)

    def check(self, records: Iterator[Json]) -> None:
        """Hold every record against the files."""
        for record in records:
            found = self._call(record) if record["way"] == "request" else self._told(record)
            what = record.get("endpoint") or record["kind"]
            for place, text in found:
                key = next((one for one in self.differs if fnmatchcase(f"{what} {place}", one)), None)
                if key is None:
                    self.wrong[f"{what} {place}: {text}"] += 1
                else:
                    self.beside[key] += 1

    def _call(self, record: Json) -> Iterator[Finding]:
        endpoint, status = record["endpoint"], record["status"]
        if endpoint == NOWHERE:
            return
        if endpoint in self.excused:
            self.beside[endpoint] += 1
            return
        operations = (file.operation(record["method"], record["path"]) for file in self.files)
        operation = next((one for one in operations if one is not None), None)
        if operation is None:
            yield Finding(record["method"], "this call is neither in the file nor listed with a reason")
            return
        self.checked["requests"] += 1
        if status < 400 or status == 429 or status >= 500:
            yield from operation.wrong_request(record["query"], record["headers"], record["body"])
        if status:
            self.checked["answers"] += 1
            yield from operation.wrong_answer(status, record["answer_type"], record["answer"])

    def _told(self, record: Json) -> Iterator[Finding]:
        kind = record["kind"]
        if kind in self.excused:
            self.beside[kind] += 1
        elif kind not in self.callbacks:
            yield Finding("callback", "this kind is neither in the file nor listed with a reason")
        else:
            self.checked["callbacks"] += 1
            value = json.loads(record.get("body") or record["data"])
            yield from self.files[0].wrong(value, self.callbacks[kind], SENT)

    def report(self) -> bool:
        """Print what was found; whether all is well."""
        if self.files and not self.checked:
            self.wrong["there was no traffic that the file speaks of"] += 1
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.checked.items()))
        print(f"{self.name}: {counts or 'no file'}; {sum(self.wrong.values())} violations")
        for what, count in sorted(self.beside.items()):
            print(f"  {count:6} beside the file: {what} ({(self.excused | self.differs)[what]})")
        for what, count in sorted(self.wrong.items()):
            print(f"  {count:6} WRONG {what}")
        return not self.wrong


def recorded(folder: Path, vendor: str) -> Iterator[Json]:
    """The vendor's traffic."""
    file = folder / f"{vendor}.jsonl"
    if file.exists():
        with file.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def record(folder: Path, vendors: list[str]) -> bool:
    """Run the tests of the providers; their emulators leave their traffic in the folder."""
    tests = [str(PROVIDERS / vendor) for vendor in vendors]
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(min(4, os.cpu_count() or 1)), *tests]
    return (
        subprocess.run(command, cwd=ROOT, env={**os.environ, TRAFFIC: str(folder)}, check=False).returncode
        == 0
    )


def main(arguments: list[str] | None = None) -> int:
    """The process exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("contracts", type=Path, metavar="DIR", help="where the vendors' files are")
    parser.add_argument("--traffic", type=Path, help="recorded before; else the tests are run")
    parser.add_argument("--providers", type=Path, default=PROVIDERS, help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="+", metavar="VENDOR")
    asked = parser.parse_args(arguments)
    folders = sorted(file.parent for file in asked.providers.glob("*/contract.toml"))
    vendors = [
        Vendor.read(folder, asked.contracts)
        for folder in folders
        if folder.name in (asked.only or [folder.name])
    ]
    with tempfile.TemporaryDirectory() as temporary:
        traffic = asked.traffic or Path(temporary)
        ran = asked.traffic is not None or record(traffic, [vendor.name for vendor in vendors])
        for vendor in vendors:
            vendor.check(recorded(traffic, vendor.name))
    well = [vendor.report() for vendor in vendors]
    return 0 if ran and well and all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
