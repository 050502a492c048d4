"""A headless Chromium steered over its DevTools pipe, with nothing but the standard library.

page = Browser().open(path) loads a file and waits for its load event; page.problems are console errors, uncaught
exceptions and refused resources, page.requests every address it asked for besides its own.
"""
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

SECONDS = 60


class Browser:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="chimera-browser-")
        down_read, self.down = os.pipe()
        self.up, up_write = os.pipe()
        # Chromium reads from descriptor 3 and writes to 4.
        shell = f'exec "$0" "$@" 3<&{down_read} 4>&{up_write}'
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--remote-debugging-pipe",
                 "--disable-background-networking", "--force-color-profile=srgb", f"--user-data-dir={self.profile}"]
        self.process = subprocess.Popen(["bash", "-c", shell, self.program(), *flags, "about:blank"],
                                        pass_fds=(down_read, up_write), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(down_read)
        os.close(up_write)
        self.buffer, self.number, self.events = b"", 0, []

    @staticmethod
    def program():
        return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

    def receive(self, seconds):
        until = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.up], [], [], max(0, until - time.monotonic()))
            data = os.read(self.up, 1 << 16) if ready else b""
            if not data:
                raise TimeoutError("Chromium does not answer")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.down, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive(SECONDS)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path, **view):
        return Page(self, path, **view)

    def close(self):
        try:
            self.call("Browser.close")
        except (OSError, TimeoutError):
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    def __init__(self, browser, path, width=1280, height=900, dark=False):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.view(width, height, dark)
        self.url = pathlib.Path(path).resolve().as_uri()
        browser.events.clear()
        self.call("Page.navigate", url=self.url)
        while not any(e["method"] == "Page.loadEventFired" for e in self.mine()):
            browser.events.append(browser.receive(SECONDS))

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def mine(self):
        return [e for e in self.browser.events if e.get("sessionId") == self.session and "method" in e]

    def view(self, width, height, dark=False, print=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media="print" if print else "",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    @property
    def problems(self):
        self.run("0")  # what came before this answer has been read
        found = []
        for e in self.mine():
            p = e["params"]
            if e["method"] == "Runtime.exceptionThrown":
                found.append(p["exceptionDetails"].get("exception", {}).get("description", p["exceptionDetails"]["text"]))
            elif e["method"] == "Runtime.consoleAPICalled" and p["type"] in ("error", "warning", "assert"):
                found.append(str(p["args"]))
            elif e["method"] == "Log.entryAdded" and p["entry"]["level"] in ("error", "warning"):
                found.append(p["entry"]["text"])
            elif e["method"] == "Network.loadingFailed":
                found.append(f"not loaded: {p.get('errorText')} {p.get('blockedReason', '')}")
        return found

    @property
    def requests(self):
        self.run("0")
        asked = [e["params"]["request"]["url"] for e in self.mine() if e["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if url.split("#")[0] != self.url]

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", script))
        return answer["result"].get("value")

    def key(self, key):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={
                "Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}.get(key, 0))
        if key == "Enter":
            self.call("Input.dispatchKeyEvent", type="char", text="\r", key=key)

    def picture(self, path, whole=False):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))
