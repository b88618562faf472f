"""Broken flows and handover steps, told as in tests/config/broken.py."""

from tests.config.broken import Broken

IN_FLOWS = [
    # --- flows
    Broken(
        "unknown step", "flows: {f: [{§sya: hi}]}\n", "flows.f[0].sya", "unknown step", 'did you mean "say"?'
    ),
    Broken(
        "two steps in one",
        "flows:\n  f:\n    - say: hi\n      §end: {}\n",
        "flows.f[0]",
        "both `say` and `end`",
        '"- "',
    ),
    Broken(
        "then alone", "flows:\n  f:\n    - §then: []\n", "flows.f[0].then", "unknown step", "step with `if`"
    ),
    Broken("step without colon", "flows: {f: [§end]}\n", "flows.f[0]", "no colon", "write `end: ...`"),
    Broken("empty flow", "flows:\n  §f: []\n", "flows.f", "no steps", "at least one"),
    Broken("unknown flow of run", "flows: {f: [{run: §g}]}\n", "flows.f[0].run", 'no flow "g"', "known: f"),
    Broken(
        "validate",
        "flows: {f: [{ask: {text: T, validate: §mail}}]}\n",
        "flows.f[0].ask.validate",
        "must be one of",
        "/regex/",
    ),
    Broken(
        "validate regex",
        "flows: {f: [{ask: {text: T, validate: §'/(/'}}]}\n",
        "flows.f[0].ask.validate",
        "regular expression",
        "use email",
    ),
    Broken(
        "intent regex", "intents: {i: {en: [§'/[a/']}}\n", "intents.i.en[0]", "regular expression", "slashes"
    ),
    Broken(
        "template",
        "flows: {f: [{say: §'{{ input.text '}]}\n",
        "flows.f[0].say",
        "template is wrong",
        "between {{ and }}",
    ),
    Broken(
        "template deep inside",
        "flows:\n  f:\n    - if: 'input.text == 1'\n      else:\n        - say: {text: {en: §'{{ 1 + }}'}}\n",
        "flows.f[0].else[0].say.text.en",
        "template is wrong",
        "between",
    ),
    Broken(
        "condition",
        'flows: {f: [{if: §"a ==", then: [{end: {}}]}]}\n',
        "flows.f[0].if",
        "condition is wrong",
        "agent_status",
    ),
    Broken(
        "condition in braces",
        "flows: {f: [{lookup: §'{{ handover.status }}', default: [{end: {}}]}]}\n",
        "flows.f[0].lookup",
        "condition is wrong",
        "braces",
    ),
    Broken(
        "path of an answer",
        "flows: {f: [{call: {url: 'https://a.example', into: {a: §'data['}}}]}\n",
        "flows.f[0].call.into.a",
        "JMESPath",
        "data.status",
    ),
    Broken(
        "two bodies",
        "flows: {f: [{call: {url: 'https://a.example', json: {}, §raw: x}}]}\n",
        "flows.f[0].call.raw",
        "one body",
        "keep one",
    ),
    Broken(
        "address of a call",
        "flows: {f: [{call: {url: §a.example/x}}]}\n",
        "flows.f[0].call.url",
        "not an http(s) address",
        "https://host/path",
    ),
    Broken(
        "variable of ours",
        "flows: {f: [{set: {§user: x}}]}\n",
        "flows.f[0].set.user",
        "a name of ours",
        "another variable",
    ),
    Broken(
        "code",
        "flows: {f: [{code: §'nowhere.at_all:function'}]}\n",
        "flows.f[0].code",
        "cannot be imported",
        "spelling",
    ),
    Broken(
        "missing default language",
        "flows: {f: [{say: {text: §{nl: Hoi}}}]}\n",
        "flows.f[0].say.text",
        "default language en",
        "add `en:`",
    ),
    Broken(
        "language of a text",
        "flows: {f: [{say: {text: {en: Hi, §xx: Hoi}}}]}\n",
        "flows.f[0].say.text.xx",
        "not a supported language",
        "known",
    ),
    # --- the handover step
    Broken(
        "provider of a step",
        "providers: {support: {type: logging}}\nflows: {f: [{handover: {provider: §suport}}]}\n",
        "flows.f[0].handover.provider",
        'no provider "suport"',
        'did you mean "support"?',
    ),
    Broken(
        "fallback",
        "providers: {p: {type: logging}}\nflows: {f: [{handover: {provider: p, fallback: [§q]}}]}\n",
        "flows.f[0].handover.fallback[0]",
        'no provider "q"',
        "known: p",
    ),
    Broken(
        "fallback to itself",
        "providers: {p: {type: logging}}\nflows: {f: [{handover: {provider: p, fallback: [§p]}}]}\n",
        "flows.f[0].handover.fallback[0]",
        "tried before",
        "another provider",
    ),
    Broken(
        "cancel intent",
        "providers: {p: {type: logging}}\nflows: {f: [{handover: {provider: p, cancel: {intent: §stop}}}]}\n",
        "flows.f[0].handover.cancel.intent",
        'no intent "stop"',
        "under `intents:`",
    ),
    Broken(
        "routing key",
        "providers: {p: {type: desk}}\nagents: {a: {name: A}}\nflows: {f: [{handover: {provider: p, route: {§skils: [a]}}}]}\n",
        "flows.f[0].handover.route.skils",
        "no such routing key for desk",
        'did you mean "skills"?',
    ),
    Broken(
        "routing value",
        "providers: {p: {type: desk}}\nagents: {a: {name: A}}\nflows: {f: [{handover: {provider: p, route: {priority: §hi}}}]}\n",
        "flows.f[0].handover.route.priority",
        "not one of",
        "high",
    ),
    Broken(
        "routing list",
        "providers: {p: {type: desk}}\nagents: {a: {name: A}}\nflows: {f: [{handover: {provider: p, route: {skills: §billing}}}]}\n",
        "flows.f[0].handover.route.skills",
        "expected a list",
        "[...]",
    ),
    Broken(
        "key of the step",
        "flows: {f: [{handover: {§acepted_message: x}}]}\n",
        "flows.f[0].handover.acepted_message",
        "unknown key",
        'did you mean "accepted_message"?',
    ),
    Broken(
        "key in the step",
        "flows: {f: [{handover: {cancel: {§when: queued}}}]}\n",
        "flows.f[0].handover.cancel.when",
        "unknown key",
        "while",
    ),
    Broken(
        "default of the step",
        "providers: {p: {type: logging}}\ndefaults: {handover: {fallback: [§q]}}\nflows: {f: [{handover: {provider: p}}]}\n",
        "defaults.handover.fallback[0]",
        'no provider "q"',
        "known: p",
    ),
]
