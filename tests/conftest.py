"""What holds for every test: a planted fault, when one is asked for, is in place before anything else is imported."""

import os

import pytest
import structlog

from tests.faults import plant

if name := os.environ.get("OPENHANDOVER_FAULT"):
    plant(name)

# As the server logs: the default renders every local variable of a fault, which takes longer than what is tested.
*_processors, _renderer = structlog.get_config()["processors"]
_plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*_processors, _plain])

# The suites are no test modules by name; their failures shall say as much.
pytest.register_assert_rewrite(
    *(
        f"tests.contract.provider_{part}"
        for part in ("ending", "signs", "suite", "talking", "trouble", "webhooks")
    )
)
