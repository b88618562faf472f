# shellcheck shell=bash
# Sourced by the scripts beside it: from a bare machine to a ready .venv. Linux and macOS, no root needed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset VIRTUAL_ENV PYTHONHOME
export npm_config_update_notifier=false

# Downloads trust what the machine trusts, also where a company signs its own certificates.
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
  if [ -r "$bundle" ]; then
    export UV_SYSTEM_CERTS=true NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$bundle}"
    break
  fi
done

say() { printf '\n== %s\n' "$*" >&2; }
fail() {
  printf '\n%s\n' "$*" >&2
  exit 1
}

# The first Python on PATH that is new enough; pyenv-like shims that only complain do not count.
find_python() {
  local name
  for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      "$name" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  return 1
}

# Sets UV and, where there is no .venv yet, the Python that it is made with.
obtain_uv() {
  local python
  python=$(find_python) || python=""
  UV=$(command -v uv || true)
  if [ -n "$UV" ] && "$UV" --version >/dev/null 2>&1; then
    : # the machine's own
  elif [ -n "$python" ]; then
    UV=$("$python" scripts/bootstrap.py)
  else
    fail "Python 3.11 or newer is needed and none is on PATH. Install it (python3.11 ... python3.14) and run this again."
  fi
  # Without a fit Python on PATH, uv looks for one itself and says what it finds.
  [ -z "$python" ] || [ -x .venv/bin/python ] || export UV_PYTHON="$python"
}

# prepare [uv sync options]: .venv holds exactly the locked versions; tools that are there already stay.
prepare() {
  local index=""
  obtain_uv
  [ -x "${UV_PYTHON:-}" ] && index=$("$UV_PYTHON" scripts/bootstrap.py index)
  [ -x .venv/bin/python ] && index=$(.venv/bin/python scripts/bootstrap.py index)
  if [ -n "$index" ]; then
    # `uv sync --frozen` downloads from the addresses in the lock file; a mirror needs the long way, same hashes.
    say "Installing the locked packages from the configured package index"
    mkdir -p .tools
    [ -x .venv/bin/python ] || "$UV" venv --quiet .venv
    "$UV" export --quiet --frozen --no-emit-project "$@" -o .tools/requirements.txt
    UV_DEFAULT_INDEX="$index" "$UV" pip install --quiet --python .venv --require-hashes -r .tools/requirements.txt
    UV_DEFAULT_INDEX="$index" "$UV" pip install --quiet --python .venv --no-deps --editable .
  else
    say "Installing the locked packages into .venv"
    "$UV" sync --quiet --frozen --inexact "$@"
  fi
  PATH="$PWD/.venv/bin:$PATH"
  export PATH
}

# Node.js for the pages' checks: the machine's own where it is new enough, else the one that PyPI carries.
need_node() {
  if ! node_is_fit; then
    say "No Node.js >= 20.19 with npm on PATH: installing one from the package index into .venv"
    prepare --group node
    node_is_fit || fail "Node.js >= 20.19 could not be obtained. Install it with npm, put it on PATH and run this again."
  fi
}

node_is_fit() {
  npm --version >/dev/null 2>&1 &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' \
      >/dev/null 2>&1
}

# Sets OPENHANDOVER_CHROMIUM for the browser tests; where Playwright brings its own browser it stays empty.
need_chromium() {
  if [ -n "${OPENHANDOVER_CHROMIUM:-}" ]; then
    [ -x "$OPENHANDOVER_CHROMIUM" ] || fail "OPENHANDOVER_CHROMIUM names no program: $OPENHANDOVER_CHROMIUM"
  elif ! find_chromium; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      say "No Chromium on PATH: installing Debian's package"
      { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium; } >&2 ||
        true
      find_chromium || true
    fi
    if [ -z "${OPENHANDOVER_CHROMIUM:-}" ]; then
      say "No Chromium on PATH: asking Playwright to download one"
      playwright install chromium >&2 ||
        fail "No Chromium could be obtained for the browser tests. Install Chromium or Chrome, or point
OPENHANDOVER_CHROMIUM at one, and run this again."
      OPENHANDOVER_CHROMIUM=""
    fi
  fi
  export OPENHANDOVER_CHROMIUM
  say "Browser: ${OPENHANDOVER_CHROMIUM:-the one that Playwright downloaded}"
}

find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
    if OPENHANDOVER_CHROMIUM=$(command -v "$name"); then
      return 0
    fi
  done
  return 1
}

# Apertium is the real translation engine of the tests. It comes as Debian packages only, which need root: false, and
# loudly so, where a machine cannot have it.
need_apertium() {
  if ! apertium_is_here && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "No Apertium on PATH: installing Debian's packages apertium-apy and apertium-eng-spa"
    { apt-get update -qq &&
      DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends apertium-apy apertium-eng-spa; } >&2 || true
  fi
  if ! apertium_is_here; then
    [ -z "${CI:-}" ] || fail "Apertium could not be installed, and CI leaves nothing out."
    say "NOT RUN: tests marked apertium. Install Apertium (Debian: apertium-apy apertium-eng-spa) to run them"
    return 1
  fi
}

apertium_is_here() { command -v apertium-apy >/dev/null && [ -e /usr/share/apertium/modes/eng-spa.mode ]; }

# The cores this process may use, at most eight: each worker starts servers of its own, and they need memory.
cores() {
  local count
  count=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
  echo $((count < 8 ? count : 8))
}
