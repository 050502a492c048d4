"""Compares an export with the result file it came from, by other code: sqlite3, json and hashlib of Python.

    python3 oracle.py RESULT EXPORT.jsonl

Reads the tables itself, decodes the chunk and engine blobs itself, and recomputes the hash of every run after the words of
src/store/hash.c. Prints nothing and exits 0 when all agree.
"""
import hashlib
import json
import sqlite3
import struct
import sys

STAMPS = "planned ready sent first_byte first_chunk first_token first_answer last_token done".split()
KINDS = "role text reasoning tool usage done error comment other".split()
FLAGS = "length degenerate context_truncated cached_prefix cold reconnected unstamped_send".split()
KEYS = """run arm block session agent stage seq server backend model outcome http_status prompt_tokens completion_tokens
flags stamps_ns server_dur_ns chunks text text_sha256 text_chars""".split()


def wrap(n):
    return (n + 2**63) % 2**64 - 2**63


class Blob:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 127) << shift
            shift += 7
            if b < 128:
                return value

    def difference(self, base):
        z = self.varint()
        return wrap(base + ((z >> 1) ^ -(z & 1)))


def none_if_absent(ns):
    return None if ns == -2**63 else ns


def chunks_of(data, base):
    if data is None:
        return []
    blob, out = Blob(data), []
    assert blob.byte() == 1
    while blob.at < len(data):
        t = blob.difference(base)
        app = blob.difference(t)
        size, text, last = blob.varint(), blob.varint(), blob.byte()
        out.append({"t_ns": none_if_absent(t), "app_ns": none_if_absent(app), "bytes": size, "text_bytes": text,
                    "kind": KINDS[last & 15], "merged": bool(last >> 4 & 1), "unstamped": bool(last >> 4 & 2)})
        base = t
    return out


def engine_of(data, base):
    if data is None:
        return None
    blob, out = Blob(data), {}
    assert blob.byte() == 1
    has = blob.byte()
    for bit, key in enumerate(("queued_ns", "prefill_start_ns", "prefill_end_ns")):
        out[key] = None
        if has >> bit & 1:
            base = out[key] = blob.difference(base)
    out["token_ns"] = []
    for _ in range(blob.varint()):
        base = blob.difference(base)
        out["token_ns"].append(none_if_absent(base))
    assert blob.at == len(data)
    return out


def valid_length(b, i):
    """Length of the UTF-8 sequence at i, or 0."""
    for n in (1, 2, 3, 4):
        try:
            b[i:i + n].decode("utf-8")
            return n
        except UnicodeDecodeError:
            continue
    return 0


def as_text(value):
    """What any bytes look like in JSON: one U+FFFD for each byte that is not part of valid UTF-8."""
    if value is None:
        return None
    out, i = [], 0
    while i < len(value):
        n = valid_length(value, i)
        out.append(value[i:i + n].decode("utf-8") if n else "\ufffd")
        i += n or 1
    return "".join(out)


def value_bytes(v, kind):
    if v is None:
        return b"n\n"
    if kind == "integer":
        return b"i%d\n" % v
    if kind == "real":
        return b"f" + struct.pack(">d", v).hex().encode() + b"\n"
    return (b"t" if kind == "text" else b"b") + b"%d:" % len(v) + v + b"\n"


class Result:
    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.text_factory = bytes

    def rows(self, table, where, order, skip):
        names = [r[1].decode() for r in self.db.execute(f"PRAGMA table_info({table})")]
        names = [n for n in names if n not in skip]
        columns = ", ".join(f'"{n}", typeof("{n}")' for n in names)
        for row in self.db.execute(f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order}"):
            yield {n: (row[2 * i], row[2 * i + 1].decode()) for i, n in enumerate(names)}

    def content(self, key):
        row = self.db.execute("SELECT body, bytes, chars FROM content WHERE sha256 = ?", (key.decode(),)).fetchone()
        assert row, key
        return row

    def run_hash(self, run):
        h = hashlib.sha256()

        def add(table, where, order, skip):
            for row in self.rows(table, where, order, skip):
                h.update(table.encode() + b"\n" + b"".join(value_bytes(*v) for v in row.values()))
                if table == "request":
                    for name in ("prompt_sha256", "text_sha256", "reasoning_sha256"):
                        key = row[name][0]
                        body = self.content(key)[0] if key else None
                        if body is not None:
                            key = hashlib.sha256(body).hexdigest().encode()
                        h.update(value_bytes(key, "text"))

        add("run", f"id = {run}", "id", {"id", "state", "verdict", "verdict_why", "rows_sha256"})
        add("health", f"run_id = {run}", "run_id", {"run_id"})
        add("session", f"run_id = {run}", "number", {"id", "run_id"})
        add("request", f"run_id = {run}", "seq", {"id", "run_id"})
        add("sample", f"run_id = {run}", "id", {"id", "run_id"})
        return h.hexdigest()


def expected_line(result, run, r):
    base = r["planned_ns"] if r["planned_ns"] is not None else 0
    text = result.content(r["text_sha256"]) if r["text_sha256"] else (None, None, 0)
    prompt = result.content(r["prompt_sha256"])[0] if r["prompt_sha256"] else None
    reasoning = result.content(r["reasoning_sha256"])[0] if r["reasoning_sha256"] else None
    line = {
        "run": run["id"], "block": run["block"], "attempt": run["attempt"], "arm": as_text(run["arm"]),
        "state": as_text(run["state"]), "session": r["session"], "turn": r["turn"], "seq": r["seq"],
        "http_status": r["http_status"], "prompt_tokens": r["prompt_tok"], "completion_tokens": r["completion_tok"],
        "cached_tokens": r["cached_tok"], "num_ctx": r["num_ctx"], "max_tokens": r["max_tok"],
        "flags": [f for i, f in enumerate(FLAGS) if r["flags"] >> i & 1],
        "stamps_ns": {s: r[s + "_ns"] for s in STAMPS},
        "server_dur_ns": {k: r[f"server_{k}_ns"] for k in ("total", "load", "prompt_eval", "eval")},
        "rtt_ns": r["rtt_ns"], "bytes_in": r["bytes_in"], "bytes_out": r["bytes_out"],
        "engine": engine_of(r["engine_stamps"], base), "chunks": chunks_of(r["chunks"], base),
        "chunks_dropped": r["chunks_dropped"], "text": as_text(text[0]), "text_chars": text[2],
        "prompt": as_text(prompt), "reasoning": as_text(reasoning),
    }
    for key in "agent stage server backend model outcome finish_reason error not_applied text_sha256 prompt_sha256".split():
        line[key] = as_text(r[key])
    if text[0] is not None:
        assert hashlib.sha256(text[0]).hexdigest() == line["text_sha256"] and len(text[0]) == text[1]
        assert len(line["text"]) == line["text_chars"]
    return line


def main():
    result = Result(sys.argv[1])
    lines = open(sys.argv[2], "rb").read().decode("utf-8").split("\n")
    assert lines.pop() == "", "the last line has no end"
    names = [r[1].decode() for r in result.db.execute("PRAGMA table_info(request)")]
    runs = [dict(zip(("id", "arm", "block", "attempt", "state", "rows_sha256"), r))
            for r in result.db.execute("SELECT id, arm, block, attempt, state, rows_sha256 FROM run ORDER BY id")]
    at = 0
    for run in runs:
        assert result.run_hash(run["id"]) == run["rows_sha256"].decode(), "run hash"
        for row in result.db.execute(f"SELECT * FROM request WHERE run_id = {run['id']} ORDER BY seq").fetchall():
            got, want = json.loads(lines[at]), expected_line(result, run, dict(zip(names, row)))
            for key in KEYS:
                assert key in got, key
            for key in want.keys() | got.keys():
                assert got[key] == want[key], (at, key, got[key], want[key])
            at += 1
    assert at == len(lines) and at > 0, (at, len(lines))


main()
