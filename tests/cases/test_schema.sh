#!/usr/bin/env bash
# doc/study.schema.json in the hands of a validator that is not ours, beside the reader of study files.
. "$(dirname "$0")/../real/lib.sh"

for python in python3 /usr/bin/python3 none; do
    "$python" -c 'import jsonschema, yaml' 2>/dev/null && break
done
[ $python != none ] || need "python3 with jsonschema and yaml"
"$chimera" new study mine >/dev/null || fail "no template"
"$python" "$CHIMERA_SRC/tests/cases/check_schema.py" "$chimera" "$CHIMERA_SRC/doc/study.schema.json" mine.yaml \
    "$CHIMERA_SRC"/examples/studies/*.yaml || fail "the schema and the reader do not agree"
echo ok
