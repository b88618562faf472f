"""Plays the guide of README.md from end to end: an emulated CM.com, a real server, a real browser; or leaves them to you.

python examples/web-conversations-msc/run.py            # plays it and prints each step; fails when a step fails
python examples/web-conversations-msc/run.py --watch    # starts everything, and you are visitor and agent
"""

import argparse
import asyncio
import os
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from openhandover.emulators.cm import CmEmulator

CONFIG = Path(__file__).with_name("openhandover.yaml")
START_S = 30


class Failed(Exception):
    """The server did not start, or a step did not go as the guide says."""


@asynccontextmanager
async def serving(cm: CmEmulator, folder: str) -> AsyncIterator[str]:
    """`openhandover serve` with the example's configuration, known to the Router; answers its address."""
    secret = secrets.token_urlsafe()
    account = cm.account
    given = {
        "DATABASE": f"{folder}/openhandover.db",
        "CM_URL": cm.url,
        "CM_PRESENCE_URL": f"{cm.url}/api/v1",
        "CM_TECHNICAL_LINK_ID": account.technical_link_id,
        "CM_PRODUCT_TOKEN": account.product_token,
        "CM_PRESENCE_KEY": account.presence_key,
        "CM_ADAPTER_ID": account.adapters["outside"].id,
        "CM_SECRET": secret,
    }
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "openhandover", "serve", "--config", str(CONFIG), "--port", "0"),
        env=os.environ | given,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert server.stdout is not None
    reading = None
    try:
        url = await address(server.stdout)
        reading = asyncio.create_task(server.stdout.read())  # what it logs later must not fill the pipe
        cm.call_back("outside", f"{url}/webhooks/msc", {"X-Openhandover-Secret": secret})
        yield url
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()
        if reading is not None:
            await reading


async def address(output: asyncio.StreamReader) -> str:
    """Where the server listens, as soon as it says so."""
    said = ""
    try:
        async with asyncio.timeout(START_S):
            async for line in output:
                said += line.decode(errors="replace")
                if found := re.search(r"url=(http://\S+)", said):
                    return found[1]
    except TimeoutError:
        raise Failed(f"the server was not ready after {START_S} s:\n{said}") from None
    raise Failed(f"the server did not start:\n{said}")


async def played() -> None:
    """Everything started, and `play.py` at the browser."""
    try:
        import play  # here: watching needs no browser of ours
    except ModuleNotFoundError as error:
        raise Failed(
            f"playing needs the package {error.name}; install it, or look yourself with --watch"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        async with CmEmulator() as cm, serving(cm, folder) as url:
            try:
                await play.play(cm, url)
            except play.Failed as error:
                raise Failed(str(error)) from error


async def watch() -> None:
    """Everything started, and left to a person."""
    with tempfile.TemporaryDirectory() as folder:
        async with CmEmulator() as cm, serving(cm, folder) as url:
            print(f"You are the visitor: {url}/chat/web")
            print(f"You are the agent:   {cm.url}/emulator/   (go online first)")
            print("Ctrl-C ends it.", flush=True)
            stopped = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stopped.set)
            await stopped.wait()


def main() -> int:
    """Exit status: 0 when every step went well."""
    parser = argparse.ArgumentParser(description="Plays the guide of README.md.")
    parser.add_argument("--watch", action="store_true", help="start everything and leave it running")
    try:
        asyncio.run(watch() if parser.parse_args().watch else played())
    except Failed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
