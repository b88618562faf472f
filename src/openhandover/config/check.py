"""What annotations cannot say: names that must exist, addresses, secrets, languages, and what can never happen."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from .check_cm import check_cm
from .check_flows import FlowChecks
from .check_phone import check_phone
from .check_tools import ToolChecks
from .findings import Findings
from .loaded import Loaded
from .model import (
    ApiChannel,
    Bot,
    Channel,
    CmChannel,
    Config,
    Endpoint,
    WebchatChannel,
    WebhookGateway,
)
from .nodes import Path, Problem, nearest

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
MEDIA_TYPE = re.compile(r"[a-z]+/(\*|[A-Za-z0-9][A-Za-z0-9.+-]*)")
ARGON2 = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")


def check(loaded: Loaded) -> list[Problem]:
    """Every problem beyond types; works on what could be decoded."""
    findings = Findings(loaded)
    config = loaded.config
    if not loaded.tree.entries:
        findings.warn(
            (), "nothing is configured", "let `openhandover init --force` write a first configuration"
        )
    for part in (
        _server,
        _translation,
        _access,
        _languages,
        _bots,
        _agents,
        _desk,
        _intents,
        _system_texts,
        _limits,
    ):
        part(config, findings)
    for name, gateway in config.gateways.items():
        if isinstance(gateway, WebhookGateway):
            _endpoint(gateway, ("gateways", name), config, findings)
    check_phone(config, findings)
    for name, channel in config.channels.items():
        _channel(name, channel, config, findings)
    flows = FlowChecks(config, findings)
    flows.run()
    ToolChecks(config, findings, flows).run()
    return findings.problems


def _server(config: Config, findings: Findings) -> None:
    url = config.server.public_url
    if url is not None:
        path: Path = ("server", "public_url")
        if not _is_origin(url):
            findings.error(path, "it is not an origin", "write it as https://host, without a path")
        elif url.startswith("http:") and not is_loopback(url):
            findings.error(path, "outside this machine it must be https", f"write https{url[4:]}")
    if not config.store.startswith("sqlite:") or len(config.store) == len("sqlite:"):
        findings.error(("store",), "this version stores in SQLite only", "write it as sqlite:openhandover.db")
    if config.summaries is not None:
        _address(config.summaries.url, ("summaries", "url"), findings)


NEEDS = {
    "libretranslate": ("url", "an address", "add `url:` with its http(s) address"),
    "apertium": ("url", "an address", "add `url:` with the address of its server, APy"),
    "deepl": ("key", "a key", 'add `key: "${DEEPL_KEY}"`'),
    "openai": ("model", "a model", "add `model:` with the name that the server knows"),
}
"""What a translation engine cannot do without."""


def _translation(config: Config, findings: Findings) -> None:
    block = config.translation
    if block.engine in NEEDS:
        key, what, mend = NEEDS[block.engine]
        if not getattr(block, key):
            findings.error(("translation",), f"engine {block.engine} needs {what}", mend)
    if block.model is not None and block.engine != "openai":
        what = f"engine {block.engine} has no models"
        findings.error(("translation", "model"), what, "remove this key", at_key=True)
    if block.url is not None:
        _address(block.url, ("translation", "url"), findings)


def _access(config: Config, findings: Findings) -> None:
    seen: dict[str, int] = {}
    for index, key in enumerate(config.api.keys):
        if key is None:  # pyright: ignore[reportUnnecessaryComparison]  a broken entry keeps its place
            continue
        path: Path = ("api", "keys", index)
        if key.name in seen:
            findings.error((*path, "name"), f'two keys are named "{key.name}"', "give each its own name")
        seen[key.name] = index
        if key.agent is not None:
            findings.name((*path, "agent"), "agents", key.agent, "agent")


def _languages(config: Config, findings: Findings) -> None:
    from openhandover.texts.catalogue import SHIPPED

    languages = config.languages
    for index, language in enumerate(languages.supported):
        path: Path = ("languages", "supported", index)
        if not LANGUAGE.fullmatch(language):
            findings.error(path, f'"{language}" is not a language code', "use ISO 639-1 codes such as en")
        elif language not in SHIPPED and language not in config.texts:
            mend = f"write them under `texts.{language}:`; until then the default language is used"
            findings.warn(path, f"there are no system texts in {language}", mend)
    if languages.default not in languages.supported:
        mend = f"choose one of {', '.join(languages.supported)}, or add it there"
        findings.error(("languages", "default"), f'"{languages.default}" is not among `supported`', mend)


def _channel(name: str, channel: Channel, config: Config, findings: Findings) -> None:
    path: Path = ("channels", name)
    if channel.bot is not None:
        findings.name((*path, "bot"), "bots", channel.bot, "bot")
    if channel.provider is not None:
        findings.name((*path, "provider"), "providers", channel.provider, "provider")
    if isinstance(channel, ApiChannel):
        if channel.webhook:
            _endpoint(channel.webhook, (*path, "webhook"), config, findings)
        return
    if isinstance(channel, CmChannel):
        check_cm(channel, path, config, findings)
    elif isinstance(channel, WebchatChannel):
        _webchat(channel, path, config, findings)


def _webchat(channel: WebchatChannel, path: Path, config: Config, findings: Findings) -> None:
    for index, origin in enumerate(channel.allowed_origins):
        if not _is_origin(origin):
            mend = "write scheme and host only, such as https://shop.example"
            findings.error((*path, "allowed_origins", index), f'"{origin}" is not an origin', mend)
    if channel.human_button is not None:
        findings.name((*path, "human_button"), "events", channel.human_button, "event")
    for key, texts in (("title", channel.title), ("bot_name", channel.bot_name)):
        if isinstance(texts, dict):
            for language in texts:
                findings.language((*path, key, language), language, at_key=True)
    if channel.bot_avatar_url is not None and not _is_https(channel.bot_avatar_url):
        mend = "write it like https://host/bot.png; browsers load no other picture in the chat"
        findings.error((*path, "bot_avatar_url"), "it is not an https address", mend)


def _bots(config: Config, findings: Findings) -> None:
    for name, bot in config.bots.items():
        _bot(bot, ("bots", name), config, findings)


def _bot(bot: Bot, path: Path, config: Config, findings: Findings) -> None:
    if findings.is_given((*path, "flow")) == findings.is_given((*path, "http")):
        findings.error(path, "a bot is exactly one of `flow` and `http`", "keep one of the two keys")
    if bot.flow is not None:
        findings.name((*path, "flow"), "flows", bot.flow, "flow")
    if bot.http is not None:
        _endpoint(bot.http, (*path, "http"), config, findings)


def _endpoint(endpoint: Endpoint, path: Path, config: Config, findings: Findings) -> None:
    from openhandover.net.signatures import decode_secrets

    reachable = _address(endpoint.url, (*path, "url"), findings)
    if reachable and path[0] != "gateways":  # a gateway is called wherever it is
        _private(endpoint.url, (*path, "url"), config, findings)
    for key, secret in (("secret", endpoint.secret), ("old_secret", endpoint.old_secret)):
        if secret is None:
            continue
        try:
            usable = bool(decode_secrets(secret))
        except ValueError:
            usable = False
        if not usable:
            mend = "write whsec_ followed by base64, at least 24 random bytes"
            findings.error((*path, key), "it is not a webhook secret", mend)


def _agents(config: Config, findings: Findings) -> None:
    for name, agent in config.agents.items():
        if agent.password_hash is not None and not ARGON2.fullmatch(agent.password_hash):
            mend = "make one with: openhandover agent hash"
            findings.error(("agents", name, "password_hash"), "it is not an argon2id hash", mend)
    for name, provider in config.providers.items():
        if provider.type == "desk" and not findings.names("agents"):
            findings.warn(("providers", name), "nobody can work at this desk", "list people under `agents:`")


def _desk(config: Config, findings: Findings) -> None:
    seen: set[str] = set()
    for index, answer in enumerate(config.desk.canned):
        if answer is None:  # pyright: ignore[reportUnnecessaryComparison]  a broken entry keeps its place
            continue
        if answer.name.casefold() in seen:
            what = f'two ready answers are named "{answer.name}"'
            findings.error(
                ("desk", "canned", index, "name"), what, "agents find them by name: give each its own"
            )
        seen.add(answer.name.casefold())


def _intents(config: Config, findings: Findings) -> None:
    if not config.intents:
        return
    from openhandover.texts.intents import plain
    from openhandover.texts.patterns import PatternError, in_slashes, pattern

    for name, languages in config.intents.items():
        path: Path = ("intents", name)
        for language, phrases in languages.items():
            findings.language((*path, language), language, at_key=True)
            for index, phrase in enumerate(phrases):
                place = (*path, language, index)
                expression = in_slashes(phrase)
                if expression is None and not plain(phrase):
                    findings.error(
                        place, "a phrase without letters fits nothing", "write the words of the user"
                    )
                try:
                    pattern(expression or "")
                except PatternError as error:
                    findings.error(place, str(error), "mend the expression between the slashes")


def _system_texts(config: Config, findings: Findings) -> None:
    if not config.texts:
        return
    from openhandover.texts.catalogue import keys, override_problem

    for language, texts in config.texts.items():
        findings.language(("texts", language), language, at_key=True)
        for key, text in texts.items():
            path = ("texts", language, key)
            if key not in keys():
                findings.error(
                    path, "there is no system text of this name", nearest(key, sorted(keys())), at_key=True
                )
            elif problem := override_problem(key, text):
                what, _, mend = problem.partition("; ")
                findings.error(path, what, mend or "use only these words in braces")


def _limits(config: Config, findings: Findings) -> None:
    for index, entry in enumerate(config.outbound.allow):
        from openhandover.net.guard import (
            Guard,  # here, because it brings the HTTP client along: slow to import
        )

        try:
            Guard([entry])
        except ValueError as error:
            what, _, mend = str(error).partition("; ")
            place: Path = ("outbound", "allow", index)
            findings.error(place, what, mend or "write http://host:port, a host, or 10.0.0.0/8")
    for index, media_type in enumerate(config.uploads.types):
        if not MEDIA_TYPE.fullmatch(media_type):
            place = ("uploads", "types", index)
            findings.error(place, f'"{media_type}" is not a media type', "write it like image/png or image/*")
    for event, flow in config.events.items():
        findings.name(("events", event), "flows", flow, "flow")


def _address(url: str, path: Path, findings: Findings) -> bool:
    parts = _parts(url)
    if parts and parts.scheme in {"http", "https"}:
        return True
    findings.error(path, "it is not an http(s) address", "write it like https://host/path")
    return False


def _private(url: str, path: Path, config: Config, findings: Findings) -> None:
    """Tell now what every call would run into; names are judged when they are called."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        address = ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return
    from openhandover.net.guard import Guard

    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        may_be_called = Guard(config.outbound.allow).permits(host, port, address)
    except ValueError:
        return  # reported where it is written
    if not may_be_called:
        mend = f'add "{parts.scheme}://{parts.netloc.rpartition("@")[2]}" to `outbound.allow`'
        findings.warn(path, "it is a private address, and calls to those are refused", mend)


def _parts(url: str) -> SplitResult | None:
    """The parts of an address that names a host; None for anything else."""
    try:
        parts = urlsplit(url)
        names_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if names_host and not re.search(r"\s", url) else None


def _is_https(url: str) -> bool:
    parts = _parts(url)
    return parts is not None and parts.scheme == "https"


def _is_origin(url: str) -> bool:
    parts = _parts(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        return False
    return not (
        parts.path.strip("/") or parts.query or parts.fragment or parts.username or "*" in parts.netloc
    )


def is_loopback(url: str) -> bool:
    """Whether only this machine reaches the address."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
