"""The client keeps up with the API and stays light."""

import subprocess
import sys

import msgspec
import pytest

from openhandover.client import shapes as ours
from openhandover.client.frames import Frames
from openhandover.web import shapes as theirs

PAIRS = [
    (ours.Conversation, theirs.Conversation),
    (ours.User, theirs.UserShape),
    (ours.Message, theirs.Message),
    (ours.Attachment, theirs.File),
    (ours.Delivery, theirs.DeliveryShape),
    (ours.Handover, theirs.Handover),
    (ours.ToolCall, theirs.ReplacesShape),
    (ours.Attempt, theirs.AttemptShape),
    (ours.Failure, theirs.ErrorShape),
    (ours.Queue, theirs.QueueShape),
    (ours.Rating, theirs.RatingShape),
    (ours.Event, theirs.Event),
    (ours.ProofItem, theirs.ProofItem),
    (ours.ProofCounts, theirs.ProofCounts),
    (ours.Availability, theirs.AvailabilityShape),
    (ours.Upload, theirs.Uploaded),
]


@pytest.mark.parametrize(("mine", "documented"), PAIRS, ids=lambda kind: kind.__name__)
def test_every_documented_field_has_its_place(
    mine: type[msgspec.Struct], documented: type[msgspec.Struct]
) -> None:
    """A field that the API gains is a field of the client."""
    assert {f.encode_name for f in msgspec.structs.fields(documented)} <= {
        f.encode_name for f in msgspec.structs.fields(mine)
    }


def test_a_newer_server_is_understood() -> None:
    """Unknown fields are passed over, unknown words are kept."""
    raw = b'{"id":"h1","conversation_id":"c1","provider":"p","status":"parked","requested_at":"2027-01-15T08:00:00Z","x":1}'
    assert msgspec.json.decode(raw, type=ours.Handover).status == "parked"


def test_importing_the_client_loads_no_http_library() -> None:
    """A bot that imports it pays for connections when it makes some."""
    code = (
        "import sys, openhandover.client; "
        "print([name for name in ('aiohttp', 'uvicorn', 'yaml', 'minijinja', 'click') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


STREAM = ': hi\n\nid: 1\nevent: a\ndata: {"text": "\u00e9\u4e2d"}\n\r\n\ndata: one\r\ndata:two\r\n\r\nevent: b\n\n'.encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_frames_may_arrive_in_any_pieces(size: int) -> None:
    """Cut anywhere, also within a letter; comments and events without data are none."""
    frames = Frames()
    found = [data for at in range(0, len(STREAM), size) for data in frames.feed(STREAM[at : at + size])]
    assert found == ['{"text": "\u00e9\u4e2d"}'.encode(), b"one\ntwo"]
