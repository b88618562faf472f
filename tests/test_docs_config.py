"""Every piece of configuration in the documentation is valid, by the same check as a user's own file."""

import base64
import re
from pathlib import Path

import pytest
import yaml

from openhandover.config.load import read_bytes
from openhandover.config.model import Config
from tests.docs_pages import Block, blocks

BASE = Path(__file__).with_name("docs_base.yaml")
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$Qy3kDkkWrnzJOgmgQ4nM0Qb2zYVDBnYm3sS3z0b0yUg"
SECRET = "whsec_" + base64.b64encode(b"for-documentation-only!!").decode()
ENVIRONMENT = {
    "OPENHANDOVER_API_KEY": "a-key-for-documentation-only",
    **dict.fromkeys(("ANNA_HASH", "ANNA_PASSWORD_HASH", "SUE_HASH"), HASH),
    **dict.fromkeys(("MY_DESK_SECRET", "DESK_SECRET", "DESK_SECRET_OLD"), SECRET),
    **dict.fromkeys(("OPENHANDOVER_API_KEY_2027", "REPORTS_KEY"), "another-key-for-documentation-only"),
    "SMTP_URL": "smtp://user:password@mail.example.com:587",
    "PHONE_SECRET": SECRET,
}
"""The variables that examples name and that are more than any text."""
VARIABLE = re.compile(r"\$\{(\w+)\}")


GREET = """
from openhandover.flow.code import registered

@registered
def greet(variables, facts):
    return {}

function = greet
"""


@pytest.mark.parametrize("block", blocks("yaml"), ids=lambda block: block.where)
def test_configuration_is_valid(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is the steps of a flow, a map a part of the file; on top of a base both pass the check."""
    (tmp_path / "my_package").mkdir()
    (tmp_path / "my_package" / "my_module.py").write_text(GREET, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    base, example = yaml.compose(BASE.read_text("utf-8")), yaml.compose(block.text)
    if isinstance(example, yaml.SequenceNode):
        example = _map(flows=_map(example=example))
    unknown = {key.value for key, _ in example.value} - set(Config.__struct_fields__)
    assert not unknown, "neither steps nor a part of openhandover.yaml"
    text = yaml.serialize(_merged(base, example))
    environment = dict.fromkeys(VARIABLE.findall(text), "for-documentation-only") | ENVIRONMENT
    loaded = read_bytes(text.encode(), block.where, environment)
    assert not [str(problem) for problem in loaded.errors]


def _map(**entries: yaml.Node) -> yaml.MappingNode:
    """A YAML map with these entries."""
    text = "tag:yaml.org,2002:str"
    return yaml.MappingNode(
        "tag:yaml.org,2002:map", [(yaml.ScalarNode(text, key), entries[key]) for key in entries]
    )


def _merged(base: yaml.Node, example: yaml.Node) -> yaml.Node:
    """The example, with what the base has beside it; maps are merged, everything else is the example's."""
    if not isinstance(base, yaml.MappingNode) or not isinstance(example, yaml.MappingNode):
        return example
    entries = {key.value: (key, value) for key, value in base.value}
    for key, value in example.value:
        below = entries.get(key.value)
        entries[key.value] = (key, _merged(below[1], value) if below else value)
    return yaml.MappingNode(base.tag, list(entries.values()))
