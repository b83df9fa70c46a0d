#!/usr/bin/env bash
# Runs a command against an emulated Bluetooth daemon on a private bus. Debian: dbus, python3-dbus, python3-gi.
#   BLUEZ_MODE=MODE RECORDS=N run.sh COMMAND [ARGUMENT]...        modes: see daemon.py; exit status: the command's
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
cat >"$work/bus.conf" <<X
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=$work/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true"/><allow receive_type="method_call"/><allow receive_type="signal"/>
<allow receive_requested_reply="true"/></policy></busconfig>
X
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/bus BLUEZ_MODE=${BLUEZ_MODE:-plain} RECORDS=${RECORDS:-25}
dbus-daemon --config-file="$work/bus.conf" --nofork --nopidfile &
bus=$!
for _ in $(seq 1200); do [[ -S $work/bus ]] && break; sleep 0.05; done
/usr/bin/python3 "$here/daemon.py" "$RECORDS" >"$work/daemon.log" 2>&1 &
daemon=$!
for _ in $(seq 1200); do grep -q ready "$work/daemon.log" && break; sleep 0.05; done
timeout "${LIMIT:-300}" "$@"
status=$?
kill "$daemon" "$bus" 2>/dev/null
wait 2>/dev/null
((status == 0)) || cat "$work/daemon.log" >&2
rm -rf "$work"
exit "$status"
