#!/usr/bin/env python3
"""check_schema.py CHIMERA SCHEMA STUDY…: the studies are valid; and for one study that has every kind of map, each word that
the schema allows is read, and each value that it refuses is refused by the reader as well."""
import json
import subprocess
import sys

import jsonschema
import yaml

chimera, schema_path, *studies = sys.argv[1:]
with open(schema_path) as f:
    schema = json.load(f)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
bad = 0


def fault(text):
    global bad
    bad += 1
    print(text, file=sys.stderr)


for path in studies:
    with open(path) as f:
        for error in validator.iter_errors(yaml.safe_load(f)):
            fault(f"{path}: {error.json_path}: {error.message}")

BASE = {
    "study": "s",
    "servers": [{"name": "a"}],
    "loads": [{"name": "l", "max_concurrency": 1, "num_requests": 1}],
    "arms": [{"name": "m", "load": "l"}, {"name": "n", "agents": ["p"]}],
    "corpus": "c",
    "agents": [{"name": "p", "options": {"seed": 1}}],
    "factors": [{"name": "f", "levels": [1, {"name": "two", "value": 2}], "set": "agents.p.options.seed"}],
    "timeouts": {"connect": 1},
    "compare": {"metrics": ["e2e"]},
    "stop": {"precision": "e2e:5%"},
    "guard": {"load": 1},
    "blocks": 5,
}
# Where each map of the schema stands in it: the path of its keys, and how a tree gets a value there.
PLACES = {
    "study": ("", lambda t: t),
    "servers": ("servers.a.", lambda t: t["servers"][0]),
    "loads": ("loads.l.", lambda t: t["loads"][0]),
    "agents": ("agents.p.", lambda t: t["agents"][0]),
    "arms": ("arms.m.", lambda t: t["arms"][0]),
    "factors": ("factors.f.", lambda t: t["factors"][0]),
    "timeouts": ("timeouts.", lambda t: t["timeouts"]),
    "compare": ("compare.", lambda t: t["compare"]),
    "stop": ("stop.", lambda t: t["stop"]),
    "guard": ("guard.", lambda t: t["guard"]),
}
with open("base.yaml", "w") as f:
    json.dump(BASE, f)


def valid(map_name, key, value):
    tree = json.loads(json.dumps(BASE))
    PLACES[map_name][1](tree)[key] = value
    return validator.is_valid(tree)


def reads(changes):
    """What the reader says: the corpus is not there, so a study that can be read ends with status 3, a bad one with 2."""
    args = [chimera, "run", "--dry-run", "base.yaml"]
    for change in changes:
        args += ["--set", change]
    p = subprocess.run(args, capture_output=True, text=True)
    return p.returncode != 2, p.stderr.strip()


ok, said = reads([])
if not ok or not validator.is_valid(BASE):
    fault(f"the base study: {said}")
words = 0
for name, (prefix, _) in PLACES.items():
    table = schema if name == "study" else schema["$defs"][name]
    if valid(name, "no_such_key", 1) or reads([f"{prefix}no_such_key=1"])[0]:
        fault(f"{name}: an unknown key is taken")
    for key in table["required"]:
        tree = json.loads(json.dumps(BASE))
        del PLACES[name][1](tree)[key]
        if validator.is_valid(tree) or reads([f"{prefix}{key}=null"])[0]:
            fault(f"{name}: not missed: {key}")
    for key, what in table["properties"].items():
        shape = what["allOf"][0]
        if key in ("use", "scales") or shape == {}:
            continue
        if valid(name, key, {"zz": [{}]}) or reads([f"{prefix}{key}={{zz: [{{}}]}}"])[0]:
            fault(f"{name}.{key}: a map of nonsense is taken")
        if "minimum" in shape:
            least = shape["minimum"]
            if valid(name, key, least - 1) or reads([f"{prefix}{key}={least - 1}"])[0]:
                fault(f"{name}.{key}: {least - 1} is taken")
        some = {"boolean": ["true"], "integer": [shape.get("minimum")]}.get(str(shape.get("type")), [])
        for word in shape.get("enum", some):
            words += 1
            ok, said = reads([f"{prefix}{key}={word}"] + (["factors=null"] if word == "abba" else []))
            if not valid(name, key, yaml.safe_load(str(word))) or not ok:
                fault(f"{name}.{key}: {word}: {said}")
if words < 25:
    fault("the schema has lost its words")
sys.exit(bad > 0)
