"""Scripted visitors and agents, who use the demo as people do: web chat socket, desk API, the partner's desk."""

from .simulation import Simulation, Team

__all__ = ["Simulation", "Team"]
