#!/bin/sh
# Holds the schemas and vectors against a second program, in another language, on other libraries.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=$("$here/../python-venv.sh" "$here/requirements.txt" second-checker)
"$python" -B "$here/check.py" "$@"
