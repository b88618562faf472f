"""What a file is, by its first bytes. A declared type is believed only where the bytes allow it."""

from typing import NamedTuple

OCTETS = "application/octet-stream"


class Magic(NamedTuple):
    """`content_type` of files that have `mark` at `offset`."""

    offset: int
    mark: bytes
    content_type: str


# Signatures as in the WHATWG MIME Sniffing standard (section 6) and the formats' own specifications.
MAGIC = (
    Magic(0, b"\x89PNG\r\n\x1a\n", "image/png"),
    Magic(0, b"\xff\xd8\xff", "image/jpeg"),
    Magic(0, b"GIF87a", "image/gif"),
    Magic(0, b"GIF89a", "image/gif"),
    Magic(0, b"II*\x00", "image/tiff"),
    Magic(0, b"MM\x00*", "image/tiff"),
    Magic(0, b"%PDF-", "application/pdf"),
    Magic(0, b"{\\rtf", "application/rtf"),
    Magic(0, b"PK\x03\x04", "application/zip"),
    Magic(0, b"\x1f\x8b\x08", "application/gzip"),
    Magic(0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    Magic(0, b"Rar!\x1a\x07", "application/vnd.rar"),
    Magic(0, b"OggS\x00", "audio/ogg"),
    Magic(0, b"fLaC", "audio/flac"),
    Magic(0, b"#!AMR", "audio/amr"),
    Magic(0, b"ID3", "audio/mpeg"),
    Magic(0, b"\xff\xfb", "audio/mpeg"),
    Magic(0, b"\xff\xf3", "audio/mpeg"),
    Magic(0, b"\xff\xf2", "audio/mpeg"),
    Magic(0, b"\x1a\x45\xdf\xa3", "video/webm"),
    Magic(8, b"WEBP", "image/webp"),
    Magic(8, b"WAVE", "audio/wav"),
    Magic(4, b"ftyphei", "image/heic"),
    Magic(4, b"ftypmif1", "image/heif"),
    Magic(4, b"ftypavif", "image/avif"),
    Magic(4, b"ftypM4A", "audio/mp4"),
    Magic(4, b"ftypqt", "video/quicktime"),
    Magic(4, b"ftyp", "video/mp4"),
)

# Container formats: the declared type may be finer than what the first bytes tell.
FINER = {
    "application/zip": (
        "application/vnd.openxmlformats-officedocument.",
        "application/vnd.oasis.opendocument.",
    ),
    "audio/ogg": ("video/ogg",),
    "video/webm": ("audio/webm", "video/x-matroska"),
    "video/mp4": ("audio/mp4",),
}

# Text that no browser runs; every other text becomes text/plain.
PLAIN_TEXTS = frozenset({"text/csv", "text/calendar", "text/vcard", "text/markdown", "application/json"})


def content_type(content: bytes, declared: str = "") -> str:
    """The type to store and serve: never one that a browser would run."""
    wanted = declared.partition(";")[0].strip().lower()
    for magic in MAGIC:
        if content.startswith(magic.mark, magic.offset):
            finer = FINER.get(magic.content_type, ())
            return wanted if wanted.startswith(finer) else magic.content_type
    if not _is_text(content[:4096]):
        return OCTETS
    return wanted if wanted in PLAIN_TEXTS else "text/plain"


def _is_text(start: bytes) -> bool:
    if any(byte < 0x20 and byte not in b"\t\n\r\f\x1b" for byte in start):
        return False
    try:
        start.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(start) - 3  # a character cut in two by the limit
    return True
