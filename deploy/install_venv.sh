#!/bin/sh
# Makes a virtual environment where Debian's Python comes without the module that does it.
set -eu
python=$1 folder=$2
rm -rf "$folder"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo"; else
    echo "Python's venv module is missing. As root: apt-get install python${version}-venv" >&2
    exit 1
fi
$root apt-get update -qq
$root apt-get install -y -qq --no-install-recommends "python${version}-venv"
exec "$python" -m venv "$folder"
