"""The typed tree of `openhandover.yaml`: attribute names are the YAML keys (a Python keyword gets a trailing `_`).

Everything is frozen: a running process never changes its configuration, it loads a new one.
Descriptions here are the help of the JSON Schema and of the reference page.
"""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct, field

from openhandover.channels.cm.settings import Settings as CmSettings
from openhandover.config.hours import Hours
from openhandover.core.settings import Secret, Template, Texts
from openhandover.core.step import HandoverStep
from openhandover.flow.steps import Step
from openhandover.texts.redaction import Kind

Scope = Literal["conversations", "handovers", "analytics", "desk", "admin"]
Return = Literal["message", "call"]
Attachments = Literal["human", "always", "never"]
Name = Annotated[str, Meta(min_length=1)]
Seconds = Annotated[float, Meta(ge=0)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every part of the file: frozen, keywords only, unknown keys refused."""


class Server(Section, frozen=True):
    """Where the server listens and what the world calls it."""

    host: Annotated[str, Meta(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 takes a free one")] = 8080
    public_url: Annotated[
        str | None,
        Meta(description="origin under which users and desks reach the server; https outside loopback"),
    ] = None


class ApiKey(Section, frozen=True):
    """One key for the HTTP API."""

    name: Annotated[Name, Meta(description="shown in the log instead of the key")]
    key: Annotated[Secret, Meta(description="the key itself, at least 16 characters", min_length=16)]
    scopes: Annotated[tuple[Scope, ...], Meta(min_length=1, description="what the key may do")]
    agent: Annotated[str | None, Meta(description="with scope `desk`: the agent that this key acts for")] = (
        None
    )


class Api(Section, frozen=True):
    """Access to the HTTP API."""

    keys: tuple[ApiKey, ...] = ()
    presence_secret: Annotated[
        Secret | None,
        Meta(min_length=16, description="who knows it may call `/presence/{provider}`; absent: not served"),
    ] = None


class Languages(Section, frozen=True):
    """The languages that users may speak."""

    default: Annotated[str, Meta(description="when nothing else is known")] = "en"
    supported: Annotated[tuple[str, ...], Meta(min_length=1, description="ISO 639-1 codes")] = (
        "en",
        "nl",
        "de",
        "es",
        "fr",
    )


class Translation(Section, frozen=True):
    """How messages between user and agent are translated."""

    engine: Annotated[
        Literal["none", "libretranslate", "deepl", "apertium", "openai"],
        Meta(description="none: nothing is translated; openai: any server with its chat completions API"),
    ] = "none"
    url: Annotated[
        str | None, Meta(description="base address of the engine; deepl and openai have one by default")
    ] = None
    key: Secret | None = None
    model: Annotated[str | None, Meta(description="for openai: the model's name")] = None


class Summaries(Section, frozen=True):
    """Who words the summary of a digest: a language model behind the chat completions API."""

    model: Annotated[str, Meta(description="the model's name", min_length=1)]
    url: Annotated[str, Meta(description="base address, up to /v1")] = "https://api.openai.com/v1"
    key: Secret | None = None


class Endpoint(Section, frozen=True):
    """An address that we call with signed requests (Standard Webhooks)."""

    url: Annotated[str, Meta(description="http(s) address")]
    secret: Annotated[Secret, Meta(description="whsec_<base64>")]
    old_secret: Annotated[Secret | None, Meta(description="also valid while you rotate the secret")] = None


class Identity(Section, frozen=True):
    """How the site that embeds the chat vouches for its visitors: JSON Web Tokens, signed by HS256."""

    secret: Annotated[Secret, Meta(description="shared with the site's own server", min_length=32)]


class WebchatChannel(Section, frozen=True, tag_field="type", tag="webchat"):
    """The web chat: a full page and an embedded widget."""

    bot: Annotated[str | None, Meta(description="name under `bots:`")] = None
    provider: Annotated[str | None, Meta(description="provider of handovers that name none")] = None
    allowed_origins: Annotated[tuple[str, ...], Meta(description="sites that may embed the chat")] = ()
    attachments: Annotated[Attachments, Meta(description="when the user may send files")] = "human"
    return_: Annotated[Return, Meta(description="what gives the floor back after a transfer")] = field(
        default="message", name="return"
    )
    human_button: Annotated[
        str | None, Meta(description="event fired by the button that asks for a person")
    ] = None
    end_button: Annotated[bool, Meta(description="whether the visitor can end the chat by a button")] = True
    sound: Annotated[bool, Meta(description="whether a message sounds until the visitor says otherwise")] = (
        False
    )
    title: Annotated[Texts | None, Meta(description="heading of the chat")] = None
    bot_name: Annotated[Texts | None, Meta(description="the bot's name beside its messages")] = None
    bot_avatar_url: Annotated[str | None, Meta(description="the bot's picture; an https address")] = None
    identity: Annotated[Identity | None, Meta(description="verified identity of visitors")] = None


class ApiChannel(Section, frozen=True, tag_field="type", tag="api"):
    """A channel of your own, connected through the HTTP API."""

    bot: Annotated[str | None, Meta(description="name under `bots:`; absent: the bot lives outside")] = None
    provider: Annotated[str | None, Meta(description="provider of handovers that name none")] = None
    webhook: Annotated[Endpoint | None, Meta(description="gets what the user must see")] = None
    attachments: Annotated[Attachments, Meta(description="when the user may send files")] = "always"
    return_: Annotated[Return, Meta(description="what gives the floor back after a transfer")] = field(
        default="message", name="return"
    )


class Speech(Section, frozen=True):
    """How a language sounds on the phone."""

    language: Annotated[str, Meta(description="BCP 47 tag, such as nl-NL")]
    voice: Annotated[str | None, Meta(description="the phone company's name of a voice")] = None


class PhoneChannel(Section, frozen=True, tag_field="type", tag="phone"):
    """Phone calls that a flow answers; a gateway of type `twilio` holds them."""

    attachments: ClassVar[Attachments] = "never"

    gateway: Annotated[Name, Meta(description="name under `gateways:`, of type `twilio`")]
    bot: Annotated[Name, Meta(description="name under `bots:`; it must be a flow")]
    provider: Annotated[str | None, Meta(description="provider of handovers that name none")] = None
    language: Annotated[str | None, Meta(description="what callers are greeted in; absent: the default")] = (
        None
    )
    speech: Annotated[dict[str, Speech], Meta(description="language -> how it sounds")] = {}
    silence_s: Annotated[int, Meta(ge=1, le=60, description="so long a caller may be silent")] = 5
    silences: Annotated[
        int, Meta(ge=0, le=10, description="so often an unanswered question is repeated; then we hang up")
    ] = 2
    return_: Annotated[Return, Meta(description="what gives the floor back after a transfer")] = field(
        default="message", name="return"
    )


class CmChannel(CmSettings, frozen=True, tag_field="type", tag="cm"):
    """A channel of CM.com: our bot is an adapter of its Conversational Router."""

    bot: Annotated[str | None, Meta(description="name under `bots:`")] = None
    provider: Annotated[str | None, Meta(description="provider of handovers that name none")] = None
    attachments: Annotated[Attachments, Meta(description="when the user may send files")] = "always"
    return_: Annotated[Return, Meta(description="what gives the floor back after a transfer")] = field(
        default="call", name="return"
    )


Channel = WebchatChannel | ApiChannel | PhoneChannel | CmChannel


class Bot(Section, frozen=True):
    """Who answers while the floor is the bot's: exactly one of `flow` and `http`."""

    flow: Annotated[str | None, Meta(description="name under `flows:`")] = None
    http: Annotated[Endpoint | None, Meta(description="your own bot")] = None


class Provider(Section, frozen=True):
    """One configured provider. `settings` holds the keys of its type, as `providers.<type>.settings.Settings`."""

    type: Annotated[str, Meta(description="which kind of provider")]
    hours: Annotated[Hours | None, Meta(description="opening hours; absent: always open")] = None
    language: Annotated[str | None, Meta(description="language that its agents read")] = None
    return_: Annotated[Return | None, Meta(description="absent: as its type does")] = field(
        default=None, name="return"
    )
    settings: Any = None


class Tool(Section, frozen=True, kw_only=True):
    """Named steps that an LLM may call; they may end in a handover."""

    description: Annotated[str, Meta(min_length=1, description="tells the LLM when to call it")]
    parameters: Annotated[
        dict[str, Any],
        Meta(description="JSON Schema of an object; its properties are variables of the steps"),
    ] = field(default_factory=lambda: {"type": "object", "properties": {}})
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, description="as in a flow, but none may wait")]
    output: Annotated[
        Any, Meta(description="what the LLM gets: a template, or a structure of them; not after a handover")
    ] = None


ToolName = Annotated[
    str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$", description="letters, digits, `_` and `-`, at most 64")
]


class WebhookGateway(Endpoint, frozen=True, tag_field="type", tag="webhook"):
    """Phone calls that something of your own holds: it gets what to do with them as signed webhooks."""


class TwilioGateway(Section, frozen=True, tag_field="type", tag="twilio"):
    """A Twilio account whose numbers call our channels of type `phone`."""

    account_sid: Annotated[
        str, Meta(description="AC..., from Twilio's console", pattern="^AC[0-9a-fA-F]{32}$")
    ]
    auth_token: Annotated[Secret, Meta(description="signs Twilio's requests", min_length=16)]
    old_auth_token: Annotated[Secret | None, Meta(description="also valid while you rotate the token")] = None
    caller_id: Annotated[
        str | None, Meta(description="number shown to the human who is called; absent: Twilio's choice")
    ] = None
    ring_s: Annotated[int, Meta(ge=5, le=600, description="so long a human's phone rings")] = 25


GatewayBlock = WebhookGateway | TwilioGateway


class Agent(Section, frozen=True):
    """A person at the built-in desk; the key of the map is the log-in name."""

    name: Annotated[Name, Meta(description="shown to the user")]
    password_hash: Annotated[
        Secret | None, Meta(description="argon2id hash from `openhandover agent hash`; absent: cannot log in")
    ] = None
    inboxes: tuple[str, ...] = ("default",)
    skills: tuple[str, ...] = ()
    languages: Annotated[tuple[str, ...], Meta(description="empty: every language")] = ()
    capacity: Annotated[int, Meta(ge=1, description="open conversations at a time")] = 3
    role: Literal["agent", "supervisor"] = "agent"
    avatar_url: str | None = None


class Canned(Section, frozen=True):
    """A ready answer that agents may insert."""

    name: Name
    text: Template


class Desk(Section, frozen=True):
    """The built-in desk."""

    canned: tuple[Canned, ...] = ()
    session_hours: Annotated[float, Meta(gt=0, le=168, description="how long a log-in lasts")] = 12
    away_after_s: Annotated[
        Seconds,
        Meta(description="the page sets an online agent to away after this long without input; 0: never"),
    ] = 600
    offline_after_s: Annotated[
        Seconds, Meta(description="an agent whose browser has gone is offline after this long; 0: never")
    ] = 120


class Defaults(Section, frozen=True):
    """Keys that every handover step gets unless it sets them itself."""

    handover: HandoverStep = HandoverStep()


class Redaction(Section, frozen=True):
    """What is blacked out for whom."""

    to_agent: tuple[Kind, ...] = ("card",)
    to_log: Annotated[tuple[Kind, ...], Meta(description="in what `explain` tells of free words")] = (
        "card",
        "iban",
        "email",
        "phone",
    )


class Retention(Section, frozen=True):
    """How long texts and files are kept; figures without text stay."""

    messages_days: Annotated[int, Meta(ge=0, description="0 keeps them for ever")] = 90
    files_days: Annotated[int, Meta(ge=0, description="0 keeps them for ever")] = 30


class Outbound(Section, frozen=True):
    """Private targets that flow calls, attachments and webhooks may reach all the same."""

    allow: Annotated[tuple[str, ...], Meta(description="origins, hosts or CIDRs")] = ()


class Uploads(Section, frozen=True):
    """Which files are taken."""

    max_bytes: Annotated[int, Meta(ge=1)] = 10 * 1024 * 1024
    types: Annotated[tuple[str, ...], Meta(description="media types; `image/*` stands for all of a kind")] = (
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "application/pdf",
        "text/plain",
        "audio/*",
        "video/mp4",
    )


class Rate(Section, frozen=True):
    """So many requests in so many seconds."""

    count: Annotated[int, Meta(ge=1)]
    per_s: Annotated[float, Meta(gt=0)]


class RateLimits(Section, frozen=True):
    """Limits by who calls; null switches one off."""

    api_key: Annotated[Rate | None, Meta(description="requests of one API key")] = None
    visitor: Annotated[Rate | None, Meta(description="messages of one web chat visitor")] = Rate(
        count=30, per_s=10
    )
    address: Annotated[Rate | None, Meta(description="new web chats and log-ins from one address")] = Rate(
        count=120, per_s=60
    )


class Logging(Section, frozen=True):
    """The process log (never message text)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Config(Section, frozen=True):
    """The whole file."""

    server: Server = Server()
    store: Annotated[str, Meta(description="sqlite:<path>")] = "sqlite:openhandover.db"
    api: Api = Api()
    languages: Languages = Languages()
    translation: Translation = Translation()
    summaries: Annotated[
        Summaries | None, Meta(description="absent: the summary is a sentence from the facts")
    ] = None
    channels: dict[str, Channel] = {}
    bots: dict[str, Bot] = {}
    providers: dict[str, Provider] = {}
    agents: dict[str, Agent] = {}
    gateways: Annotated[dict[str, GatewayBlock], Meta(description="who holds phone calls")] = {}
    desk: Desk = Desk()
    intents: Annotated[
        dict[str, dict[str, tuple[str, ...]]],
        Meta(description="intent -> language -> phrases; /.../ is a regex"),
    ] = {}
    events: Annotated[dict[str, str], Meta(description="event name -> flow")] = {}
    flows: dict[str, tuple[Step, ...]] = {}
    tools: Annotated[dict[ToolName, Tool], Meta(description="what an LLM may call")] = {}
    texts: Annotated[
        dict[str, dict[str, Template]], Meta(description="language -> system text -> wording")
    ] = {}
    defaults: Defaults = Defaults()
    redaction: Redaction = Redaction()
    retention: Retention = Retention()
    outbound: Outbound = Outbound()
    uploads: Uploads = Uploads()
    rate_limits: RateLimits = RateLimits()
    log: Logging = Logging()
