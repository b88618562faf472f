"""Broken providers of CM.com and routes of theirs, told as in tests/config/broken.py."""

from tests.config.broken import Broken

UUID = "aaaaaaaa-0000-4000-8000-000000000001"
MSC = 'providers: {m: {type: cm_msc, technical_link_id: t, product_token: "${KEY}"'
MARKET = MSC.replace("cm_msc", "cm_marketplace")
WHO = "user_name: N, user_email: E"


def step(route: str) -> str:
    """The rest of a file with one handover step."""
    return f"}}}}\nflows:\n  f:\n    - handover: {{provider: m, route: §{{{route}}}}}\n"


def inside(route: str) -> str:
    """The same, with the place inside the route."""
    return step(route).replace("route: §", "route: ")


IN_CM = [
    Broken(
        "connection without account",
        'providers: {m: §{type: cm_msc, product_token: "${KEY}"}}\n',
        "providers.m",
        "`technical_link_id` is missing",
        "CONVERSATIONAL technical link",
    ),
    Broken(
        "connection without token",
        "providers: {m: §{type: cm_msc, technical_link_id: t}}\n",
        "providers.m",
        "`product_token` is missing",
        "product token of the Router",
    ),
    Broken(
        "address of the Router",
        MSC + ", base_url: §api.cm.com}}\n",
        "providers.m.base_url",
        "not written as needed",
        "api.conversational.cm.com",
    ),
    Broken(
        "bot adapter",
        MSC + ", bot_adapter: §CMBot}}\n",
        "providers.m.bot_adapter",
        "not written as needed",
        "a UUID",
    ),
    Broken(
        "nothing to cut",
        MSC + ", disable_components: §[]}}\n",
        "providers.m.disable_components",
        "a handover would change nothing",
        "give one of the two",
    ),
    Broken(
        "handing back without the bot's adapter",
        MSC + ", handback: §enable}}\n",
        "providers.m.handback",
        "needs `bot_adapter`",
        "session_end",
    ),
    Broken(
        "handing back without the bot's state",
        MSC + ", handback: §enable, states: {human: h}}}\n",
        "providers.m.handback",
        "needs `states` with `bot`",
        "session_end",
    ),
    Broken(
        "state without a name",
        MSC + ", states: §{}}}\n",
        "providers.m.states",
        "`human` is missing",
        "agents have the chat",
    ),
    Broken(
        "presence without a key",
        MSC + ", presence: §{}}}\n",
        "providers.m.presence",
        "`api_key` is missing",
        "API key of the MSC subscription",
    ),
    Broken(
        "relay without a secret",
        MSC + f", twoway: §{{adapter_id: {UUID}, host_id: h}}}}}}\n",
        "providers.m.twoway",
        "`secret` is missing",
        "the value that CM sends",
    ),
    Broken(
        "relay with a short secret",
        MSC + f', twoway: {{adapter_id: {UUID}, host_id: h, secret: §"${{SHORT}}"}}}}}}\n',
        "providers.m.twoway.secret",
        "3 characters are too few",
        "at least 16",
    ),
    Broken(
        "relay by an adapter that is none",
        MSC + ', twoway: {adapter_id: §web, host_id: h, secret: "${KEY}"}}}\n',
        "providers.m.twoway.adapter_id",
        "not written as needed",
        "a UUID",
    ),
    Broken(
        "route without the user",
        MSC + step(f"messaging_adapter: {UUID}"),
        "flows.f[0].handover.route",
        "`user_name` is missing, which the provider m needs",
        "add `user_name:` and `user_email:` under `route`",
    ),
    Broken(
        "no route at all",
        MSC + "}}\nflows:\n  f:\n    - handover: §{provider: m}\n",
        "flows.f[0].handover",
        "`user_name` is missing, which the provider m needs",
        "under `route`",
    ),
    Broken(
        "messaging adapter",
        MSC + inside(f"{WHO}, messaging_adapter: §web"),
        "flows.f[0].handover.route.messaging_adapter",
        "not written as needed",
        "a UUID",
    ),
    Broken(
        "route of the other desk",
        MSC + inside(f"{WHO}, §marketplace_adapter: {UUID}"),
        "flows.f[0].handover.route.marketplace_adapter",
        "no such routing key for cm_msc",
        "messaging_adapter",
    ),
    Broken(
        "context that is none",
        MSC + inside(f"{WHO}, context: §order"),
        "flows.f[0].handover.route.context",
        "expected",
        "key: value",
    ),
    Broken(
        "route without the desk",
        MARKET + step(f"messaging_adapter: {UUID}"),
        "flows.f[0].handover.route",
        "`marketplace_adapter` is missing, which the provider m needs",
        "add `marketplace_adapter:` under `route`",
    ),
    Broken(
        "presence of a marketplace desk",
        MARKET + ', §presence: {api_key: "${KEY}"}}}\n',
        "providers.m.presence",
        "unknown key",
        "",
    ),
]
