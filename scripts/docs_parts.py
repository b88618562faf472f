"""The parts of the documentation that tables of the program say: name -> what writes it."""

import inspect
from collections.abc import Callable, Iterable, Iterator

import click

from openhandover.core.errors import CODES
from openhandover.core.model import OPEN, Limits, Status
from openhandover.core.table import CALL_RESULTS, GRACE, LIMITS, REASONS, TRANSITIONS, WHO_GETS, Limit, Row
from openhandover.texts.catalogue import FALLBACK, shipped


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    lines = [[_cell(cell) for cell in line] for line in lines]
    rule = ["---"] * len(lines[0])
    return "".join("| " + " | ".join(line) + " |\n" for line in [lines[0], rule, *lines[1:]])


def _cell(text: str) -> str:
    """One line; no bar ends the cell, and outside of code nothing is taken for a tag."""
    pieces = " ".join(text.replace("|", "\\|").split()).split("`")
    return "`".join(
        piece if at % 2 else piece.replace("<", "&lt;").replace(">", "&gt;")
        for at, piece in enumerate(pieces)
    )


def code(value: object) -> str:
    """A value as code, nothing as nothing."""
    return "" if value in (None, "") else f"`{value}`"


def errors() -> str:
    """Every refusal that a client can get."""
    rows = ((code(name), entry.status, entry.title) for name, entry in CODES.items())
    return table(("Code", "Status", "Meaning, and what to do"), rows)


def system_texts() -> str:
    """What the program itself says, in the language that every other one is translated from."""
    rows = ((code(key), text) for key, text in shipped(FALLBACK).items())
    return table(("Name", "English"), rows)


def transitions() -> str:
    """One row for each signal that means something, by the status it finds."""
    rows = (
        (code(status), code(signal), _goes_to(row), code(row.reason), code(row.ended_by), _vendor_gets(row))
        for (status, signal), row in TRANSITIONS.items()
    )
    return table(("Status", "Signal", "Becomes", "Reason", "Ended by", "The vendor gets"), rows)


def _goes_to(row: Row) -> str:
    if row.to is None:
        return "stays"
    return f"next attempt, else {code(row.to)}" if row.next_attempt else code(row.to)


def _vendor_gets(row: Row) -> str:
    return "" if row.vendor == "none" else row.vendor


def call_outcomes() -> str:
    """What each outcome of a call leads to, by the status it finds."""
    rows = (
        (
            code(outcome),
            *(
                _outcome(TRANSITIONS.get((status, row.signal)), row.reason)
                for status in Status
                if status in OPEN
            ),
        )
        for outcome, row in CALL_RESULTS.items()
    )
    head = (
        "Outcome",
        "referred (`requested`)",
        "dialled, ringing (`queued`)",
        "dialled, answered (`active`)",
    )
    return table(head, rows)


def _outcome(row: Row | None, reason: str | None) -> str:
    if row is None or row.to is None:
        return "late, no effect"
    why = row.reason or reason
    return f"{code(row.to)}, {code(why)}" if why else code(row.to)


def reasons() -> str:
    """The closed list, by status."""
    rows = ((code(status), " · ".join(code(reason) for reason in names)) for status, names in REASONS.items())
    return table(("Status", "Reasons"), rows)


def limits() -> str:
    """Every wait, its default, and what happens when it runs out."""
    defaults = Limits()
    rows = (
        (
            code(name),
            f"{getattr(defaults, name):g}",
            ", ".join(code(status) for status in limit.status),
            limit.counted_from,
            _runs_out(name),
            " and ".join(note for note, holds in _notes(limit) if holds),
        )
        for name, limit in LIMITS.items()
    )
    return table(("Limit", "Default, s", "While", "Counted from", "Runs out", "Notes"), rows)


def _runs_out(name: str) -> str:
    """What becomes of the handover; the status is named where it makes a difference."""
    found: dict[str, list[str]] = {}
    for (status, signal), row in TRANSITIONS.items():
        if signal == name:
            found.setdefault(f"{_goes_to(row)}, {code(row.reason)}", []).append(code(status))
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{end} while {' or '.join(statuses)}" for end, statuses in found.items())


def _notes(limit: Limit) -> tuple[tuple[str, bool], ...]:
    return (
        ("text only", limit.text_only),
        ("with `events.inactive` the flow runs instead, and the wait begins anew", limit.inactive),
    )


def grace() -> str:
    """The short waits."""
    rows = ((f"{entry.seconds:g} s", entry.meaning) for entry in GRACE.values())
    return table(("Wait", "Why"), rows)


def who_gets() -> str:
    """One row for each kind of entry."""
    rows = (
        (
            what,
            *(
                "yes" if concerned else ""
                for concerned in (gets.channel, gets.http_bot, gets.flow, gets.agent)
            ),
        )
        for what, gets in WHO_GETS.items()
    )
    return table(("What", "Channel", "HTTP bot", "Flow", "Agent's side"), rows)


def commands() -> str:
    """Every command with its usage, its options and what it says of itself."""
    from openhandover.cli import main

    return "\n".join(_command(["openhandover", *path], command) for path, command in _leaves(main, []))


def _leaves(command: click.Command, path: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), name)
            if inner is not None and not inner.hidden:
                yield from _leaves(inner, [*path, name])
    else:
        yield path, command


def _command(path: list[str], command: click.Command) -> str:
    context = click.Context(command, info_name=" ".join(path))
    usage = " ".join([*path, *command.collect_usage_pieces(context)])
    options = [record for option in command.params if (record := option.get_help_record(context))]
    listed = (
        table(("Option", "Meaning"), ((code(name), meaning) for name, meaning in options)) if options else ""
    )
    says = inspect.cleandoc(command.help or "")
    return f"## {' '.join(path)}\n\n```text\n{usage}\n```\n\n{says}\n" + (f"\n{listed}" if listed else "")


PARTS: dict[str, Callable[[], str]] = {
    "errors": errors,
    "system texts": system_texts,
    "commands": commands,
    "transitions": transitions,
    "call outcomes": call_outcomes,
    "reasons": reasons,
    "limits": limits,
    "grace": grace,
    "who gets what": who_gets,
}
