#!/bin/sh
# Holds the schemas and vectors against a second program, in another language, on other libraries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "$here/../.." && pwd)/.tmp/second-checker

# The marker is written last, so that an installation that was interrupted is made again.
if ! cmp -s "$here/requirements.txt" "$venv/installed"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed"
fi

"$venv/bin/python" -B "$here/check.py" "$@"
