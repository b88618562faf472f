"""The `code` step: Python callables of the owner.

    from openhandover.flow.code import registered

    @registered
    async def greet(variables, facts):
        return {"greeting": "Hi " + variables["name"]}

`variables` are the flow's and the conversation's, `facts` has `user`, `context`, `input`, `handover` and
`availability`; both are copies. What is returned becomes flow variables.
"""

import asyncio
import importlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from openhandover.core.errors import ConfigError

TIMEOUT_S = 10.0

Function = Callable[
    [dict[str, Any], dict[str, Any]], Mapping[str, Any] | Awaitable[Mapping[str, Any] | None] | None
]
F = TypeVar("F", bound=Function)

_MARK = "__openhandover_registered__"


class CodeError(Exception):
    """The callable failed; the text names the kind of failure and never a value."""


def registered(function: F) -> F:
    """Allow flows to call this function."""
    setattr(function, _MARK, True)
    return function


def find(path: str) -> Function:
    """The callable `package.module:function`. Raises ConfigError."""
    module_name, _, name = path.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"`{path}` cannot be imported: {error}") from error
    if not getattr(function, _MARK, False):
        raise ConfigError(f"`{path}` is not registered; put @openhandover.flow.code.registered above it")
    return cast("Function", function)


async def call(path: str, variables: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that the callable returns. Raises CodeError."""
    try:
        function = find(path)
        arguments = _copy(variables), _copy(facts)
        async with asyncio.timeout(TIMEOUT_S):
            if inspect.iscoroutinefunction(function):
                result = await function(*arguments)
            else:
                result = await asyncio.to_thread(cast("Callable[..., Any]", function), *arguments)
        return _copy(result or {})
    except ConfigError as error:
        raise CodeError(str(error)) from error
    except TimeoutError as error:
        raise CodeError(f"took longer than {TIMEOUT_S:g} s") from error
    except Exception as error:  # the owner's code may raise anything; the flow must go on
        raise CodeError(f"raised {type(error).__name__}") from error


def _copy(values: Mapping[str, Any]) -> dict[str, Any]:
    """Plain JSON data of its own; raises TypeError for anything else."""
    return msgspec.json.decode(msgspec.json.encode(dict(values)), type=dict[str, Any])
