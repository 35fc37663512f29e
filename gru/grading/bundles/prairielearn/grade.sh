#!/usr/bin/env bash
# PrairieLearn runs this in a container without a network; the student's files are in /grade/student.
root=${GRADE:-/grade}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$root/results"
cd "$root/results" || exit 1
"${GRU_PYTHON:-python}" -P -m gru check --find "$root/student" --rubric "$here/rubric.toml" \
    --report "prairielearn=$root/results/results.json" || true
