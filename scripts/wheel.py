"""Build the wheel, install it into a fresh environment outside the repository and start it there.

Finds what only the repository has: files that the wheel lacks (pages, SQL, texts) and undeclared dependencies.
Usage: wheel.py PATH-OF-UV
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
ACME = """
channels: {api: {type: api, provider: acme}}
providers: {acme: {type: acme, url: "https://desk.acme.example", api_key: k, webhook_secret: a-secret-of-sixteen}}
flows: {hello: [{handover: {provider: acme, route: {team: billing}}}]}
"""
"""A configuration that only is valid where the type `acme` is known."""


def main(uv: str) -> int:
    """The process exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
        wheel = next(folder.glob("openhandover-*.whl"))
        if missing := missing_files(wheel):
            print("the wheel lacks:\n" + "\n".join(missing))
            return 1
        python = folder / "environment" / "bin" / "python"
        run(uv, "venv", "--quiet", "--python", sys.executable, folder / "environment")
        constraints = folder / "constraints.txt"
        locked = ("--frozen", "--no-dev", "--no-emit-project", "--no-hashes")
        run(uv, "export", "--quiet", *locked, "-o", constraints, cwd=ROOT)
        install = (uv, "pip", "install", "--quiet", "--python", python)
        run(*install, "--constraint", constraints, wheel)
        command = python.with_name("openhandover")
        run(command, "version", cwd=folder)
        run(command, "init", cwd=folder)
        run(command, "check", cwd=folder)
        run(*install, "--no-deps", ROOT / "examples" / "acme-provider")
        (folder / "acme.yaml").write_text(ACME, "utf-8")
        run(command, "check", "--config", folder / "acme.yaml", cwd=folder)
    print(
        f"{wheel.name} installs, answers `version`, checks the configuration that its `init` writes, and knows a provider "
        "that another package brings"
    )
    return 0


def missing_files(wheel: Path) -> list[str]:
    """Tracked files of the package that the wheel does not carry."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "src/openhandover"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    carried = set(zipfile.ZipFile(wheel).namelist())
    return [name for name in listed if (ROOT / name).exists() and name.removeprefix("src/") not in carried]


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run one program; its failure is ours."""
    subprocess.run([str(part) for part in command], cwd=cwd, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
