"""Commands that print what this version is and offers."""

import click

import openhandover


@click.command()
def version() -> None:
    """Print the version."""
    click.echo(f"openhandover {openhandover.__version__}")


@click.command()
def openapi() -> None:
    """Print the OpenAPI document of the HTTP API."""
    import json

    from openhandover.web.app import openapi_document

    click.echo(json.dumps(openapi_document(), indent=2, ensure_ascii=False))
