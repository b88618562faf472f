"""Tools that are right are taken as they are written."""

import textwrap

import pytest

from openhandover.config.load import load_text, read_bytes
from openhandover.config.nodes import Problem
from openhandover.flow.steps import HandoverToHumanStep

PROVIDER = "channels: {a: {type: api, provider: p}}\nproviders: {p: {type: logging}}\n"


def problems(text: str) -> list[Problem]:
    """Errors and warnings."""
    return list(read_bytes(f"{PROVIDER}{text}".encode(), "openhandover.yaml", {}).problems)


RIGHT = {
    "handovers on both branches": """
        tools: {t: {description: d, steps: [{say: a}, {if: user.name == 'x', then: [{handover: {}}], else: [{handover: {}}]}]}}""",
    "one branch hands over, the other speaks": """
        tools: {t: {description: d, steps: [{lookup: user.name, cases: {x: [{handover: {}}]}, default: [{say: b}]}]}}""",
    "a flow that ends with a handover, run as the last step": """
        flows: {f: [{say: a}, {handover: {}}]}
        tools: {t: {description: d, steps: [{say: a}, {run: f}]}}""",
    "flows that run each other": """
        flows: {f: [{if: user.name == 'x', then: [{run: g}]}], g: [{run: f}]}
        tools: {t: {description: d, steps: [{run: f}, {say: a}], output: done}}""",
    "names of the conversation, of steps before, of branches and of answers": """
        flows: {f: [{set: {shop: 1}}]}
        tools:
          t:
            description: d
            parameters: {type: object, properties: {order: {type: string}}}
            steps:
              - call: {url: "https://x.example/{{ order }}/{{ shop }}", into: {state: a, day: b}, on_error: [{set: {why: down}}]}
              - check_availability: {into: there}
              - if: there == 'online'
                then: [{set: {word: "{{ state }} {{ why }}"}}]
              - say: "{{ word }} {{ day }} {{ user.email }} {{ _context.page }} {{ availability.position }} {{ chatId }}"
            output: {text: "{{ word }}", n: 3}""",
    "a flow sees the parameters of the tool that runs it": """
        flows: {f: [{say: "{{ order }}"}]}
        tools: {t: {description: d, parameters: {type: object, properties: {order: {type: string}}}, steps: [{run: f}]}}""",
    "a schema with parts, references and defaults": """
        tools:
          t-1_A:
            description: d
            parameters:
              $schema: https://json-schema.org/draft/2020-12/schema
              type: object
              $defs: {place: {type: object, properties: {city: {type: string, default: Breda}}}}
              properties:
                where: {$ref: '#/$defs/place'}
                many: {type: [integer, "null"], minimum: 1, default: 2}
                tag: {type: string, pattern: '^[a-z]+$', enum: [a, b]}
              required: [where]
              additionalProperties: false
            steps: [{say: "{{ where.city }} {{ many }} {{ tag }}"}]""",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_nothing_is_reported(text: str) -> None:
    """What may follow may follow, and every name that something sets is known."""
    assert problems(textwrap.dedent(text)) == []


def test_the_handover_defaults_are_those_of_tools_too() -> None:
    """`defaults.handover` fills what a tool's step leaves out."""
    config = load_text(
        PROVIDER + "defaults: {handover: {message: Bye, limits: {queue_s: 5}}}\n"
        "tools: {t: {description: d, steps: [{if: user.name == 'x', then: [{handover: {limits: {open_s: 2}}}]}]}}\n"
    )
    (branch,) = config.tools["t"].steps
    step = branch.then[0]  # type: ignore[union-attr]
    assert isinstance(step, HandoverToHumanStep)
    assert (step.handover.message, step.handover.limits.queue_s, step.handover.limits.open_s) == ("Bye", 5, 2)


def test_a_tool_has_no_message_of_the_user() -> None:
    """`input` is empty in a tool; the warning says what to do instead."""
    (found,) = problems("tools: {t: {description: d, steps: [{say: 'You said {{ input.text }}'}]}}\n")
    assert (found.path, found.warning) == ("tools.t.steps[0].say", True)
    assert "parameter" in found.mend


def test_where_code_sets_names_none_is_called_unknown() -> None:
    """What a callable of the owner returns cannot be known; parameters of a tool without any are an empty object."""
    text = "tools: {t: {description: d, steps: [{code: 'tests.flow.test_calls:nothing'}, {say: '{{ anything }}'}]}}\n"
    assert not [one for one in problems(text) if "anything" in one.what]
    config = load_text("tools: {t: {description: d, steps: [{say: x}]}}\n")
    assert config.tools["t"].parameters == {"type": "object", "properties": {}}
