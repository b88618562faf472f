"""Broken tools, told as in tests/config/broken.py."""

from tests.config.broken import Broken

HANDS = "handover: {provider: p}"
REST = "\nproviders: {p: {type: logging}}\n"

IN_TOOLS = [
    Broken(
        "tool name",
        "tools: {§'talk to human': {description: d, steps: [{say: x}]}}\n",
        "tools.talk to human",
        "not written as needed",
        "letters, digits",
    ),
    Broken(
        "long tool name",
        f"tools: {{§{'a' * 65}: {{description: d, steps: [{{say: x}}]}}}}\n",
        f"tools.{'a' * 65}",
        "not written as needed",
        "at most 64",
    ),
    Broken(
        "no description",
        "tools: {t: §{steps: [{say: x}]}}\n",
        "tools.t",
        "`description` is missing",
        "tells the LLM when",
    ),
    Broken(
        "empty description",
        'tools: {t: {description: §"", steps: [{say: x}]}}\n',
        "tools.t.description",
        "must not be empty",
        "at least one",
    ),
    Broken("no steps", "tools: {t: §{description: d}}\n", "tools.t", "`steps` is missing", "add `steps:`"),
    Broken(
        "empty steps",
        "tools: {t: {description: d, steps: §[]}}\n",
        "tools.t.steps",
        "must not be empty",
        "at least one",
    ),
    Broken(
        "unknown key of a tool",
        "tools: {t: {description: d, §params: {}, steps: [{say: x}]}}\n",
        "tools.t.params",
        "unknown key",
        'did you mean "parameters"?',
    ),
    # --- parameters
    Broken(
        "parameters of no object",
        "tools: {t: {description: d, parameters: {type: §array}, steps: [{say: x}]}}\n",
        "tools.t.parameters.type",
        "are an object",
        "`type: object`",
    ),
    Broken(
        "parameters without type",
        "tools: {t: {description: d, parameters: §{properties: {}}, steps: [{say: x}]}}\n",
        "tools.t.parameters",
        "are an object",
        "`properties:`",
    ),
    Broken(
        "no JSON Schema",
        "tools:\n  t:\n    description: d\n    parameters: {type: object, properties: {n: {type: §number5}}}\n"
        "    steps: [{say: x}]\n",
        "tools.t.parameters.properties.n.type",
        "no valid JSON Schema",
        "json-schema.org",
    ),
    Broken(
        "required that is no list",
        "tools: {t: {description: d, parameters: {type: object, required: §n}, steps: [{say: x}]}}\n",
        "tools.t.parameters.required",
        "no valid JSON Schema",
        "json-schema.org",
    ),
    Broken(
        "reference to nowhere",
        "tools: {t: {description: d, parameters: {type: object, properties: {n: {$ref: §'#/$defs/n'}}}, steps: [{say: x}]}}\n",
        "tools.t.parameters.properties.n.$ref",
        'there is no "#/$defs/n"',
        "point at a part",
    ),
    Broken(
        "reference to the net",
        "tools: {t: {description: d, parameters: {type: object, properties: {n: {$ref: §'https://x.example/s'}}}, steps: [{say: x}]}}\n",
        "tools.t.parameters.properties.n.$ref",
        "in this schema",
        "point at a part",
    ),
    Broken(
        "schema without end",
        "tools: {t: {description: d, parameters: §{type: object, $ref: '#'}, steps: [{say: x}]}}\n",
        "tools.t.parameters",
        "without end",
        "part below",
    ),
    Broken(
        "pattern that can take for ever",
        "tools: {t: {description: d, parameters: {type: object, properties: {n: {type: string, pattern: §'(a+)+'}}}, steps: [{say: x}]}}\n",
        "tools.t.parameters.properties.n.pattern",
        "for ever",
        "simpler",
    ),
    Broken(
        "default that does not fit",
        "tools: {t: {description: d, parameters: {type: object, properties: {n: {type: integer, default: §many}}}, steps: [{say: x}]}}\n",
        "tools.t.parameters.properties.n.default",
        "the default does not fit",
        "mend the default",
    ),
    Broken(
        "parameter with a name of ours",
        "tools: {t: {description: d, parameters: {type: object, properties: {§user: {type: string}}}, steps: [{say: x}]}}\n",
        "tools.t.parameters.properties.user",
        "name of ours",
        "another parameter name",
    ),
    Broken(
        "parameter that no template can name",
        "tools: {t: {description: d, parameters: {type: object, properties: {§order-id: {type: string}}}, steps: [{say: x}]}}\n",
        "tools.t.parameters.properties.order-id",
        "cannot be written in a template",
        "letters, digits and _",
    ),
    # --- what follows what
    Broken(
        "a step after the handover",
        f"tools:\n  t:\n    description: d\n    steps:\n      - §{HANDS}\n      - say: bye{REST}",
        "tools.t.steps[0].handover",
        "the last step on its branch",
        "move it to the end",
    ),
    Broken(
        "a branch with a handover joins again",
        "tools:\n  t:\n    description: d\n    steps:\n      - if: user.name == 'x'\n"
        f"        then: [{{say: a}}, {{§{HANDS}}}]\n      - say: bye{REST}",
        "tools.t.steps[0].then[1].handover",
        "the last step on its branch",
        "remove what comes after",
    ),
    Broken(
        "a case with a handover joins again",
        "tools:\n  t:\n    description: d\n    steps:\n      - lookup: user.name\n"
        f"        cases: {{x: [{{§{HANDS}}}]}}\n      - say: bye{REST}",
        "tools.t.steps[0].cases.x[0].handover",
        "the last step on its branch",
        "remove what comes after",
    ),
    Broken(
        "a handover on error joins again",
        "tools:\n  t:\n    description: d\n    steps:\n      - call: {url: 'https://x.example', "
        f"on_error: [{{§{HANDS}}}]}}\n      - say: bye{REST}",
        "tools.t.steps[0].call.on_error[0].handover",
        "the last step on its branch",
        "remove what comes after",
    ),
    Broken(
        "an end after the handover",
        f"tools: {{t: {{description: d, steps: [{{§{HANDS}}}, {{end: {{}}}}]}}}}{REST}",
        "tools.t.steps[0].handover",
        "the last step on its branch",
        "move it to the end",
    ),
    Broken(
        "a step after a flow that hands over",
        f"flows: {{f: [{{{HANDS}}}]}}\ntools: {{t: {{description: d, steps: [{{run: §f}}, {{say: x}}]}}}}{REST}",
        "tools.t.steps[0].run",
        "flows.f[0]",
        "as the last step",
    ),
    Broken(
        "a flow that goes on after its handover",
        f"flows: {{g: [{{{HANDS}}}, {{say: y}}], f: [{{run: g}}]}}\n"
        f"tools: {{t: {{description: d, steps: [{{run: §f}}]}}}}{REST}",
        "tools.t.steps[0].run",
        "flows.g[0]",
        "ends with it",
    ),
    Broken(
        "an output beside a handover",
        f"tools:\n  t:\n    description: d\n    steps: [{{{HANDS}}}]\n    §output: done{REST}",
        "tools.t.output",
        "has no output",
        "remove it",
    ),
    Broken(
        "an output beside a flow that may hand over",
        f"flows: {{f: [{{if: user.name == 'x', then: [{{{HANDS}}}]}}]}}\n"
        f"tools: {{t: {{description: d, steps: [{{run: f}}], §output: done}}}}{REST}",
        "tools.t.output",
        "has no output",
        "remove it",
    ),
    Broken(
        "a question in a tool",
        "tools: {t: {description: d, steps: [{§ask: {text: Why?}}]}}\n",
        "tools.t.steps[0].ask",
        "cannot wait for the user",
        "make it a parameter",
    ),
    Broken(
        "a question in a flow of a tool",
        "flows: {f: [{if: user.name == 'x', else: [{ask: {text: Why?}}]}]}\n"
        "tools: {t: {description: d, steps: [{run: §f}]}}\n",
        "tools.t.steps[0].run",
        "flows.f[0].else[0] asks",
        "make it a parameter",
    ),
    # --- names
    Broken(
        "a name that nothing sets",
        "tools: {t: {description: d, parameters: {type: object, properties: {order: {type: string}}}, "
        "steps: [{say: §'{{ ordr }}'}]}}\n",
        "tools.t.steps[0].say",
        'nothing sets "ordr"',
        'did you mean "order"?',
    ),
    Broken(
        "a name that is set too late",
        "tools:\n  t:\n    description: d\n    steps:\n      - say: §'{{ found }}'\n      - set: {found: 1}\n",
        "tools.t.steps[0].say",
        'nothing sets "found" before',
        "set it before",
    ),
    Broken(
        "a name in the output that nothing sets",
        "tools: {t: {description: d, steps: [{say: x}], output: {a: [§'{{ found }}']}}}\n",
        "tools.t.output.a[0]",
        'nothing sets "found"',
        "make it a parameter",
    ),
    Broken(
        "a condition on a name that nothing sets",
        "tools: {t: {description: d, steps: [{if: §found == 1, then: [{say: x}]}]}}\n",
        "tools.t.steps[0].if",
        'nothing sets "found"',
        "make it a parameter",
    ),
    Broken(
        "a wrong template of an output",
        "tools: {t: {description: d, steps: [{say: x}], output: §'{{ 1 + }}'}}\n",
        "tools.t.output",
        "template is wrong",
        "between",
    ),
    Broken(
        "a wrong step of a tool",
        "tools: {t: {description: d, steps: [{§sya: x}, {say: y}]}}\n",
        "tools.t.steps[0].sya",
        "unknown step",
        'did you mean "say"?',
    ),
    Broken(
        "an unknown provider in a tool",
        "tools: {t: {description: d, steps: [{handover: {provider: §nobody}}]}}\n",
        "tools.t.steps[0].handover.provider",
        'no provider "nobody"',
        "define it",
    ),
    Broken(
        "an unknown flow in a tool",
        "tools: {t: {description: d, steps: [{run: §nowhere}]}}\n",
        "tools.t.steps[0].run",
        'no flow "nowhere"',
        "define it",
    ),
]
