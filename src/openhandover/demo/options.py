"""What the command line may ask of the demo."""

from pathlib import Path

from msgspec import Struct


class Options(Struct, frozen=True):
    """Port 0 takes a free one."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    fresh: bool = False
    """Forget what was said before."""
    simulate: bool = False
    """Let scripted visitors and agents work."""
    chaos: bool = False
    """The same, with a page that breaks things."""
    pace: float = 1.0
    """How much faster than people the simulation is."""
    seed: int | None = None
    """Repeat the same visitors."""
