"""Durable state behind one port (`port.py`); `sqlite/` is the embedded store."""
