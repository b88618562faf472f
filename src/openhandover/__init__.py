"""The open handover server between AI agents and human contact centres."""

__version__ = "0.1.0"
