"""Run one named test with and without a planted fault, and judge what came out."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.faults import Fault

ROOT = Path(__file__).parent.parent.parent
TIMEOUT_S = 180
UNNEEDED = ("cacheprovider", "xdist", "faker", "schemathesis")
"""Plugins that only cost time when one test runs alone."""


def examine(fault: Fault) -> str | None:
    """None when the fault's test is green without it and red with it, else what is wrong."""
    clean = _run(fault.breaks, None)
    if clean != "green":
        return f"{fault.breaks} is {clean} without the fault"
    planted = _run(fault.breaks, fault.name)
    if planted != "red":
        return f"{fault.breaks} is {planted} with the fault: it does not notice that {fault.says!r}"
    return None


def _run(test: str, fault: str | None) -> str:
    """`green`, `red` (an assertion failed), or what else happened."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("OPENHANDOVER_FAULT", "COV_"))
    }
    if fault:
        environment["OPENHANDOVER_FAULT"] = fault
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--no-cov",
        ]
        done = subprocess.run(
            [*command, f"--junitxml={report}", test],
            cwd=ROOT,
            env=environment,
            timeout=TIMEOUT_S,
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            return f"not run (exit code {done.returncode}):\n{done.stdout}{done.stderr}"
        return _judge(ET.parse(report).getroot(), done)


def _judge(report: ET.Element, done: subprocess.CompletedProcess[str]) -> str:
    suite = next(report.iter("testsuite"))
    tests, failures, errors, skipped = (
        int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")
    )
    if failures and not errors:
        return "red"
    if errors or skipped or not tests:
        return f"neither red nor green ({tests} tests, {errors} errors, {skipped} skipped):\n{done.stdout}"
    return "green"
