"""`openhandover init`: a first configuration that works as it is."""

from pathlib import Path

import click

from openhandover.config.load import FILE

CONTENT = """\
# The configuration of openhandover. Check it with: openhandover check
# Unquoted values are text unless they are true, false, null or a number. Secrets come from the environment: ${NAME}.

server:
  host: 127.0.0.1
  port: 8080
  # public_url: "https://handover.example.com"

store: sqlite:openhandover.db

# Keys of the HTTP API. A good key: python -c "import secrets; print(secrets.token_urlsafe(32))"
# api:
#   keys:
#     - {name: bot, key: "${OPENHANDOVER_API_KEY}", scopes: [conversations, handovers]}

languages:
  default: en
  supported: [en, nl, de, es, fr]

channels:
  web:                      # the chat is at /chat/web
    type: webchat
    bot: main
    provider: support
    allowed_origins: []     # sites that may embed it, such as "https://shop.example"
    human_button: handover  # the button fires this event
  app:                      # the user's side in your own program, over the HTTP API
    type: api
    provider: support

bots:
  main: {flow: main}

providers:
  support:
    type: desk              # the built-in desk, at /desk
    # hours: "Mon-Fri 09:00-17:00 Europe/Amsterdam"

agents:
  anna:
    name: Anna
    # Without a password nobody can log in. Make a hash with `openhandover agent hash`, then:
    # password_hash: "${ANNA_PASSWORD_HASH}"
    languages: [en, nl]

intents:
  cancel_handover:
    en: [cancel, never mind, "/back to (the )?bot/"]
    nl: [laat maar]

events:
  handover: to_a_person

flows:
  main:
    - say:
        text: "Hello! Ask me for a person whenever you like."
        buttons: [{text: "I want a person", value: person}]
    - ask: {text: "What is it about?", into: subject}
    - run: to_a_person

  to_a_person:
    - check_availability: {provider: support, into: agent_status}
    - if: "agent_status == 'online'"
      then:
        - handover:
            accepted_message: "One moment, we are finding somebody for you."
            cancel: {intent: cancel_handover, button: "Never mind"}
            queue: {position: true}
        - lookup: handover.status
          cases:
            completed: [{say: "You are back with the bot. Anything else?"}]
            cancelled: [{say: "All right, you are back with the bot."}]
          default: [{say: "Sorry, nobody could take your conversation."}]
      else:
        - say: "Nobody is there right now. Please come back later."
"""


@click.command()
@click.argument("file", default=FILE, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="replace a file that is there")
def init(file: Path, force: bool) -> None:
    """Write a small configuration with comments to FILE."""
    try:
        with file.open("w" if force else "x", encoding="utf-8") as written:
            written.write(CONTENT)
    except FileExistsError:
        raise click.ClickException(f"{file} is there already; --force replaces it") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file} is written. Next:")
    click.echo("  openhandover agent hash       a password for Anna; keep the hash in ANNA_PASSWORD_HASH")
    click.echo("  openhandover check")
    click.echo("  openhandover serve")
    click.echo("Secrets are read from the environment. A .env file is not read by itself; to load one:")
    click.echo(
        "  set -a; . ./.env; set +a      with single quotes around a hash: ANNA_PASSWORD_HASH='$argon2id$...'"
    )
