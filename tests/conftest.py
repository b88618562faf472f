"""What holds for every test: a planted fault, when one is asked for, is in place before anything else is imported."""

import os

import pytest

from tests.faults import plant

if name := os.environ.get("OPENHANDOVER_FAULT"):
    plant(name)

# The suites are no test modules by name; their failures shall say as much.
pytest.register_assert_rewrite(
    *(
        f"tests.contract.provider_{part}"
        for part in ("ending", "signs", "suite", "talking", "trouble", "webhooks")
    )
)
