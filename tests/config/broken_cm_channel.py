"""Broken channels of CM.com, told as in tests/config/broken.py."""

from tests.config.broken import Broken

IN_CM_CHANNELS = [
    Broken(
        "no adapter",
        "channels: {c: §{type: cm, technical_link_id: x, product_token: '${KEY}', secret: '${KEY}'}}\n",
        "channels.c",
        "api v2 needs the id of our adapter",
        "adapter_id",
    ),
    Broken(
        "adapter that is none",
        "channels: {c: {type: cm, technical_link_id: x, product_token: '${KEY}', secret: '${KEY}', adapter_id: §mine}}\n",
        "channels.c.adapter_id",
        "not written as needed",
        "UUID",
    ),
    Broken(
        "short secret",
        "channels: {c: {type: cm, technical_link_id: x, product_token: '${KEY}', secret: §'${SHORT}', api: bmproxy}}\n",
        "channels.c.secret",
        "too few",
        "at least 16",
    ),
    Broken(
        "no secret",
        "channels: {c: §{type: cm, technical_link_id: x, product_token: '${KEY}', api: bmproxy}}\n",
        "channels.c",
        "`secret` is missing",
        "add `secret:`",
    ),
    Broken(
        "header with a space",
        "channels: {c: {type: cm, technical_link_id: x, product_token: '${KEY}', secret: '${KEY}', api: bmproxy, header: §'X Y'}}\n",
        "channels.c.header",
        "not written as needed",
        "header",
    ),
    Broken(
        "suggestions of TwoWay",
        "channels:\n  c:\n    type: cm\n    technical_link_id: x\n    product_token: '${KEY}'\n    secret: '${KEY}'\n"
        "    adapter_id: aaaaaaaa-0000-4000-8000-000000000001\n    buttons: §suggestions\n",
        "channels.c.buttons",
        "known for bmproxy only",
        "remove",
    ),
    Broken(
        "unknown api",
        "channels: {c: {type: cm, technical_link_id: x, product_token: '${KEY}', secret: '${KEY}', adapter_id: aaaaaaaa-0000-4000-8000-000000000001, api: §v3}}\n",
        "channels.c.api",
        "is not one of",
        "v2, v1, bmproxy",
    ),
    Broken(
        "language of a channel",
        "channels: {c: {type: cm, technical_link_id: x, product_token: '${KEY}', secret: '${KEY}', api: bmproxy, language: §xx}}\n",
        "channels.c.language",
        "not a supported language",
        "",
    ),
    Broken(
        "template of a message type",
        "channels:\n  c:\n    type: cm\n    technical_link_id: x\n    product_token: '${KEY}'\n    secret: '${KEY}'\n"
        "    api: bmproxy\n    message_types: {image: {text: §'{{ caption }'}}\n",
        "channels.c.message_types.image.text",
        "template",
        "",
    ),
]
