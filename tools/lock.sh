#!/usr/bin/env bash
# Writes the locks. torch is left out: pip installs it first and alone (see the Makefile).
set -eu
cd "$(dirname "$0")/.."
python -m pip install --quiet uv
lock() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock" "$@"; }
lock requirements/dev.in -o requirements/dev.txt
lock requirements/site.in -c requirements/dev.txt -o requirements/site.txt
lock requirements/notebooks.in -c requirements/dev.txt -o requirements.txt
lock requirements/bench.in -c requirements/dev.txt --excludes <(echo torch) -o requirements/bench.txt
