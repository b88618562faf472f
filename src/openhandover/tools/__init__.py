"""Tools for language models: what they may call, how a call runs, and how they reach us (HTTP, MCP)."""
