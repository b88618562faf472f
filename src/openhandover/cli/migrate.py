"""`openhandover migrate`: from other products to ours."""

from pathlib import Path

import click

from .group import Group


@click.group(cls=Group)
def migrate() -> None:
    """Turn what another product exports into configuration for this one."""


@migrate.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="write a new file instead of printing"
)
def halo(file: Path, out: Path | None) -> None:
    """Turn the HALO tool in FILE, whose API step hands over, into a tool with a handover step.

    FILE is JSON or YAML, the body of the API step alone, or its request as it looks on the wire. It is never changed.
    The report of what was kept, what was dropped and what a person has to look at goes to stderr. Exits 1 when nothing
    can be made of it.
    """
    from openhandover.migrate.halo import migrate as migrated
    from openhandover.migrate.report import Refusal
    from openhandover.migrate.writing import text

    try:
        content = file.read_text("utf-8-sig")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not UTF-8; save it as UTF-8") from None
    try:
        made = migrated(content)
    except Refusal as refusal:
        click.echo(f"{file} is not migrated:", err=True)
        for reason in refusal.reasons:
            click.echo(f"  - {reason}", err=True)
        raise SystemExit(1) from None
    written = text(made, file.name)
    if out is None:
        click.echo(written, nl=False)
    else:
        _write(out, written)
    for note in made.notes:
        click.echo(str(note), err=True)


def _write(out: Path, written: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as new:
            new.write(written)
    except FileExistsError:
        raise click.ClickException(f"{out} is there already; nothing is overwritten") from None
    except OSError as error:
        raise click.ClickException(f"{out} cannot be written: {error.strerror}") from None
