#!/usr/bin/env bash
# Says what a fresh machine lacks before pip fails in a less readable way.
set -u
python=${1:-python3}
need() { printf '%s\n' "$1" "On Debian or Ubuntu:  sudo apt-get install $2" >&2; exit 1; }
command -v "$python" >/dev/null || need "Python was not found (looked for '$python')." "python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  need "Python 3.11 or newer is needed; '$python' is $("$python" -V 2>&1). Set PYTHON=… to another one." "python3.11 python3.11-venv"
"$python" -c 'import ensurepip, venv' 2>/dev/null || need "Python's venv module is missing." \
  "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
