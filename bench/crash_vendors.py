"""kill -9 between each contact centre and us, again and again, and then count: lost, repeated, misordered, stuck.

    python bench/crash_vendors.py --kills 20 [--only chatwoot genesys] [--json] [--talks 3] [--seed 1]

For each vendor a real `openhandover serve` on SQLite, with the vendor's emulator in this process. Users and agents write
at the same time; talks are ended by the agent, by us, or withdrawn while they wait. The server is killed at random
moments. The vendor is not at its best either: answers get lost or late, calls are refused, tokens end, webhooks come
twice, late or after their successor. What was said is held against what arrived, at the emulator and at the user's
channel; a repeat that carries the id of the first does not count, as the receiver knows it by that.

What the vendor's own means cannot prevent, and its page says so, is counted as `documented`; see `DOCUMENTED`. Exit status
1 unless nothing else was found.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from crash_talks import Vendor
from providers import suite_of
from server import KEY, Server
from wire import SECRET, receive

from openhandover.emulators import names
from openhandover.providers import provider_of
from tests.ports import free_port

LOOKS: dict[str, dict[str, Any]] = {
    "chatwoot": {"gap_check_s": 3},
    "eight_by_eight": {"catch_up_s": 3},
    "ringcentral": {"catch_up_s": 3},
}
"""What nobody repeats is looked for: sooner than one would with a real vendor, so that a run does not take hours."""
DOCUMENTED: dict[str, frozenset[str]] = {
    "chatwoot": frozenset(("second_chat",)),
    "livehelperchat": frozenset(("repeated_to_agent",)),
    "ringcentral": frozenset(("repeated_to_agent",)),
}
"""What a vendor's page names as possible there."""
COUNTED = (
    *("lost_to_agent", "repeated_to_agent", "misordered_to_agent"),
    *("lost_to_user", "repeated_to_user", "misordered_to_user", "second_chat", "left_open", "stuck"),
)


def config(folder: Path, vendor: str, settings: dict[str, Any], port: int, channel: int) -> str:
    """One channel and the vendor."""
    providers = {"vendor": {"type": vendor, **settings, **LOOKS.get(vendor, {})}}
    return (
        f"server: {{public_url: 'http://127.0.0.1:{port}'}}\n"
        f"store: 'sqlite:{folder}/bench.db'\n"
        f"api: {{keys: [{{name: bench, key: {KEY}, scopes: [conversations, handovers, admin]}}]}}\n"
        "languages: {default: en, supported: [en]}\n"
        f"channels: {{app: {{type: api, provider: vendor, webhook: {{url: 'http://127.0.0.1:{channel}/hook', secret: '{SECRET}'}}}}}}\n"
        f"providers: {json.dumps(providers).replace('$', '$$')}\n"
        "outbound: {allow: ['127.0.0.1']}\n"
        "defaults: {handover: {limits: {open_s: 300}}}\n"  # a busy machine takes seconds for each of the starts
    )


async def measure(vendor: str, folder: Path, kills: int, talks: int, seed: int) -> dict[str, Any]:
    """Run it all with one vendor; the account."""
    worlds: list[Vendor] = []
    receiver, channel = await receive(lambda *call: worlds[0].handle(*call))  # noqa: PLW0108  (it is not there yet)
    suite, began = suite_of(vendor), time.monotonic()
    async with suite.emulator() as emulator:
        server = Server(folder, channel)
        server.listens = free_port()
        emulator.set_online()
        if (
            emulator.callbacks.redelivery_s
        ):  # a vendor that repeats does it more often here than in its minutes
            emulator.callbacks.redelivery_s = (0.1, 0.2, 0.5, *(1.0,) * 60)
        (folder / "openhandover.yaml").write_text(
            config(folder, suite.type, emulator.settings(), server.listens, channel)
        )
        if provider_of(suite.type).capabilities.inbound == "webhook":
            emulator.webhook_to(f"http://127.0.0.1:{server.listens}/webhooks/vendor")
        world = Vendor(server, suite, emulator, random.Random(seed))
        worlds.append(world)
        try:
            await server.spawn()
            await server.ready()
            await world.run(kills, talks)
            if (status := await server.stop()) != 0:
                world.fault("stop", f"exit status {status}")
        finally:
            await server.kill()
            receiver.close()
    return account(vendor, world, kills, time.monotonic() - began)


def account(vendor: str, world: Vendor, kills: int, seconds: float) -> dict[str, Any]:
    """What is printed of one vendor."""
    documented = DOCUMENTED.get(vendor, frozenset()) | {"misordered_by_the_vendor"}
    return {
        "kills": kills,
        "seconds": round(seconds, 1),
        "said": dict(world.said),
        **{kind: 0 if kind in documented else world.wrong[kind] for kind in COUNTED},
        "documented": {kind: world.wrong[kind] for kind in sorted(documented) if world.wrong[kind]},
        "recognised_by_id": world.recognised,
        "other_faults": {kind: n for kind, n in world.wrong.items() if kind not in {*COUNTED, *documented}},
        "notes": world.notes,
        "ok": not set(world.wrong) - documented,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    vendors = [name for name in names() if name != "cm"]
    parser.add_argument("--kills", type=int, default=20, help="for each vendor")
    parser.add_argument("--talks", type=int, default=3, help="at once")
    parser.add_argument("--seed", type=int, default=None, help="repeats the random choices of a run")
    parser.add_argument("--only", nargs="+", choices=vendors, default=vendors)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(10**6)
    found: dict[str, Any] = {"seed": seed}
    for vendor in asked.only:
        with tempfile.TemporaryDirectory() as folder:
            work = measure(vendor, Path(folder), asked.kills, asked.talks, seed)
            found[vendor] = asyncio.run(asyncio.wait_for(work, 240 + 8 * asked.kills))
    if asked.json:
        print(json.dumps(found, indent=2))
    else:
        for name, part in found.items():
            print(
                name,
                *(f"  {key:22}{value}" for key, value in part.items()) if isinstance(part, dict) else (part,),
                sep="\n",
            )
    sys.exit(0 if all(found[vendor]["ok"] for vendor in asked.only) else 1)


if __name__ == "__main__":
    main()
