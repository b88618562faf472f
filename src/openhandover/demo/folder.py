"""The demo's folder: its database, and the secrets that only this demo knows."""

import base64
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from msgspec import Struct

from openhandover.config.load import load_text
from openhandover.config.model import Config
from openhandover.core.errors import ConfigError

CONFIG = Path(__file__).parent / "openhandover.yaml"
TEAM = ("carla", "diego", "emma")
"""They are played by scripts."""


class Secrets(Struct, frozen=True):
    """Made on the first start and kept with the database. Hashes too: a new one ends the sessions at the desk."""

    api_key: str
    partner_secret: str
    anna: str
    ben: str
    team: str
    anna_hash: str
    ben_hash: str
    team_hash: str


def opened(folder: Path, *, fresh: bool) -> Secrets:
    """The secrets of a folder; it is made when it is not there, and emptied first when `fresh`.

    Raises:
        ConfigError: it cannot be used.
    """
    try:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = folder / "secrets.json"
        if not kept.exists():
            kept.touch(mode=0o600)
            kept.write_bytes(msgspec.json.encode(_made()))
        return msgspec.json.decode(kept.read_bytes(), type=Secrets)
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"cannot use the folder {folder}: {error}; try --fresh or another --folder"
        ) from error


def _made() -> Secrets:
    hasher, anna, ben, team = PasswordHasher(), _password(), _password(), _password()
    return Secrets(
        api_key=secrets.token_urlsafe(24),
        partner_secret=f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
        anna=anna,
        ben=ben,
        team=team,
        anna_hash=hasher.hash(anna),
        ben_hash=hasher.hash(ben),
        team_hash=hasher.hash(team),
    )


def _password() -> str:
    """Short enough to type from the terminal; the log-in locks out guessers."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(2))


def environment(folder: Path, known: Secrets, partner_url: str) -> Mapping[str, str]:
    """What the demo's configuration file takes from outside."""
    return {
        "DEMO_FOLDER": str(folder.absolute()),
        "DEMO_API_KEY": known.api_key,
        "DEMO_PARTNER_URL": partner_url,
        "DEMO_PARTNER_SECRET": known.partner_secret,
        "DEMO_ANNA_HASH": known.anna_hash,
        "DEMO_BEN_HASH": known.ben_hash,
        "DEMO_TEAM_HASH": known.team_hash,
    }


def config_of(values: Mapping[str, str]) -> Config:
    """The demo's configuration."""
    return load_text(CONFIG.read_text("utf-8"), environ=values)
