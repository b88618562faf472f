"""The demo: web chat, desk and analytics with two agents and a partner's desk, on this machine, with one command."""

import importlib.util
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from aiohttp import web
from argon2 import PasswordHasher
from msgspec import Struct

from openhandover.config.load import load_text
from openhandover.config.model import Config
from openhandover.core.errors import ConfigError
from openhandover.web.serve import Running, obey_signals, start

HERE = Path(__file__).parent
CONFIG = HERE / "openhandover.yaml"
DESKS = (HERE / "desk" / "http_desk.py", HERE.parents[2] / "examples" / "http_desk.py")
"""Where the partner's desk lies: in an installed package, or in the repository."""


class Secrets(Struct, frozen=True):
    """What only this demo knows; made on its first start and kept with its database."""

    api_key: str
    partner_secret: str
    anna: str
    ben: str
    anna_hash: str
    ben_hash: str
    """Kept too: a new hash at every start would end the sessions at the desk."""


async def run(folder: Path, *, host: str, port: int, fresh: bool) -> None:
    """Run the demo until SIGTERM or SIGINT. `fresh` forgets what was said before; port 0 takes a free one.

    Raises:
        ConfigError: the port is taken, or the folder cannot be written.
    """
    known = _folder(folder, fresh=fresh)
    desk = _partner(known.partner_secret)
    runner = web.AppRunner(desk.app(), handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    partner_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        config = _config(folder, known, partner_url)
        running = await start(config, host=host, port=port)
        obey_signals(running)
        desk.webhooks = f"{running.url}/webhooks/partner"
        sys.stdout.write(greeting(running, known, partner_url))
        sys.stdout.flush()
        await running.ended
    finally:
        await runner.cleanup()


def _folder(folder: Path, *, fresh: bool) -> Secrets:
    """The demo's folder with its secrets; made when it is not there."""
    try:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = folder / "secrets.json"
        if not kept.exists():
            hasher, anna, ben = PasswordHasher(), _password(), _password()
            made = Secrets(
                api_key=secrets.token_urlsafe(24),
                partner_secret=f"whsec_{_base64(secrets.token_bytes(24))}",
                anna=anna,
                ben=ben,
                anna_hash=hasher.hash(anna),
                ben_hash=hasher.hash(ben),
            )
            kept.write_bytes(msgspec.json.encode(made))
            kept.chmod(0o600)
        return msgspec.json.decode(kept.read_bytes(), type=Secrets)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"cannot use the folder {folder}: {error}; try --fresh or another --folder"
        ) from error


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()


def _password() -> str:
    """Short enough to type from the terminal; the log-in locks out guessers."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(2))


def _config(folder: Path, known: Secrets, partner_url: str) -> Config:
    values: Mapping[str, str] = {
        "DEMO_FOLDER": str(folder.absolute()),
        "DEMO_API_KEY": known.api_key,
        "DEMO_PARTNER_URL": partner_url,
        "DEMO_PARTNER_SECRET": known.partner_secret,
        "DEMO_ANNA_HASH": known.anna_hash,
        "DEMO_BEN_HASH": known.ben_hash,
    }
    return load_text(CONFIG.read_text("utf-8"), environ=values)


def _partner(secret: str) -> Any:
    """The desk of `examples/http_desk.py`, loaded from its file because it is an example and not a part of us."""
    place = next((path for path in DESKS if path.is_file()), None)
    if place is None:
        raise ConfigError("the partner's desk (http_desk.py) is missing from this installation")
    spec = importlib.util.spec_from_file_location("openhandover_demo_desk", place)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.Desk(secret)


def greeting(running: Running, known: Secrets, partner_url: str) -> str:
    """What the terminal shows once everything answers."""
    base = running.url
    return f"""
  openhandover demo

  Web chat     {base}/chat/web
  Agent desk   {base}/desk         anna / {known.anna}    ben / {known.ben}
  Analytics    {base}/analytics    log in at the desk first (anna)
  API          {base}/docs         key {known.api_key}
  Partner desk {partner_url}       where conversations go when none of your agents is there

  Open the desk, log in as anna and go online; then open the chat in another window and ask for a person.
  Ctrl-C ends it; what was said is kept until you start with --fresh.

"""
