"""Broken parts about the built-in desk, told as in tests/config/broken.py."""

from tests.config.broken import Broken

IN_THE_DESK = [
    Broken(
        "ready answer that is no template",
        "desk: {canned: [{name: Hi, text: §'Hi {{ user.name }'}]}\n",
        "desk.canned[0].text",
        "template",
        "",
    ),
    Broken(
        "two ready answers of one name",
        "desk: {canned: [{name: Hi, text: a}, {name: §hi, text: b}]}\n",
        "desk.canned[1].name",
        'two ready answers are named "hi"',
        "its own",
    ),
    Broken("away", "desk: {away_after_s: §-1}\n", "desk.away_after_s", "out of range", "at least 0"),
    Broken(
        "accept",
        "providers: {p: {type: desk, accept: §always}}\n",
        "providers.p.accept",
        "is not one of",
        "manual, auto",
    ),
]
