"""Broken configurations whose lines begin at the wrong place, or run on."""

from tests.config.broken import Broken

IN_INDENTS = [
    Broken(
        "a key deeper than its neighbour",
        "server:\n  host: 127.0.0.1\n\n   port§: 8080\n",
        "",
        "mapping values are not allowed",
        "begin it in column 3, as the key in line 2",
    ),
    Broken(
        "an item's key deeper than its neighbour",
        "flows:\n  f:\n    - say: hi\n        id§: greeting\n",
        "",
        "mapping values are not allowed",
        "begin it in column 7, as the key in line 3",
    ),
    Broken(
        "no blank after the colon",
        "server:\n  host:127.0.0.1\n  port§: 8080\n",
        "",
        "mapping values are not allowed",
        "write a blank after the colon in line 2",
    ),
]
