"""Add up JUnit reports and close with `N passed, N failed`; exit 1 on a failure or when no test ran.

Usage: totals.py REPORT.xml ...
"""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def main(paths: list[str]) -> int:
    """The process exit code."""
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for path in paths:
        if not Path(path).exists():
            print(f"no report at {path}: the test run broke off")
            counts["errors"] += 1
            counts["tests"] += 1
            continue
        for suite in ET.parse(path).getroot().iter("testsuite"):
            for key in counts:
                counts[key] += int(suite.get(key, 0))
    failed = counts["failures"] + counts["errors"]
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"{counts['tests'] - failed - counts['skipped']} passed, {failed} failed{skipped}")
    return int(failed > 0 or counts["tests"] == 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
