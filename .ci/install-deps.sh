#!/usr/bin/env bash
# Installs what tests need besides Go, by name: chromium, redis-server, postgresql,
# python3-grpcio, python3-protobuf, python3-cryptography, nodejs, mono-mcs, mono-runtime.
# Where it cannot (no apt-get, not root) it says how to get them and succeeds: the
# suites that need them then skip with a line. Under CI=true nothing is skipped, so
# there it fails.
set -euo pipefail

present() {
  case "$1" in
    chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
    redis-server) command -v redis-server ;;
    postgresql) command -v postgres || ls /usr/lib/postgresql/*/bin/postgres ;;
    nodejs) command -v node ;;
    mono-mcs) command -v mcs ;;
    mono-runtime) command -v mono ;;
    python3-grpcio) /usr/bin/python3 -c 'import grpc' ;;
    python3-protobuf) /usr/bin/python3 -c 'import google.protobuf' ;;
    python3-cryptography) /usr/bin/python3 -c 'import cryptography' ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

missing=()
for name in "$@"; do
  present "$name" || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  echo "installing ${missing[*]} for the tests (once)"
  log=$(mktemp)
  if (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}") >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    exit 0
  fi
  tail -20 "$log" >&2
  echo "could not install ${missing[*]}" >&2
fi
for name in "${missing[@]}"; do
  what="Its tests are skipped"
  [ "${CI:-}" != true ] || what="Its tests are demanded by CI=true"
  echo "not here: $name. $what; install it with your system's package manager (Debian: apt-get install $name)." >&2
done
[ "${CI:-}" != true ]
