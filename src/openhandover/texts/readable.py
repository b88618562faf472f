"""A message as plain words, for whoever takes nothing else."""

from openhandover.core.model import Message

_SIDES = {"user": "User", "bot": "Bot", "agent": "Agent", "system": "System"}


def author(message: Message) -> str:
    """Whose words these are: their name where it is known, else their side."""
    return message.author_name or _SIDES[message.author]


def said(message: Message) -> str:
    """The text in its reader's language: the translation, where there is one."""
    return message.translation.text if message.translation else message.text


def links(message: Message) -> list[str]:
    """Each file by name and address."""
    return [f"{file.name}: {file.url}" if file.name else file.url for file in message.attachments]


def words(message: Message) -> str:
    """The text, and below it the files; a part that is empty is left out."""
    return "\n".join(part for part in (said(message), *links(message)) if part)
