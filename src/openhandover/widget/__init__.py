"""The web chat on the wire: its page and script, the calls that start a conversation, and the visitors' sockets.

What may be said and seen is decided in `openhandover.channels.webchat`.
"""
