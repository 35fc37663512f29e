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
    # Ubuntu 22.04 has Python 3.10: uv, from PyPI, finds another one or fetches one from GitHub, of a version that this
    # package is tried with. uv goes into a folder of its own, as Debian's pip installs nothing beside the system's.
    python3 -m pip --version >/dev/null 2>&1 || { apt-get update && apt-get install -y python3-pip; }
    python3 -m pip install --target "$home-uv" uv
    export PYTHONPATH="$home-uv"
    python3 -m uv venv --python '>=3.11,<3.15' "$home" || {
        # GitHub cannot be reached: Ubuntu 22.04 has a Python 3.11 in its own archive, and newer images have no need.
        apt-get update && apt-get install -y python3.11 python3.11-venv && python3.11 -m venv "$home"
    } || {
        echo "gru: there is no Python 3.11 or later, and none could be fetched from GitHub or by apt-get." \
            "Choose a newer base image in Gradescope, such as Ubuntu 24.04, and build again." >&2
        exit 1
    }
    python3 -m uv pip install --python "$home/bin/python" "$wheel[notebook]"
    rm -rf "$home-uv"
fi
# Without this library a submission is shut in by Landlock alone.
apt-get install -y libseccomp2 || true
