"""Broken configurations: `§` stands where the error must be reported, then come the words of the report."""

from typing import NamedTuple

SECRET = "whsec_" + "QUJD" * 8
ENVIRONMENT = {
    "SECRET": SECRET,
    "KEY": "k" * 32,
    "SHORT": "abc",
    "PORT": "80a0",
    "SMTP": "smtp://u:p@mail.example:587",
}


class Broken(NamedTuple):
    """One file with one mistake."""

    name: str
    text: str
    path: str
    what: str
    mend: str


IN_THE_FILE = [
    # --- YAML itself
    Broken(
        "braces alone",
        "bots: {b: {flow: f}}\nflows:\n  f:\n    - say: §{{ name }}\n",
        "flows.f[0].say",
        'unquoted "{{"',
        "quote it",
    ),
    Broken(
        "braces and words",
        "flows:\n  f:\n    - say: §{{ input.text }} it is\n",
        "flows.f[0].say",
        'unquoted "{{"',
        "quote it",
    ),
    Broken(
        "duplicate key",
        "server:\n  port: 1\n  §port: 2\n",
        "server.port",
        "given twice",
        "the first is in line 2",
    ),
    Broken("duplicate part", "bots: {}\n§bots: {}\n", "bots", "given twice", "remove one"),
    Broken("tab", "server:\n§\tport: 1\n", "", "cannot start any token", "spaces, not tabs"),
    Broken(
        "colon in text",
        "flows:\n  f:\n    - say: Note§: it\n",
        "",
        "mapping values are not allowed",
        "quote the text",
    ),
    Broken("percent", "store: §%x\n", "", "cannot start any token", "quote"),
    Broken("tag", "store: §!!python/object:os.system x\n", "store", "tag", "remove it"),
    Broken("second document", "bots: {}\n§---\nbots: {}\n", "", "second document", "remove the line"),
    Broken("unknown alias", "store: §*elsewhere\n", "store", "has no anchor", "write the value out"),
    Broken(
        "alias in itself", "flows: &a\n  f: §*a\n", "flows.f", "inside its own anchor", "write the value out"
    ),
    Broken("list at the top", "§- a\n", "", "not a map", "begin with a key"),
    Broken("key that is a list", "bots:\n  ? §[a]\n  : b\n", "bots", "must be text", "quote the key"),
    # --- variables
    Broken("unset variable", "store: §${NOWHERE}\n", "store", "NOWHERE is not set", "default"),
    Broken(
        "unset in a bot", "bots: {b: {flow: §'${NOWHERE}'}}\n", "bots.b.flow", "NOWHERE is not set", "default"
    ),
    Broken("not a variable", "store: §${1A}\n", "store", "not a variable", "$${"),
    Broken("nested default", "store: §${A:-${B}}\n", "store", "not a variable", "write ${NAME}"),
    Broken(
        "variable of the wrong type",
        "server: {port: §'${PORT}'}\n",
        "server.port",
        "whole number",
        "digits only",
    ),
    Broken("variable in braces", "server: {port: §${PORT}}\n", "", "needs quotes", "quote it"),
    # --- keys
    Broken("unknown part", "§chanels: {}\n", "chanels", "unknown key", 'did you mean "channels"?'),
    Broken(
        "unknown key of a part", "server: {§prot: 80}\n", "server.prot", "unknown key", 'did you mean "port"?'
    ),
    Broken("typ", "providers:\n  support: §{typ: desk}\n", "providers.support", "`type` is missing", "desk"),
    Broken(
        "unknown key of a provider",
        "providers: {p: {type: desk, §hour: Mon 09:00-10:00}}\n",
        "providers.p.hour",
        "unknown key",
        'did you mean "hours"?',
    ),
    Broken(
        "unknown key of a channel",
        "channels: {w: {type: webchat, §alowed_origins: []}}\n",
        "channels.w.alowed_origins",
        "unknown key",
        'did you mean "allowed_origins"?',
    ),
    Broken(
        "key of another channel type",
        "channels: {w: {type: api, §human_button: x}}\n",
        "channels.w.human_button",
        "unknown key",
        "known:",
    ),
    Broken(
        "missing key",
        "api: {keys: [§{key: '${KEY}', scopes: [desk]}]}\n",
        "api.keys[0]",
        "`name` is missing",
        "add `name:`",
    ),
    # --- values
    Broken(
        "text for a number",
        "server: {port: §http}\n",
        "server.port",
        'expected a whole number, found "http"',
        "digits only",
    ),
    Broken(
        "quoted number",
        "server: {port: §'80'}\n",
        "server.port",
        "expected a whole number",
        "remove the quotes",
    ),
    Broken("half a port", "server: {port: §80.5}\n", "server.port", "expected a whole number", "digits only"),
    Broken("port too high", "server: {port: §70000}\n", "server.port", "out of range", "at most 65535"),
    Broken(
        "yes for true",
        "flows: {f: [{handover: {provider: p, repeat_accepted_message: §yes}}]}\nproviders: {p: {type: desk}}\nagents: {a: {name: A}}\n",
        "flows.f[0].handover.repeat_accepted_message",
        "expected true or false",
        "without quotes",
    ),
    Broken(
        "word of a list",
        "agents: {a: {name: A, role: §boss}}\n",
        "agents.a.role",
        "not one of agent, supervisor",
        "known",
    ),
    Broken(
        "near word",
        "channels: {w: {type: webchat, attachments: §humans}}\n",
        "channels.w.attachments",
        "not one of",
        'did you mean "human"?',
    ),
    Broken(
        "one text for a list",
        "agents: {a: {name: A, skills: §billing}}\n",
        "agents.a.skills",
        "expected a list",
        "[...]",
    ),
    Broken("a list for a map", "server: §[a]\n", "server", "expected a map", "key: value"),
    Broken("a map for a text", "store: §{a: b}\n", "store", "expected a text, found a map", "one value"),
    Broken("nothing for a text", "agents: {a: {name: §null}}\n", "agents.a.name", "missing", '""'),
    Broken("empty name", "agents: {a: {name: §''}}\n", "agents.a.name", "must not be empty", "at least one"),
    Broken(
        "long number",
        f"retention: {{files_days: §{'9' * 400}}}\n",
        "retention.files_days",
        "too long",
        "shorter",
    ),
    Broken(
        "negative limit",
        "defaults: {handover: {limits: {queue_s: §-1}}}\n",
        "defaults.handover.limits.queue_s",
        "out of range",
        "at least 0",
    ),
    Broken(
        "hours",
        "providers: {p: {type: http, url: 'https://d.example', secret: '${SECRET}', hours: §Mon-Fry 09:00-17:00}}\n",
        "providers.p.hours",
        "Mon-Fry",
        "use Mon Tue",
    ),
    Broken(
        "time zone",
        "providers: {p: {type: http, url: 'https://d.example', secret: '${SECRET}', hours: §Mon 09:00-17:00 Europe/Amsterdm}}\n",
        "providers.p.hours",
        "unknown time zone",
        "Europe/Amsterdam",
    ),
    # --- secrets, addresses, languages
    Broken(
        "short key",
        "api: {keys: [{name: b, key: §'${SHORT}', scopes: [desk], agent: a}]}\nagents: {a: {name: A}}\n",
        "api.keys[0].key",
        "too few",
        "at least 16",
    ),
    Broken(
        "webhook secret",
        "bots: {b: {http: {url: 'https://b.example', secret: §'${KEY}'}}}\n",
        "bots.b.http.secret",
        "not a webhook secret",
        "whsec_",
    ),
    Broken(
        "provider secret",
        "providers: {p: {type: http, url: 'https://d.example', secret: §'${KEY}'}}\n",
        "providers.p.secret",
        "not a webhook secret",
        "whsec_",
    ),
    Broken(
        "password hash",
        "agents: {a: {name: A, password_hash: §hunter2}}\n",
        "agents.a.password_hash",
        "not an argon2id hash",
        "agent hash",
    ),
    Broken(
        "address",
        "bots: {b: {http: {url: §ftp://b.example, secret: '${SECRET}'}}}\n",
        "bots.b.http.url",
        "not an http(s) address",
        "https://host/path",
    ),
    Broken(
        "plain http",
        "server: {public_url: §http://chat.example}\n",
        "server.public_url",
        "must be https",
        "https://chat.example",
    ),
    Broken(
        "origin with a path",
        "channels: {w: {type: webchat, allowed_origins: [§https://shop.example/cart]}}\n",
        "channels.w.allowed_origins[0]",
        "not an origin",
        "scheme and host only",
    ),
    Broken(
        "picture over http",
        "channels: {w: {type: webchat, bot_avatar_url: §http://shop.example/bot.png}}\n",
        "channels.w.bot_avatar_url",
        "not an https address",
        "https://host/bot.png",
    ),
    Broken(
        "picture without a host",
        "channels: {w: {type: webchat, bot_avatar_url: §'https://[bot.png'}}\n",
        "channels.w.bot_avatar_url",
        "not an https address",
        "https://host/bot.png",
    ),
    Broken(
        "bot name in a language that nobody speaks",
        "channels: {w: {type: webchat, bot_name: {en: Robin, §xx: Robin}}}\n",
        "channels.w.bot_name.xx",
        "not a supported language",
        "es",
    ),
    Broken(
        "sound of a word",
        "channels: {w: {type: webchat, sound: §loud}}\n",
        "channels.w.sound",
        "expected true or false",
        "without quotes",
    ),
    Broken(
        "end button of a word",
        "channels: {w: {type: webchat, end_button: §'Bye'}}\n",
        "channels.w.end_button",
        "expected true or false",
        "without quotes",
    ),
    Broken(
        "short identity secret",
        "channels: {w: {type: webchat, identity: {secret: §'${SHORT}'}}}\n",
        "channels.w.identity.secret",
        "3 characters are too few",
        "at least 32",
    ),
    Broken(
        "identity without a secret",
        "channels: {w: {type: webchat, identity: §{}}}\n",
        "channels.w.identity",
        "`secret` is missing",
        "shared with the site's own server",
    ),
    Broken(
        "outbound",
        "outbound: {allow: [§'http://10.0.0.5/path']}\n",
        "outbound.allow[0]",
        "not an origin",
        "http://host:port",
    ),
    Broken(
        "default language",
        "languages: {default: §pt, supported: [en]}\n",
        "languages.default",
        "not among `supported`",
        "choose one of en",
    ),
    Broken(
        "language of texts",
        "languages: {supported: [en, nl]}\ntexts: {§ln: {accepted: x}}\n",
        "texts.ln",
        "not a supported language",
        "nl",
    ),
    Broken(
        "system text",
        "texts: {en: {§acepted: x}}\n",
        "texts.en.acepted",
        "no system text",
        'did you mean "accepted"?',
    ),
    Broken("store", "store: §postgresql://db\n", "store", "SQLite only", "sqlite:openhandover.db"),
    Broken(
        "engine without address",
        "translation: §{engine: libretranslate}\n",
        "translation",
        "needs an address",
        "`url:`",
    ),
    Broken(
        "apertium nowhere", "translation: §{engine: apertium}\n", "translation", "needs an address", "APy"
    ),
    Broken("deepl without key", "translation: §{engine: deepl}\n", "translation", "needs a key", "DEEPL_KEY"),
    Broken(
        "no model", "translation: §{engine: openai, key: k}\n", "translation", "needs a model", "`model:`"
    ),
    Broken(
        "a model that nobody uses",
        "translation: {engine: deepl, key: k, §model: m}\n",
        "translation.model",
        "has no models",
        "remove this key",
    ),
    Broken(
        "summaries from nowhere",
        "summaries: {model: m, url: §nowhere}\n",
        "summaries.url",
        "not an http(s) address",
        "https://host/path",
    ),
    # --- names
    Broken(
        "unknown bot",
        "bots: {main: {flow: f}}\nflows: {f: [{end: {}}]}\nchannels: {w: {type: webchat, bot: §mian}}\n",
        "channels.w.bot",
        'no bot "mian"',
        'did you mean "main"?',
    ),
    Broken(
        "unknown provider of a channel",
        "channels: {w: {type: webchat, provider: §support}}\n",
        "channels.w.provider",
        'no provider "support"',
        "under `providers:`",
    ),
    Broken(
        "unknown flow of a bot",
        "bots: {b: {flow: §man}}\nflows: {main: [{end: {}}]}\n",
        "bots.b.flow",
        'no flow "man"',
        'did you mean "main"?',
    ),
    Broken(
        "unknown flow of an event",
        "events: {handover: §intake}\n",
        "events.handover",
        'no flow "intake"',
        "under `flows:`",
    ),
    Broken(
        "unknown event of a button",
        "channels: {w: {type: webchat, human_button: §handover}}\n",
        "channels.w.human_button",
        'no event "handover"',
        "under `events:`",
    ),
    Broken("a bot that is nothing", "bots: {b: §{http: null}}\n", "bots.b", "exactly one of", "keep one"),
    Broken("two kinds of bot", "bots: {b: §{}}\n", "bots.b", "exactly one of", "keep one"),
    Broken(
        "provider type",
        "providers: {p: {type: §desc}}\n",
        "providers.p.type",
        "no provider type",
        'did you mean "desk"?',
    ),
    Broken(
        "same key name",
        "api: {keys: [{name: b, key: '${KEY}', scopes: [admin]}, {name: §b, key: '${KEY}', scopes: [admin]}]}\n",
        "api.keys[1].name",
        "two keys",
        "its own name",
    ),
]
