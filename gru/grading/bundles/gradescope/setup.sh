#!/usr/bin/env bash
# Gradescope runs this once, when the autograder is built, and has a network then.
set -e
here=$(cd "$(dirname "$0")" && pwd)
home=${GRU_HOME:-/opt/gru}
wheel=$(echo "$here"/*.whl)
if python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python3 -m venv "$home"
    "$home/bin/python" -m pip install "$wheel[notebook]"
else
    # Ubuntu 22.04 has Python 3.10: uv, from PyPI, brings one of its own.
    command -v pip3 >/dev/null || { apt-get update && apt-get install -y python3-pip; }
    python3 -m pip install uv
    python3 -m uv venv --python 3.12 "$home"
    python3 -m uv pip install --python "$home/bin/python" "$wheel[notebook]"
fi
# Without this library a submission is shut in by Landlock alone.
apt-get install -y libseccomp2 || true
