"""change_record.py FILE: changes one value in every column of the raw tables of a result file, each time in a copy, and checks
that `chimera verify` of the copy exits 1. Then one byte of a stored answer, in the file itself."""
import os
import shutil
import sqlite3
import subprocess
import sys

FILE, CHIMERA = sys.argv[1], os.environ["CHIMERA_BIN"] + "/chimera"
COPY = "changed.db"
# of the keyed tables only what their key covers
COLUMNS = {"run": None, "health": None, "session": None, "request": None, "sample": None, "content": None, "plan": None,
           "host": {"sha256", "facts"}, "server": {"sha256", "facts"}, "study": {"plan_json", "plan_sha256"}}


def changed(value, kind):
    if value is None:
        return {"INTEGER": 1000003, "REAL": 0.5, "BLOB": b"\0"}.get(kind, "x")
    if isinstance(value, int):
        return value + 1000003
    if isinstance(value, float):
        return value + 1e-9 if value else 1e-9
    raw = bytearray(value.encode() if isinstance(value, str) else value)
    if not raw:
        raw = bytearray(b"x")
    else:
        raw[-1] ^= 1
    return raw.decode() if isinstance(value, str) else bytes(raw)


def verify():
    p = subprocess.run([CHIMERA, "verify", COPY], capture_output=True, text=True)
    return p.returncode, p.stderr.strip()


def main():
    bad = done = 0
    db = sqlite3.connect(FILE)
    for table, only in COLUMNS.items():
        for _, column, kind, *_ in db.execute(f"PRAGMA table_info({table})").fetchall():
            if column == "id" or (only and column not in only):
                continue
            row, value = db.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()
            shutil.copy(FILE, COPY)
            copy = sqlite3.connect(COPY)
            copy.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed(value, kind), row))
            copy.commit()
            copy.close()
            code, text = verify()
            done += 1
            if code != 1 or not text:
                bad += 1
                print(f"{table}.{column}: {value!r} changed, and verify exits {code}: {text}")
    body = db.execute("SELECT body FROM content ORDER BY length(body) DESC").fetchone()[0].encode()[:40]
    data = bytearray(open(FILE, "rb").read())
    at = data.find(body)
    data[at + 5] ^= 1
    open(COPY, "wb").write(data)
    code, text = verify()
    if at < 0 or code != 1:
        bad += 1
        print(f"one byte of an answer changed, and verify exits {code}: {text}")
    print(f"{done} columns changed one by one")
    sys.exit(bad > 0 or done < 80)


main()
