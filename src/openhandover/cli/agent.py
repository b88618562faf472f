"""`openhandover agent`: what people at the desk need."""

import sys

import click

from .group import Group

SHORTEST = 8


@click.group(cls=Group)
def agent() -> None:
    """Agents of the built-in desk."""


@agent.command("hash")
def hash_password() -> None:
    """Ask for a password and print its argon2id hash for `agents.<name>.password_hash`.

    Without a terminal the password is the first line of the standard input.
    """
    from argon2 import PasswordHasher

    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < SHORTEST:
        raise click.ClickException(f"the password is shorter than {SHORTEST} characters")
    click.echo(PasswordHasher().hash(password))
