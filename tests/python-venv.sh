#!/bin/sh
# Makes a Python environment of the packages that a requirements file pins, once, and says where:
#   python-venv.sh REQUIREMENTS NAME
set -eu
requirements=$1
venv=$(cd "$(dirname "$0")/.." && pwd)/.tmp/$2

# The marker is written last, so that an installation that was interrupted is made again.
if ! cmp -s "$requirements" "$venv/installed"; then
  python3 -m venv --clear "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
  cp "$requirements" "$venv/installed"
fi
printf '%s\n' "$venv/bin/python"
