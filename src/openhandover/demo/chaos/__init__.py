"""Chaos: a supervisor that breaks the demo on request, while visitors and agents go on and everything is counted."""

from .supervisor import Supervisor, supervise

__all__ = ["Supervisor", "supervise"]
