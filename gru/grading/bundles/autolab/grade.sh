#!/usr/bin/env bash
# Autolab reads the scores from the last line of standard output.
here=$(cd "$(dirname "$0")" && pwd)
python=${GRU_PYTHON:-}
if [ -z "$python" ]; then
    python3 -m venv "$here/venv" && "$here/venv/bin/python" -m pip install --quiet "$(echo "$here"/*.whl)" >&2
    python=$here/venv/bin/python
fi
cd "$here" || exit 1
"$python" -P -m gru check "$1" --rubric "$here/rubric.toml" --report "autolab=$here/autolab.txt" >/dev/null || true
cat "$here/autolab.txt"
