"""Files kept by us: on disk under names of our own, registered in the store, read through signed links."""

import asyncio
import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from openhandover.store.port import Store, Upload

LINK_S = 24 * 3600
"""A link lives this long at least."""
STEP_S = 3600
"""Links made in the same hour are equal, so that a repeated answer is the same answer."""


class FileStore:
    """The files in `folder`; `base_url` is where the server is reached, and begins every link."""

    def __init__(self, store: Store, folder: Path, base_url: str = "") -> None:
        self.folder = folder
        self.base_url = base_url.rstrip("/")
        self._store = store
        self._secret = b""

    async def start(self) -> None:
        """Make the folder and the secret of the links, unless they are there; the store must have started."""
        await asyncio.to_thread(self.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        self._secret = await self._store.put_new("secret", "files", secrets.token_bytes(32))

    async def add(self, upload: Upload, source: Path) -> Upload:
        """Take over the file at `source` (in `folder`) and register it; answers the one already known by its id.

        The bytes are in place before the registration, so a registered file is always there."""
        place = self.path(upload)
        await asyncio.to_thread(_move, source, place)
        kept = await self._store.add_upload(upload)
        if self.path(kept) != place:
            await asyncio.to_thread(place.unlink, missing_ok=True)
        return kept

    async def keep(self, upload: Upload, content: bytes) -> Upload:
        """The same for content at hand."""
        return await self.add(upload, await asyncio.to_thread(_write, self.folder, content))

    def path(self, upload: Upload) -> Path:
        """Where its bytes lie. An id may be any text, so it never becomes a name."""
        return self.folder / f"{_name(upload.id)}-{upload.sha256[:16]}"

    async def remove(self, upload_ids: Iterable[str]) -> None:
        """Delete the bytes of these ids; what is gone already is fine."""
        await asyncio.to_thread(self._remove, [_name(upload_id) for upload_id in upload_ids])

    def _remove(self, names: list[str]) -> None:
        for name in names:
            for path in self.folder.glob(f"{name}-*"):
                path.unlink(missing_ok=True)

    def url(self, upload_id: str, now: float) -> str:
        """A link that needs no header and lives a day."""
        expires_at = (int(now) // STEP_S + 1) * STEP_S + LINK_S
        signature = f"{expires_at}.{self._sign(upload_id, expires_at)}"
        return f"{self.base_url}/v1/files/{quote(upload_id, safe='')}?sig={signature}"

    def verify(self, upload_id: str, signature: str, now: float) -> bool:
        """Whether this is the signature of a link to this file that still lives."""
        end, _, given = signature.partition(".")
        if not (end.isascii() and end.isdigit()) or len(end) > 12 or int(end) <= now:
            return False
        return hmac.compare_digest(self._sign(upload_id, int(end)).encode(), given.encode("utf-8", "replace"))

    def _sign(self, upload_id: str, expires_at: int) -> str:
        text = f"{expires_at}:{upload_id}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()[:40]


def _name(upload_id: str) -> str:
    return hashlib.sha256(upload_id.encode()).hexdigest()[:40]


def _move(source: Path, place: Path) -> None:
    source.replace(place)
    place.chmod(0o600)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(folder: Path, content: bytes) -> Path:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".upload-", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(file.name)
