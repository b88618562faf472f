"""A small SMTP server on a real port: RFC 5321 as far as one mail needs it, strict about the order of commands."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """What arrived. `refuse` maps a command to the line it is answered with."""

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from greeting to QUIT."""

        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 test ESMTP")
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            command = line.partition(" ")[0].upper()
            if command in self.refuse:
                await say(self.refuse[command])
                continue
            match command:
                case "EHLO":
                    names = ["test", *self.extensions]
                    for name in names[:-1]:
                        await say(f"250-{name}")
                    await say(f"250 {names[-1]}")
                case "AUTH":
                    self.logins.append(base64.b64decode(line.split()[2]))
                    await say("235 welcome")
                case "RCPT":
                    self.recipients.append(line.partition("<")[2].partition(">")[0])
                    await say("250 ok")
                case "DATA":
                    await say("354 go on")
                    self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
                    await say("250 taken")
                case "QUIT":
                    await say("221 bye")
                    break
                case "MAIL" | "RSET" | "NOOP":
                    await say("250 ok")
                case _:
                    await say("502 what?")
        writer.close()


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """Serve on a free loopback port."""
    box = Mailbox()
    server = await asyncio.start_server(box.talk, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box
