"""Result files for the page's tests: one small load is recorded for real, the others are that file changed in its rows."""
import json
import os
import re
import shutil
import sqlite3
import subprocess


def record(chimera, folder, requests, tokens, width):
    """A closed loop of `width` against the stub: folder/base.db."""
    path = os.path.join(folder, "base.db")
    stub = subprocess.Popen([chimera, "stub", "--first", "lognormal:20ms,0.5", "--gap", "1ms", "--tokens", str(tokens)],
                            stdout=subprocess.PIPE, text=True)
    try:
        url = re.search(r"http://\S+", stub.stdout.readline()).group()
        load = subprocess.run([chimera, "load", url, "-m", "stub", "--max-concurrency", str(width), "--num-requests", str(requests),
                               "--input-len", "8", "--output-len", str(tokens), "-q", "-o", path], stdout=subprocess.DEVNULL)
    finally:
        stub.terminate()
        stub.wait()
    if load.returncode not in (0, 1):  # a busy host makes the run VOID: the rows are there
        raise RuntimeError("chimera load failed")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE run SET verdict = 'VALID', verdict_why = ''")
    db.close()
    return path


def changed(base, name, change):
    path = os.path.join(os.path.dirname(base), name + ".db")
    shutil.copy(base, path)
    db = sqlite3.connect(path)
    with db:
        change(db)
    db.close()
    return path


def columns(db, table):
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "id"]


def name_arms(db, names):
    plan = json.loads(db.execute("SELECT plan_json FROM study").fetchone()[0])
    plan["arms"] = [{"agents": [], "load": plan["loads"][0]["name"], "name": name} for name in names]
    db.execute("UPDATE study SET plan_json = ?", [json.dumps(plan)])


def copy_run(db, n, arm, block):
    """Run 1 with all its rows once more, as run n at position n - 1."""
    if n == 1:
        db.execute("UPDATE run SET arm = ?, block = ? WHERE id = 1", [arm, block])
    for table, own in (("run", {"id": n, "position": n - 1, "arm": arm, "block": block}), ("health", {"run_id": n}),
                       ("session", {"run_id": n}), ("request", {"run_id": n}), ("sample", {"run_id": n})):
        if n == 1:
            break
        rest = [c for c in columns(db, table) if c not in own]
        db.execute(f"INSERT INTO {table}({','.join([*own, *rest])}) SELECT {','.join('?' * len(own))},{','.join(rest)} FROM {table} "
                   f"WHERE {'id' if table == 'run' else 'run_id'} = 1", list(own.values()))
    db.execute("INSERT OR REPLACE INTO plan VALUES(?, ?, ?)", [n - 1, block, arm])


def many_runs(n, arms):
    def change(db):
        names = [f"arm {i}" for i in range(arms)]
        name_arms(db, names)
        for i in range(n):
            copy_run(db, i + 1, names[i % arms], i // arms)
            # not the same twice: first tokens a little later from run to run
            db.execute("UPDATE request SET first_token_ns = first_token_ns + ? WHERE run_id = ? AND first_token_ns + ? < last_token_ns",
                       [i * 20000, i + 1, i * 20000])
    return change


HOSTILE = '<script>document.title="owned"</script>"\'><img src=x onerror=document.title="owned">&lt;\u202egnp.exe\u2066\x1b[31m</title></style>'


def hostile(db):
    name_arms(db, [HOSTILE])
    db.execute("UPDATE run SET arm = ?, verdict_why = ?", [HOSTILE, HOSTILE])
    db.execute("UPDATE plan SET arm = ?", [HOSTILE])
    db.execute("UPDATE session SET agent = ?, error = ?, quality_json = ?",
               ["load", HOSTILE, json.dumps({"grounding": {"contradicted": 1, "list": [{"class": "contradicted", "sentence": HOSTILE, "fact": HOSTILE, "origin": HOSTILE, "fact_value": 1}]}})])
    db.execute("UPDATE request SET stage = ?, server = ?, error = ?", [HOSTILE] * 3)
    db.execute("UPDATE study SET name = ?, question = ?, command = ?, source = ?", [HOSTILE] * 4)
    db.execute("UPDATE server SET name = ?", [HOSTILE])
    db.execute("UPDATE sample SET json = ?", [json.dumps({"client_cpu_s": HOSTILE, "servers": [HOSTILE], HOSTILE: HOSTILE})])


def ten_megabytes(db):
    db.execute("UPDATE study SET question = ?, source = ?", ["Why? " * 200_000, "a line of the study file\n" * 400_000])


def no_numbers(db):
    """Whatever is a number in the health and the requests is infinite, absent or absurd."""
    reals = [row[1] for row in db.execute("PRAGMA table_info(health)") if row[2] == "REAL"]
    db.execute(f"UPDATE health SET {', '.join(f'{c} = 9e999' for c in reals)}")
    db.execute("UPDATE request SET first_token_ns = NULL, last_token_ns = NULL, completion_tok = 9223372036854775807 WHERE seq % 3 = 0")
    db.execute("UPDATE request SET sent_ns = NULL WHERE seq % 3 = 1")
    db.execute("""UPDATE sample SET json = '{"client_cpu_s":1e308,"client_rss_bytes":null,"cpu_busy_s":-1e308,"gpus":[{"power_w":null}]}'""")


def nothing_ran(db):
    for table in ("run", "health", "session", "request", "sample"):
        db.execute(f"DELETE FROM {table}")


def void(db):
    db.execute("UPDATE run SET verdict = 'VOID', verdict_why = 'send_lag: requests left late'")
