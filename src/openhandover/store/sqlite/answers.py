"""From threads back to the event loop: many futures are answered in one step, as each crossing costs."""

import asyncio
from collections.abc import Sequence
from typing import Any

Future = asyncio.Future[Any]
Outcome = tuple[Future, Any, Exception | None]


def give(outcomes: Sequence[Outcome]) -> None:
    """Answer each future with its result or error; called in the event loop."""
    for future, result, error in outcomes:
        if future.done():  # its caller was cancelled; what was done stays done
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
