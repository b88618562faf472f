"""From the configuration to who receives what: channels, bots, translation, and what the core must know of them."""

from typing import Literal

from openhandover.bots.http import HttpBot
from openhandover.channels.api import ApiChannel
from openhandover.channels.cm.adapter import Adapter as CmAdapter
from openhandover.config.model import ApiChannel as ApiChannelBlock, CmChannel, Config
from openhandover.core.turn import Rules
from openhandover.net.client import HttpClient
from openhandover.texts.catalogue import Catalogue
from openhandover.translation import Translator, translator

from .delivery import Receiver
from .flows import Flows
from .parts import Parts
from .present import Link
from .receivers import Accept, BotWebhook, ChannelWebhook, Fetching, Messages, Present
from .summaries import Summaries
from .work import Work


def rules_of(config: Config, texts: Catalogue) -> Rules:
    """What the core asks about channels and bots by name."""

    def channel(name: str) -> Literal["webhook", "socket", "pull"]:
        block = config.channels.get(name)
        if block is None:
            return "pull"
        if isinstance(block, ApiChannelBlock):
            return "webhook" if block.webhook else "pull"
        return "webhook" if isinstance(block, CmChannel) else "socket"

    def bot(name: str | None) -> Literal["none", "http", "flow"]:
        block = config.bots.get(name) if name else None
        if block is None:
            return "none"
        return "http" if block.http else "flow"

    def attachments(name: str) -> Literal["human", "always", "never"]:
        block = config.channels.get(name)
        return block.attachments if block else "always"

    return Rules(channel, bot, attachments, texts.duration, config.summaries is not None)


def translator_of(config: Config, http: HttpClient) -> Translator:
    """The configured translation engine, or the one that translates nothing."""
    block = config.translation
    return translator(block.engine, http, url=block.url, key=block.key, model=block.model)


def summaries_of(config: Config, http: HttpClient, work: Work) -> Summaries | None:
    """Who words summaries, where somebody is configured."""
    if config.summaries is None:
        return None
    hidden = config.redaction.to_agent
    return Summaries(config.summaries, http, work, language=config.languages.default, hidden=hidden)


def channels_of(parts: Parts, present: Present, link: Link) -> dict[str, Receiver]:
    """The receivers of user lanes by channel; a socket is none, it acknowledges what it got."""
    channels: dict[str, Receiver] = {}
    for name, block in parts.config.channels.items():
        if isinstance(block, CmChannel):
            channels[name] = Messages(CmAdapter(name, block, parts.http), link)
        if not isinstance(block, ApiChannelBlock):
            continue
        channels[name] = Fetching()
        if block.webhook:
            hook = block.webhook
            sender = ApiChannel(name, hook.url, (hook.secret, hook.old_secret), parts.http, parts.guard)
            channels[name] = ChannelWebhook(sender, present)
    return channels


def bots_of(parts: Parts, flows: Flows, present: Present, accept: Accept) -> dict[str, Receiver]:
    """The receivers of bot lanes by bot."""
    bots: dict[str, Receiver] = {}
    for name, block in parts.config.bots.items():
        if block.http:
            hook = block.http
            bot = HttpBot(name, hook.url, (hook.secret, hook.old_secret), parts.http, parts.guard)
            bots[name] = BotWebhook(bot, present, accept)
        elif block.flow:
            bots[name] = flows.bot(block.flow)
    return bots
