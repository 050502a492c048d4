"""Compares `chimera export` with the bytes that a proxy saw: text, token counts, timers, finish reason, exactly.

usage: agree.py PROXY_LOG EXPORT.jsonl
The HTTP and stream readers here share nothing with the product. Prints a line and exits 1 at the first difference."""
import json
import sys


def messages(raw):
    """The HTTP messages of one direction: (start line, body), chunked or with a length."""
    while raw:
        head, sep, rest = raw.partition(b"\r\n\r\n")
        if not sep:
            return
        lines = head.split(b"\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (l.partition(b":") for l in lines[1:])}
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            body = b""
            while True:
                size, _, rest = rest.partition(b"\r\n")
                n = int(size.split(b";")[0], 16)
                if n == 0:
                    rest = rest.partition(b"\r\n")[2]
                    break
                body, rest = body + rest[:n], rest[n + 2 :]
        else:
            n = int(headers.get(b"content-length", b"0"))
            body, rest = rest[:n], rest[n:]
        yield lines[0].decode(), body
        raw = rest


def events(body):
    text = body.decode("utf-8", "replace")
    if text.startswith("data:") or "\ndata:" in text:
        for line in text.split("\n"):
            line = line.strip("\r")
            if line.startswith("data:") and line[5:].strip() != "[DONE]":
                yield json.loads(line[5:])
    else:
        for line in text.split("\n"):
            if line.strip():
                yield json.loads(line)


def told(body):
    """What the server said of one answer."""
    t = {"text": "", "prompt": None, "completion": None, "total": None, "load": None, "prompt_eval": None, "eval": None}
    for ev in events(body):
        for choice in ev.get("choices") or []:
            t["text"] += choice.get("text") or (choice.get("delta") or choice.get("message") or {}).get("content") or ""
        t["text"] += ev.get("response") or (ev.get("message") or {}).get("content") or ""
        if ev.get("usage"):
            t["prompt"], t["completion"] = ev["usage"]["prompt_tokens"], ev["usage"]["completion_tokens"]
        if ev.get("timings"):
            t["prompt_eval"] = round(ev["timings"]["prompt_ms"] * 1e6)
            t["eval"] = round(ev["timings"]["predicted_ms"] * 1e6)
        if ev.get("done"):
            t["prompt"], t["completion"] = ev.get("prompt_eval_count"), ev.get("eval_count")
            for ours, theirs in (("total", "total"), ("load", "load"), ("prompt_eval", "prompt_eval"), ("eval", "eval")):
                t[ours] = ev.get(theirs + "_duration")
    return t


def main():
    streams = {}
    for line in open(sys.argv[1]):
        row = json.loads(line)
        streams.setdefault((row["conn"], row["from"]), bytearray()).extend(bytes.fromhex(row["hex"]))
    seen = {}
    for (conn, side), raw in streams.items():
        if side == "client":
            answers = list(messages(bytes(streams.get((conn, "server"), b""))))
            for (start, body), answer in zip(messages(bytes(raw)), answers):
                seen.setdefault(body, []).append(answer)
    compared = 0
    for line in open(sys.argv[2]):
        ours = json.loads(line)
        if ours["outcome"] != "ok":
            sys.exit(f"request {ours['run']}/{ours['seq']} is {ours['outcome']}: {ours.get('error')}")
        answers = seen.get(ours["prompt"].encode())
        if not answers:
            sys.exit(f"the proxy saw no such request: {ours['prompt'][:200]}")
        t = told(answers.pop(0)[1])
        pairs = [("text", ours["text"], t["text"]), ("prompt_tokens", ours["prompt_tokens"], t["prompt"]),
                 ("completion_tokens", ours["completion_tokens"], t["completion"])]
        pairs += [(k, ours["server_dur_ns"][k], t[k]) for k in ("total", "load", "prompt_eval", "eval") if t[k] is not None]
        for what, a, b in pairs:
            near = isinstance(a, int) and isinstance(b, int) and what in ("prompt_eval", "eval") and abs(a - b) <= 1
            if a != b and not near:
                sys.exit(f"{what} of {ours['run']}/{ours['seq']}: export says {a!r}, the server said {b!r}")
        compared += 1
    if not compared:
        sys.exit("nothing was compared")
    print(f"{compared} requests agree with the server's own bytes")


main()
