#!/usr/bin/env bash
# System packages, for Debian and Ubuntu. Says what it is about to install and why; installs only
# what is missing. Elsewhere, or without root, it says what to install by hand.
set -euo pipefail
cd "$(dirname "$0")/.."

need=()
want() { # want PACKAGE: unless it is there
    dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed || need+=("$1")
}

case "$1" in
run)
    why="Python's own virtual environments"
    python="${PYTHON:-python3}"
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "Python 3.11 or later is needed; $python is older. PYTHON=/path/to/python make run" >&2
        exit 1
    fi
    "$python" -c 'import ensurepip, venv' 2>/dev/null || need+=(python3-venv)
    ;;
redis)
    why="the embedded Redis (there is no wheel with a server for this Python)"
    .venv/bin/python -c 'from commandcenter.redis_server import find_program; find_program()' 2>/dev/null ||
        need+=(redis-server)
    ;;
test)
    why="the real peers of the tests: Redis, PostgreSQL, SNMP agents, RTSP streams, Alertmanager, an LDAP directory, a browser, systemd's view of its units"
    for package in systemd redis-server postgresql fping snmp snmpd prometheus-alertmanager slapd curl openssl chromium \
        python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good \
        gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-x; do
        if [ "$package" = chromium ]; then # Ubuntu has none: Playwright brings its own there
            command -v chromium >/dev/null && continue
            grep -qx 'ID=ubuntu' /etc/os-release && continue
        fi
        want "$package"
    done
    ;;
bench)
    why="ffmpeg, with which the cameras' benchmark compares"
    want ffmpeg
    ;;
attack)
    why="nginx, which stands in front in the second half"
    want nginx-light
    ;;
*)
    echo "usage: $0 run|redis|test|bench|attack" >&2
    exit 2
    ;;
esac

[ ${#need[@]} -eq 0 ] && exit 0
echo "Needed for $why:"
echo "    ${need[*]}"
if ! command -v apt-get >/dev/null; then
    echo "This is no Debian or Ubuntu: please install their like by hand and try again." >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Please run as root: apt-get install ${need[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
echo "Installing them now with apt-get."
# A package that starts a service of its own is of no use here: we start our own, on our own ports.
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
