# shellcheck shell=bash
# Shared by the scripts beside it: what the project needs on a machine, installed where that is allowed.
# Source it after `set -euo pipefail`; it changes to the repository's root.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 UV_LINK_MODE=copy

BUILD_PACKAGES=(libsqlite3-dev libnghttp2-dev libssl-dev zlib1g-dev pkg-config)
RUN_PACKAGES=(bubblewrap python3 python3-venv ca-certificates)
# What `scripts/bench wire` and `scripts/soak` measure with and beside.
LOAD_PACKAGES=(wrk nghttp2-client nginx-light curl openssl)
KFP1_REQUIREMENTS=(kfp==1.8.22 scikit-learn==1.7.2 requests)
KFP2_REQUIREMENTS=(
  kfp==2.17.0 kfp-kubernetes==2.17.0 scikit-learn==1.7.2 onnx==1.20.1 onnxruntime==1.32.0
  grpcio==1.81.1 grpcio-health-checking==1.81.1 grpcio-reflection==1.81.1 grpcio-status==1.81.1
  pip requests pytest==8.4.2 pytest-timeout==2.4.0 playwright
  websockets==17.4 'httpx[http2]==0.28.1' hpack==4.1.0 kopf==1.45.2)
# The identity provider of test_oidc.py, which has nothing to do with the tests' own environment.
OIDC_REQUIREMENTS=('Canaille[front,oidc,server,sqlite]==0.3.6')
# Of the soaks, which share the tests' raw clients: HPACK for the answers that they read.
WIRE_REQUIREMENTS=(hpack==4.1.0 requests)

# Of `scripts/soak api` and its short form among the tests.
API_REQUIREMENTS=(schemathesis==4.32.5 requests)

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# need_apt PACKAGE…: installs the Debian packages that are missing, or says how to.
need_apt() {
  local missing=() package
  if ! command -v dpkg-query >/dev/null; then
    echo "note: this is not a Debian system; these packages (or their like) must be there: $*"
    return 0
  fi
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as=()
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as=(sudo -n); else
      fail "missing packages: ${missing[*]}
  this user may not install them; run:  sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
  fi
  say "installing ${missing[*]}"
  "${as[@]}" apt-get -qq update || echo "note: apt-get update failed; trying with the lists that are there"
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install: ${missing[*]}"
}

# Packages whose tests are skipped, with the reason printed, where they cannot be had.
want_apt() { (need_apt "$@") || echo "note: without $* some tests are skipped"; }

need_swift() {
  command -v swift >/dev/null || { [ -x /opt/swift/usr/bin/swift ] && PATH=/opt/swift/usr/bin:$PATH; } ||
    fail "swift is not on PATH; install Swift 6.3 or newer from https://www.swift.org/install/linux/"
  local version
  version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  [ "$(printf '%s\n6.3\n' "$version" | sort -V | head -n 1)" = 6.3 ] ||
    fail "Swift $version is too old; Swift 6.3 or newer is needed (https://www.swift.org/install/linux/)"
}

# A system Python that kfp 1.8 still supports. Sets PYTHON.
need_python() {
  local candidate
  for candidate in python3 python3.12 python3.11 python3.10; do
    if command -v "$candidate" >/dev/null &&
       "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null; then
      PYTHON=$(command -v "$candidate")
      return 0
    fi
  done
  fail "no Python 3.10 to 3.12 with the venv module; on Debian:  apt-get install python3 python3-venv"
}

# uv makes environments many times faster; the server uses it too where it is on PATH.
need_uv() {
  command -v uv >/dev/null && return 0
  if [ ! -x .venv-uv/bin/uv ]; then
    say "installing uv"
    "$PYTHON" -m venv .venv-uv && .venv-uv/bin/pip install --quiet uv || {
      echo "note: uv could not be installed; pip does the work, slower"
      return 0
    }
  fi
  PATH="$ROOT/.venv-uv/bin:$PATH"
}

# make_venv DIRECTORY REQUIREMENT…: makes the environment, or leaves one with the same requirements alone.
make_venv() {
  local directory=$1 wanted
  shift
  wanted=$(printf '%s\n' "$("$PYTHON" -V)" "$@")
  if [ -x "$directory/bin/python" ] && [ "$(cat "$directory/.requirements" 2>/dev/null)" = "$wanted" ]; then return 0; fi
  say "making $directory ($*)"
  rm -rf "$directory"
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$PYTHON" "$directory"
    uv pip install --quiet --python "$directory/bin/python" "$@" || fail "$directory: the requirements could not be installed"
  else
    "$PYTHON" -m venv "$directory"
    "$directory/bin/pip" install --quiet "$@" || fail "$directory: the requirements could not be installed"
  fi
  printf '%s\n' "$wanted" > "$directory/.requirements"
}

need_sdks() {
  make_venv .venv-kfp1 "${KFP1_REQUIREMENTS[@]}"
  make_venv .venv-kfp2 "${KFP2_REQUIREMENTS[@]}"
  make_venv .venv-api "${API_REQUIREMENTS[@]}"
}

need_provider() { make_venv .venv-oidc "${OIDC_REQUIREMENTS[@]}"; }

build_release() {
  say "building the release binary"
  swift build -c release --product monoflow
  swift build -c release --product monoflow-step
}

# The HTTP layer alone, with routes for tests and benchmarks.
build_wire() {
  say "building the wire's test server"
  swift build -c release --product monoflow-wire
}

# start_server DATA [OPTION…]: a server on a free loopback port. Sets SERVER_PID and SERVER_URL; stopped on exit.
start_server() {
  local data=$1
  shift
  mkdir -p "$data"
  rm -f "$data/server.json"
  .build/release/monoflow serve --data "$data" --listen 127.0.0.1:0 "$@" >> "$data/server.log" 2>&1 &
  SERVER_PID=$!
  trap stop_server EXIT
  SERVER_URL=$("$PYTHON" - "$data" "$SERVER_PID" <<'PY'
import json, os, sys, time, urllib.request
data, pid = sys.argv[1], int(sys.argv[2])
deadline = time.monotonic() + 60
while time.monotonic() < deadline:
    try:
        os.kill(pid, 0)
        url = json.load(open(os.path.join(data, "server.json")))["url"].rstrip("/")
        urllib.request.urlopen(url + "/readyz", timeout=5)
        print(url)
        sys.exit(0)
    except ProcessLookupError:
        break
    except (OSError, ValueError):
        time.sleep(0.05)
sys.exit(1)
PY
) || { tail -n 40 "$data/server.log" >&2; fail "the server did not become ready; its log is $data/server.log"; }
}

# SIGTERM and the exit status of the server that start_server started.
stop_server() {
  trap - EXIT
  [ -n "${SERVER_PID:-}" ] || return 0
  local status=0
  kill -TERM "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" || status=$?
  SERVER_PID=
  return "$status"
}
