"""What the terminal shows once everything answers."""

import sys

from .folder import Secrets

TRY = """Open the desk, log in as anna and go online; then open the chat in another window and ask for a person.
  With --simulate the demo fills itself with visitors and agents."""
WATCH = """Visitors are arriving. Log in at the desk as anna and go online: what you do not take within 15 seconds,
  a simulated colleague takes. The analytics know the last eight weeks."""
BREAK = """Open the chaos page, press its buttons, and watch the counters. Everything else works as always."""


def greet(base: str, known: Secrets, partner_url: str, *, simulated: bool, chaos_url: str = "") -> None:
    """Say where everything is, and what to do first."""
    hint = BREAK if chaos_url else WATCH if simulated else TRY
    chaos = f"\n  Chaos        {chaos_url}" if chaos_url else ""
    sys.stdout.write(f"""
  openhandover demo

  Web chat     {base}/chat/web
  Agent desk   {base}/desk         anna / {known.anna}    ben / {known.ben}
  Analytics    {base}/analytics    log in at the desk first (anna)
  API          {base}/docs         key {known.api_key}
  Partner desk {partner_url}       where conversations go when none of your agents is there{chaos}

  {hint}
  Ctrl-C ends it; what was said is kept until you start with --fresh.

""")
    sys.stdout.flush()
