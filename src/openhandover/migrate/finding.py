"""Finding the handover in a tool. HALO's export format is not documented, so any wrapper is taken: what counts is a call
with url and body, and what stands beside it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .reading import inside
from .report import Report
from .spots import Spot, plain

URL = ("url", "uri", "endpoint", "requesturl")
BODY = ("body", "requestbody", "rawbody", "payload", "json", "data")
WRAPPED = ("content", "raw", "value", "text", "json", "data")
ALTERNATIVES = frozenset({"branches", "cases", "conditions", "paths", "routes", "options"})
"""Lists whose items stand beside each other, not one after the other."""
PARAMETERS = ("parameters", "inputs")
GRAPH = ("edges", "connections", "links", "transitions")
NEXT = ("next", "nextstep", "nextstepid", "goto")
KIND = ("type", "kind", "steptype", "nodetype")
_PATH = re.compile(r"/routing/mutationrequests/?(?:[?#].*)?$", re.IGNORECASE)


class Legacy(NamedTuple):
    """A handover as an API step."""

    call: Spot
    """The map with url, headers and body; the body itself where there is no more."""
    url: Spot | None
    body: Spot | None
    output: Spot | None
    """The Output step after it."""
    tool: Spot | None
    """The map that has the tool's name, description or parameters."""
    before: tuple[Spot, ...]
    """The steps before it."""
    branch: Spot | None
    """The list of alternatives in which it is one."""


class _Way(NamedTuple):
    """The lists around a call, and the maps."""

    lists: tuple[tuple[Spot, int], ...] = ()
    maps: tuple[Spot, ...] = ()


def find(root: Spot, content: str, report: Report) -> Legacy:
    """The one handover of the tool. Raises Refusal when there is none, or more, or when its place is not the end."""
    calls = list(_calls(root, content, _Way()))
    if not calls:
        report.refuse(
            "there is no API step whose url ends in /routing/mutationrequests or whose body has mutations",
            root,
        )
    for call, _, _ in calls[1:]:
        report.refuse("this is a second handover; give one at a time", call)
    report.stop_if_refused()
    call, body, way = calls[0]
    for holder in way.maps:
        graph = holder.get(*GRAPH)
        if graph is not None and graph.is_list:
            report.refuse(
                "the order of the steps is drawn by lines between them; list them in their order", graph
            )
    output = _following(call, way, report)
    report.stop_if_refused()
    steps, number = way.lists[-1] if way.lists else (None, 0)
    return Legacy(
        call=call,
        url=field(call, *URL),
        body=body,
        output=output,
        tool=_tool(way),
        before=tuple(steps.items()[:number]) if steps else (),
        branch=way.lists[1][0] if len(way.lists) > 1 else None,
    )


def _tool(way: _Way) -> Spot | None:
    """The map around the call that declares parameters, else the outermost that has a name."""
    declaring = [one for one in way.maps if one.get(*PARAMETERS)]
    naming = [one for one in way.maps if one.get("name", "description")]
    return declaring[-1] if declaring else naming[0] if naming else None


def field(step: Spot, *names: str) -> Spot | None:
    """A field of a step: its own, or that of a map directly inside, such as `config`."""
    own = step.get(*names)
    if own is not None:
        return own
    return next((found for entry in step.entries() if (found := entry.get(*names)) is not None), None)


def kind_of(step: Spot) -> str:
    """What a step calls itself: its type, or its only key."""
    kind = step.get(*KIND)
    if kind is not None and kind.text:
        return kind.text
    keys = [entry.name for entry in step.entries()]
    return keys[0] if len(keys) == 1 else ""


def _calls(spot: Spot, content: str, way: _Way) -> Iterator[tuple[Spot, Spot | None, _Way]]:
    if spot.is_map:
        body = _body(spot, content)
        if body is not None or _is_ours(spot.get(*URL)):
            yield spot, body, way
            return
        way = _Way(way.lists, (*way.maps, spot))
        for entry in spot.entries():
            yield from _calls(entry, content, way)
    for number, item in enumerate(spot.items()):
        inner = way if _is_tool(item, way, content) else _Way((*way.lists, (spot, number)), way.maps)
        yield from _calls(item, content, inner)


def _is_tool(item: Spot, way: _Way, content: str) -> bool:
    """Whether an item of the outermost list is a whole tool, which stands beside the others and not before them."""
    if way.lists or not item.is_map or _body(item, content) is not None:
        return False
    return plain(item.list_name) == "tools" or item.get("tool", *PARAMETERS) is not None


def _is_ours(url: Spot | None) -> bool:
    return url is not None and bool(_PATH.search(url.text or ""))


def _body(step: Spot, content: str) -> Spot | None:
    """The body with mutations that this step sends, or that it is."""
    if _has_mutations(step):
        return step
    held = step.get(*BODY)
    if held is not None and held.is_map and not _has_mutations(held):
        held = held.get(*WRAPPED) or held
    if held is None:
        return None
    if held.text is not None and (_is_ours(step.get(*URL)) or "ruleMutation" in held.text):
        return inside(held, content)
    return held if _has_mutations(held) else None


def _has_mutations(spot: Spot) -> bool:
    mutations = spot.get("mutations")
    return mutations is not None and mutations.is_list


def _following(call: Spot, way: _Way, report: Report) -> Spot | None:
    """The Output step after the call; everything else there is a reason to refuse."""
    output: Spot | None = None
    for depth, (steps, number) in enumerate(reversed(way.lists)):
        if plain(steps.name) in ALTERNATIVES:
            continue
        after = steps.items()[number + 1 :]
        if depth == 0 and after and "output" in plain(kind_of(after[0])):
            output, after = after[0], after[1:]
        for step in after:
            if depth == 0:
                report.refuse(f"a step{named(step)} follows, and a handover is the last step", step)
            else:
                report.refuse(
                    f"the branch with the handover joins the others again at this step{named(step)}, and a handover "
                    "is the last step",
                    step,
                )
        step = steps.items()[number]
        onward = step.get(*NEXT)
        target = output.get("id") if output is not None else None
        if onward is not None and onward.text and onward.text != (target.text if target else None):
            report.refuse("the next step is named, not listed; list the steps in their order", onward)
    return output


def named(step: Spot) -> str:
    """` of type "x"`, for a sentence about a step."""
    kind = kind_of(step)
    return f' of type "{kind}"' if kind else ""
