"""My model's tool hands over to CM.com's contact centre: the example is played from start to end."""

import asyncio
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "halo-handover"


async def played(program: Path) -> tuple[int | None, str]:
    """Status and output of the example."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 100)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, said.decode()


async def test_a_tool_of_the_model_hands_over_and_its_result_is_replaced() -> None:
    """The model calls the tool over MCP, gets back nothing to speak of, and later finds the digest in its place."""
    status, said = await played(EXAMPLE / "run.py")
    assert status == 0, said
    assert 'the model gets back {"handover":{"id":' in said
    assert "the handover replaces the result of talk_to_human, call_1" in said
    assert '"CustomerInfo": "{\\"name\\":\\"Zoë Example\\",\\"email\\":\\"zoe@example.org\\"}"' in said
    assert "bot: Welcome back. I know that this happened: The conversation left to msc" in said


async def test_a_step_that_goes_wrong_is_told_by_the_status(tmp_path: Path) -> None:
    """With another message in the tool the example fails, and says at which step."""
    for file in EXAMPLE.glob("*.*"):
        changed = file.read_text("utf-8").replace("Thank you, {{ name }}", "Thanks, {{ name }}")
        (tmp_path / file.name).write_text(changed, "utf-8")
    status, said = await played(tmp_path / "run.py")
    assert status == 1
    assert "FAILED: the tool told the visitor" in said
    assert "Done" not in said
