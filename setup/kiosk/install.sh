#!/usr/bin/env bash
# Makes this Debian machine a wall PC: setup/kiosk/install.sh http://server:8050/wall
# Run it again after an update, or with another address.
set -euo pipefail
cd "$(dirname "$0")"

url="${1:-}"
case "$url" in
http://*/wall | https://*/wall) ;;
*)
    echo "usage: $0 http://server:8050/wall" >&2
    exit 2
    ;;
esac
if [ "$(id -u)" -ne 0 ]; then
    echo "Please run it as root: sudo $0 $url" >&2
    exit 1
fi

# cage (Debian 12) does not start without Xwayland, though Chromium never uses it
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium cage seatd xwayland python3 >/dev/null

id kiosk >/dev/null 2>&1 ||
    useradd --system --user-group --no-create-home --home-dir /var/lib/commandcenter-kiosk \
        --shell /usr/sbin/nologin kiosk
install -D -m 644 -t /opt/commandcenter-kiosk kiosk.py chromium.flags waiting.html
install -m 644 commandcenter-kiosk.service /etc/systemd/system/
settings=/etc/commandcenter-kiosk.env # may also name KIOSK_FLAGS, more flags for Chromium
touch "$settings"
sed -i '/^WALL_URL=/d' "$settings"
echo "WALL_URL=$url" >>"$settings"

systemctl daemon-reload
systemctl enable --quiet seatd commandcenter-kiosk
systemctl restart seatd commandcenter-kiosk
echo "The wall is started, now and after every boot. journalctl -u commandcenter-kiosk says what it does."
