"""A tiny OpenAI-like server for the lifecycle tests: starts late, crashes, or is never healthy, as asked. GET /die ends
it with status 3 after a last log line; GET /key tells the Authorization header that came."""
import argparse
import http.server
import json
import os
import sys
import time

p = argparse.ArgumentParser()
p.add_argument("--port", type=int, required=True)
p.add_argument("--model", default="none")
p.add_argument("--delay", type=float, default=0, help="seconds of 503 after the start")
p.add_argument("--crash", action="store_true", help="end during the start")
p.add_argument("--never", action="store_true", help="never healthy")
p.add_argument("--taken", default="", help="a file; while it is absent, act as if the port were taken and create it")
p.add_argument("--no-health", action="store_true")
p.add_argument("--api-key", default="")
a = p.parse_args()
born = time.monotonic()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/die":
            print("about to die of hunger", flush=True)
            os._exit(3)
        late = time.monotonic() - born < a.delay
        if a.never or late:
            self.answer(503, {"status": "loading"})
        elif self.path == "/health" and not a.no_health:
            self.answer(200, {"status": "ok"})
        elif self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": "fake-1", "object": "model"}, {"id": "fake-2"}]})
        else:
            self.answer(404, {"error": {"message": "no such route"}})

    def do_POST(self):
        ask = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            return self.answer(404, {"error": {"message": "no such route"}})
        words = sum(len(m["content"].split()) for m in ask["messages"])
        self.answer(200, {"id": "1", "object": "chat.completion", "model": ask["model"], "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "length"}],
            "usage": {"prompt_tokens": words, "completion_tokens": 1, "total_tokens": words + 1}})

    def log_message(self, *args):
        pass


print("fake server with model", a.model, flush=True)
if a.crash:
    print("first line\nthe model file is cursed", file=sys.stderr)
    sys.exit(7)
if a.taken and not os.path.exists(a.taken):
    open(a.taken, "w").close()
    sys.exit("bind: Address already in use")
http.server.ThreadingHTTPServer(("127.0.0.1", a.port), Handler).serve_forever()
