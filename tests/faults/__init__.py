"""Planted faults: proof that the tests of the ten rules can fail.

Each module here named `rule_NN_<what breaks>` plants one fault and names the test that must then turn red:

    BREAKS = "tests/faults/test_machinery.py::test_the_subject_adds_up"

    def plant() -> None:
        \"\"\"Rule 4: the claim no longer sees that an event was there before.\"\"\"
        machine.is_repeated = lambda *_: False

`OPENHANDOVER_FAULT=rule_04_claim pytest ...` plants it (tests/conftest.py); `python -m tests.faults` plants each in
turn and demands that its test is green without it and red with it.
"""

import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its module's name, the sentence that says what it breaks, the test that must notice."""

    name: str
    says: str
    breaks: str


def faults() -> "Iterator[Fault]":
    """Every planted fault, in the order of the rules. Importing a fault module changes nothing yet."""
    for module_info in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        if module_info.name.startswith("rule_"):
            module = importlib.import_module(f"{__name__}.{module_info.name}")
            yield Fault(module_info.name, module.plant.__doc__.strip(), module.BREAKS)


def plant(name: str) -> None:
    """Put one fault in place in this process, for good."""
    importlib.import_module(f"{__name__}.{name}").plant()
