"""Build the pages into a temporary folder and compare them with the committed ones; hold them to their size.

A page is committed built, so that installing needs no Node.js. Sizes are those of all scripts and styles of a page
after gzip, as a browser fetches them.
"""

import filecmp
import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "openhandover"
MAX_GZIP_BYTES = {"widget": 25_000, "desk": 80_000, "analytics": 60_000}
MEND = "run `npm --prefix ui run build` and commit what it writes"


def main() -> int:
    """The process exit code."""
    with tempfile.TemporaryDirectory() as folder:
        build = ["npm", "--prefix", "ui", "run", "--silent", "build", "--", "--outDir", folder]
        subprocess.run(build, cwd=ROOT, check=True)
        pages = sorted(path for path in Path(folder).iterdir() if path.is_dir())
        wrong = [] if pages else ["the build made no page"]
        for page in pages:
            wrong += differences(page, PACKAGE / page.name / "static")
            wrong += too_large(page)
    print("\n".join(wrong) if wrong else "the committed pages are what the sources build")
    return int(bool(wrong))


def differences(built: Path, committed: Path) -> list[str]:
    """What the build has and the repository has not, or has otherwise, or has in excess."""
    names = {path.relative_to(built) for path in built.rglob("*") if path.is_file()}
    there = {path.relative_to(committed) for path in committed.rglob("*") if path.is_file()}
    page = committed.parent.name
    wrong = [f"{page}/static/{name}: not built from the sources; {MEND}" for name in sorted(there - names)]
    wrong += [f"{page}/static/{name}: missing; {MEND}" for name in sorted(names - there)]
    for name in sorted(names & there):
        if not filecmp.cmp(built / name, committed / name, shallow=False):
            wrong.append(f"{page}/static/{name}: not what the sources build; {MEND}")
    return wrong


def too_large(page: Path) -> list[str]:
    """The complaint about a page over its budget."""
    files = [path for path in page.rglob("*") if path.suffix in {".js", ".css"}]
    size = sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in files)
    limit = MAX_GZIP_BYTES.get(page.name)
    print(f"{page.name}: {size} bytes after gzip" + (f" of at most {limit}" if limit else ""))
    return [f"{page.name}: {size} bytes after gzip, over its {limit}"] if limit and size > limit else []


if __name__ == "__main__":
    sys.exit(main())
