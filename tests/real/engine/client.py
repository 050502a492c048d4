"""What the engine's tests need: a started engine, requests over plain sockets, streams with arrival stamps.

Standard library only, and no parser shared with the program under test.
"""
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import time

BIN = os.path.join(os.environ["CHIMERA_BIN"], "chimera-engine")
DEPS = os.environ["CHIMERA_DEPS"]
MODEL = os.path.join(DEPS, "models", "smollm2-135m.gguf")
PATIENCE_S = 120


class Engine:
    """A running engine; extra arguments are appended to -m MODEL -t 1 -c 1024."""

    def __init__(self, *args, model=MODEL, wait=True):
        self.args = [BIN, "-m", model, "-t", "1", "-c", "1024", *args]
        self.process = subprocess.Popen(self.args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on http://127.0.0.1:"):
            raise AssertionError(f"first line of {self.args}: {line!r}, then {self.process.stderr.read()}")
        self.port = int(line.rsplit(":", 1)[1])
        self.url = line.split()[-1]
        if wait:
            self.wait_ready()

    def wait_ready(self):
        deadline = time.monotonic() + PATIENCE_S
        while self.get("/health")[0] != 200:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError("the engine did not become ready")
            time.sleep(0.005)

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def request(self, method, path, body=None):
        """(status, headers, parsed JSON or text)"""
        c = self.connect()
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        c.request(method, path, data)
        r = c.getresponse()
        text = r.read().decode()
        c.close()
        is_json = r.getheader("Content-Type", "").startswith("application/json")
        return r.status, dict(r.getheaders()), json.loads(text) if is_json and text else text

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body):
        return self.request("POST", path, body)

    def metrics(self):
        rows = [line.split() for line in self.get("/metrics")[2].splitlines() if not line.startswith("#")]
        return {name[len("chimera_"):]: float(value) for name, value in rows}

    def open(self, path, body):
        """Sends a request and returns the socket, before anything is read."""
        s = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        data = json.dumps(body).encode()
        s.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (path.encode(), len(data)) + data)
        return s

    def stream(self, path, body):
        """Reads a stream to its end: (status, list of (arrival ns, bytes of one HTTP chunk))."""
        s = self.open(path, body)
        f = s.makefile("rb")
        status = int(f.readline().split()[1])
        headers = {}
        while (line := f.readline().strip()):
            name, value = line.split(b":", 1)
            headers[name.lower()] = value.strip()
        chunks = []
        if headers.get(b"transfer-encoding") == b"chunked":
            while (n := int(f.readline(), 16)):
                chunks.append((time.monotonic_ns(), f.read(n)))
                assert f.read(2) == b"\r\n"
            assert f.read(2) == b"\r\n"
        else:
            chunks.append((time.monotonic_ns(), f.read(int(headers[b"content-length"]))))
        f.close()
        s.close()
        return status, chunks

    def sse(self, path, body):
        """The events of an OpenAI stream as (arrival ns, object); checks the framing and the final [DONE]."""
        status, chunks = self.stream(path, {"stream": True, **body})
        assert status == 200, chunks
        for _, c in chunks:
            assert c.startswith(b"data: ") and c.endswith(b"\n\n") and c.count(b"\n") == 2, c
        assert chunks[-1][1] == b"data: [DONE]\n\n", chunks[-1]
        return [(t, json.loads(c[6:])) for t, c in chunks[:-1]]

    def ndjson(self, path, body):
        status, chunks = self.stream(path, body)
        assert status == 200, chunks
        for _, c in chunks:
            assert c.endswith(b"\n") and c.count(b"\n") == 1, c
        return [(t, json.loads(c)) for t, c in chunks]

    def stop(self):
        """SIGTERM; returns the seconds until it was gone. A sanitizer's complaint shows as its exit status."""
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        took = time.monotonic() - start
        self.errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        if self.process.returncode != 0 or "ERROR:" in self.errors:
            raise AssertionError(f"exit status {self.process.returncode}: {self.errors}")
        return took

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))


def until(condition, what):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, what
        select.select([], [], [], 0.005)


def text_of(events):
    """The text of an OpenAI chat or completion stream."""
    out = ""
    for _, e in events:
        for c in e["choices"]:
            out += c.get("text") or c.get("delta", {}).get("content") or ""
    return out
