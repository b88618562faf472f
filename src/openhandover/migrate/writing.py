"""The new configuration as text."""

from typing import Any

import yaml

from .halo import VARIABLES, Migrated

_HEAD = """\
# From {name}. Secrets and ids come from the environment: {variables}.
# Add the rest of your configuration, then: openhandover check
"""


class _Writer(yaml.SafeDumper):
    """Lists of words stay on one line."""


def _items(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.Node:
    words = all(isinstance(item, str) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=words)


_Writer.add_representer(list, _items)


def text(made: Migrated, name: str) -> str:
    """YAML with a head that says where it is from; `name` is the input's file name."""
    body = yaml.dump(made.config, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=10_000)
    used = [name for name in (variable[2:-1] for variable in VARIABLES) if name in body]
    return _HEAD.format(name=" ".join(name.split()), variables=", ".join(used)) + body
