"""The command line as a user meets it: what it prints and how it ends."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import jsonschema
import pytest
import yaml
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

import openhandover
from openhandover.cli import COMMANDS, main
from openhandover.store.sqlite import SqliteStore
from tests.config.broken import ENVIRONMENT, SECRET
from tests.ports import free_port

WHOLE = Path(__file__).parents[1] / "config" / "whole.yaml"


def run(*arguments: str, stdin: str = "", **environ: str) -> Result:
    """One command inside this process, in the current folder."""
    return CliRunner(env={"OPENHANDOVER_CONFIG": None, **environ}).invoke(main, arguments, input=stdin)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, text: str, name: str = "openhandover.yaml") -> Path:
    """A configuration file."""
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_every_command_can_be_imported_and_explains_itself() -> None:
    """No name in the group leads nowhere."""
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        assert command.help, name
    assert all(name in run("--help").output for name in COMMANDS)
    assert run("nonsense").exit_code == 2
    assert "Did you mean 'check'?" in run("chekc").output


def test_the_program_is_installed(folder: Path) -> None:
    """The script runs on its own and prints its version."""
    program = Path(sys.executable).with_name("openhandover")
    done = subprocess.run(
        [program, "version"], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"openhandover {openhandover.__version__}\n"


def test_init_then_check(folder: Path) -> None:
    """The first file is valid as it is, and is never overwritten by accident."""
    assert run("init").exit_code == 0
    done = run("check")
    assert (done.exit_code, done.output) == (0, "openhandover.yaml is valid\n")
    (folder / "openhandover.yaml").write_text("mine", "utf-8")
    again = run("init")
    assert again.exit_code == 1
    assert "--force" in again.output
    assert (folder / "openhandover.yaml").read_text("utf-8") == "mine"
    assert run("init", "--force").exit_code == 0
    assert run("check").exit_code == 0


def test_check_prints_all_errors_and_ends_with_1(folder: Path) -> None:
    """Each line names file, line, column, path, what is wrong and the mend."""
    write(
        folder, "providers:\n  support:\n    type: desk\n    langage: nl\nstore: x\nagents: {a: {name: A}}\n"
    )
    done = run("check")
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        'openhandover.yaml:4:5: providers.support.langage: unknown key; did you mean "language"?',
        "openhandover.yaml:5:8: store: this version stores in SQLite only; write it as sqlite:openhandover.db",
        "2 errors",
    ]


def test_check_prints_warnings_and_ends_with_0(folder: Path) -> None:
    """What works is no error."""
    write(folder, "providers: {support: {type: desk}}")
    done = run("check")
    assert done.exit_code == 0
    assert done.output.startswith("openhandover.yaml:1:22: warning: providers.support: nobody can work")


def test_where_the_file_is_looked_for(folder: Path) -> None:
    """`--config` wins over the environment, that over the working directory; a missing one is said."""
    missing = run("check")
    assert missing.exit_code == 1
    assert "openhandover init" in missing.output
    write(folder, "a: 1")
    env = write(folder, "b: 1", "env.yaml")
    given = write(folder, "c: 1", "given.yaml")
    assert ": a: unknown key" in run("check").output
    assert ": b: unknown key" in run("check", OPENHANDOVER_CONFIG=str(env)).output
    assert ": c: unknown key" in run("check", "--config", str(given), OPENHANDOVER_CONFIG=str(env)).output


def test_a_dotenv_file_is_not_read(folder: Path) -> None:
    """The environment is what the process was given."""
    write(folder, "store: ${STORE_FROM_FILE}")
    write(folder, "STORE_FROM_FILE=sqlite:x.db", ".env")
    assert "STORE_FROM_FILE is not set" in run("check").output


def test_check_connect_ends_with_2_when_a_provider_is_not_reached(folder: Path) -> None:
    """The file is valid, the other side is not there; the secret is not printed."""
    port = free_port()
    write(
        folder,
        f"providers: {{d: {{type: http, url: 'http://127.0.0.1:{port}', secret: '${{S}}'}}, l: {{type: logging}}}}",
    )
    done = run("check", "--connect", S=SECRET)
    assert done.exit_code == 2
    assert "providers.d: not reached" in done.output
    assert "providers.l: nothing to reach" in done.output
    assert SECRET not in done.output
    assert run("check", S=SECRET).exit_code == 0


def test_the_schema_accepts_what_the_check_accepts() -> None:
    """Editors get a valid JSON Schema that knows every part of the file."""
    done = run("check", "--schema")
    schema = json.loads(done.output)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    whole = yaml.safe_load(WHOLE.read_text("utf-8"))
    assert [error.message for error in validator.iter_errors(whole)] == []
    whole["channels"]["web"]["alowed_origins"] = []
    assert list(validator.iter_errors(whole))


@pytest.mark.parametrize(
    "part", ["server", "flows", "channels", "providers", "agents", "intents", "defaults"]
)
def test_the_schema_refuses_a_number_in_place_of_a_part(part: str) -> None:
    """A part of the file is a map."""
    schema = json.loads(run("check", "--schema").output)
    assert list(jsonschema.Draft202012Validator(schema).iter_errors({part: 5}))


def test_agent_hash() -> None:
    """A password on the standard input becomes a hash that verifies and that the check accepts."""
    done = run("agent", "hash", stdin="correct horse\n")
    assert done.exit_code == 0
    assert PasswordHasher().verify(done.output.strip(), "correct horse")
    short = run("agent", "hash", stdin="short\n")
    assert short.exit_code == 1
    assert "shorter than 8" in short.output


def test_agent_hash_is_accepted_by_the_check(folder: Path) -> None:
    """The printed hash goes into a variable as it is."""
    made = run("agent", "hash", stdin="correct horse\n").output.strip()
    write(folder, "agents: {a: {name: A, password_hash: '${HASH}'}}")
    assert run("check", HASH=made).exit_code == 0


def test_serve_refuses_a_broken_file(folder: Path) -> None:
    """Nothing is started; the errors are printed and the status is 1."""
    write(folder, "server: {prot: 1}")
    done = run("serve")
    assert done.exit_code == 1
    assert 'did you mean "port"?' in done.output


async def test_backup_copies_a_database_in_use(folder: Path) -> None:
    """The copy is a complete database, taken while the server holds the original."""
    write(folder, "store: sqlite:mine.db")
    store = SqliteStore(folder / "mine.db")
    await store.start()
    try:
        await store.put_new("kind", "name", b"value")
        program = Path(sys.executable).with_name("openhandover")
        done = subprocess.run(  # noqa: ASYNC221  nothing else runs here
            [program, "backup", "copy.db"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        await store.stop()
    assert done.returncode == 0, done.stderr
    copy = sqlite3.connect(folder / "copy.db")
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()
    again = SqliteStore(folder / "copy.db")
    await again.start()
    kept = await again.put_new("kind", "name", b"other")
    await again.stop()
    assert kept == b"value"


def test_backup_of_nothing_says_so(folder: Path) -> None:
    """A wrong path makes no empty database."""
    write(folder, "store: sqlite:mine.db")
    done = run("backup", "copy.db")
    assert done.exit_code == 1
    assert "mine.db is not there" in done.output
    assert [file.name for file in folder.iterdir()] == ["openhandover.yaml"]


def test_backup_replaces_a_copy_and_nothing_else(folder: Path) -> None:
    """A slip of the hand costs no file: only an earlier database, or an empty file, gives way."""
    write(folder, "store: sqlite:mine.db")
    with closing(sqlite3.connect(folder / "mine.db")) as database:
        database.execute("CREATE TABLE one (n)")
    refused = run("backup", "openhandover.yaml")
    assert (refused.exit_code, "is no database" in refused.output) == (1, True)
    assert (folder / "openhandover.yaml").read_text("utf-8") == "store: sqlite:mine.db"
    (folder / "copy.db").touch()
    assert [run("backup", "copy.db").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("words", [("backup", "copy.db"), ("erase", "u1")])
def test_work_on_the_database_needs_no_secrets(folder: Path, words: tuple[str, ...]) -> None:
    """What a nightly job has no variables for does not matter to it, nor is it told each time what `check` says; but a
    mistake that could lead to another database does."""
    with closing(sqlite3.connect(folder / "mine.db")) as database:
        database.execute("CREATE TABLE one (n)")
    rest = "providers: {d: {type: desk}, h: {type: http, url: 'https://desk.example', secret: '${NOT_HERE}'}}"
    write(folder, f"store: sqlite:mine.db\n{rest}")
    done = run(*words)
    assert "NOT_HERE" not in done.output and "warning" not in done.output
    assert "copy.db" in done.output or "nobody with the id u1" in done.output
    write(folder, f"stor: sqlite:mine.db\n{rest}")
    assert 'did you mean "store"?' in run(*words).output


def test_try_talks_and_prints_requests_without_secrets(folder: Path) -> None:
    """A dry run sends nothing, and masks what came from the environment."""
    write(
        folder,
        "flows:\n  f:\n    - say: 'Hello {{ name }}'\n    - ask: {text: 'Which number?', into: order}\n"
        "    - call: {method: POST, url: 'https://shop.example/{{ order }}?v=${SHOP}', json: {a: '{{ order }}'}}\n"
        "    - say: 'Done with {{ order }}'\n",
    )
    done = run("try", "f", "--dry-run", "--set", "name=Ada", stdin="hi\n42\n/quit\n", SHOP="a-long-secret")
    assert done.exit_code == 0, done.output
    assert "bot: Hello Ada" in done.output
    assert "POST https://shop.example/42?v=***" in done.output
    assert '{"a":"42"}' in done.output
    assert "bot: Done with 42" in done.output
    assert "a-long-secret" not in done.output


def test_try_goes_on_after_the_handover(folder: Path) -> None:
    """The user of `try` is also the contact centre."""
    run("init")
    done = run("try", "main", "--dry-run", stdin="hi\nbilling\n/completed\n/quit\n")
    assert done.exit_code == 0, done.output
    assert "(handover to support" in done.output
    assert "You are back with the bot." in done.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("nope",), "known: main, to_a_person"), (("main", "--set", "x"), "is not NAME=VALUE")],
)
def test_try_refuses_what_it_cannot_understand(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    """A wrong argument is status 2 with what would be right."""
    run("init")
    done = run("try", *arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_the_environment_of_the_tests_is_complete(folder: Path) -> None:
    """The file that uses every part passes the command as it passes the function."""
    done = run("check", "--config", str(WHOLE), **ENVIRONMENT)
    assert done.exit_code == 0, done.output
