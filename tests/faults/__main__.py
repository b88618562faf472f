"""Examine every planted fault, several at a time. Usage: python -m tests.faults [NAME ...]"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.faults import faults
from tests.faults.examine import examine

RULES = range(1, 11)


def main(names: list[str]) -> int:
    """The process exit code."""
    chosen = [fault for fault in faults() if not names or fault.name in names]
    unknown = set(names) - {fault.name for fault in chosen}
    if unknown or not chosen:
        print(
            f"no planted fault named {', '.join(sorted(unknown))}" if unknown else "no planted fault at all"
        )
        return 2
    with ThreadPoolExecutor(max_workers=max(1, (os.cpu_count() or 2) // 2)) as pool:
        verdicts = list(zip(chosen, pool.map(examine, chosen), strict=True))
    for fault, wrong in verdicts:
        print(f"{'NOT NOTICED' if wrong else 'noticed':<12}{fault.name}: {fault.says}")
        if wrong:
            print(wrong)
    missing = (
        []
        if names
        else [rule for rule in RULES if not any(f.name.startswith(f"rule_{rule:02}_") for f in chosen)]
    )
    if missing:
        print(f"no fault is planted for rule {', '.join(map(str, missing))}")
    return int(any(wrong for _, wrong in verdicts) or bool(missing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
