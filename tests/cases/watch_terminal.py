"""Runs `chimera run` with a terminal as its stderr and plays that terminal: what is on its screen in the end.

Usage: watch_terminal.py CHIMERA STUDY RESULT complete|interrupt|narrow
The screen is endless downwards. Any sequence but cursor-up, erase and colour is an error, as is a line that is wider than
the terminal while the view is painted.
"""
import codecs
import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios

COLUMNS, ROWS, NARROW = 78, 30, 50
TOKEN = re.compile(r"\x1b\[(\d*)([A-Za-z])|([\r\n])|([^\x00-\x1f\x7f])|(.)", re.S)
TAIL = re.compile(r"(\x1b(\[\d*)?)?\Z")


class Screen:
    def __init__(self):
        self.lines, self.row, self.column, self.columns = [""], 0, 0, COLUMNS
        self.frames, self.colours, self.widest = 0, 0, 0

    def down(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def narrow(self, columns):
        """As terminals do: lines that are too long now are broken; the cursor stays at the end."""
        pieces = [[line[i:i + columns] for i in range(0, max(len(line), 1), columns)] for line in self.lines]
        assert self.row == len(self.lines) - 1 and self.column == 0
        self.lines = [piece for line in pieces for piece in line]
        self.row, self.columns = len(self.lines) - 1, columns

    def take(self, text):
        for count, letter, control, shown, other in TOKEN.findall(text):
            if letter == "A":
                up = int(count or 1)
                assert up <= self.row, f"cursor {up} up from row {self.row}"
                self.row -= up
                self.frames += 1
            elif letter == "K":
                self.lines[self.row] = self.lines[self.row][: self.column]
            elif letter == "J":
                self.lines[self.row] = self.lines[self.row][: self.column]
                del self.lines[self.row + 1:]
            elif letter == "m":
                self.colours += 1
            elif control == "\r":
                self.column = 0
            elif control == "\n":  # the terminal turned it into \r\n
                self.down()
            elif shown:
                if self.column == self.columns:
                    self.column = 0
                    self.down()
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[: self.column] + shown + line[self.column + 1:]
                self.column += 1
                if "ttft p50" in self.lines[self.row]:
                    self.widest = max(self.widest, self.column)
            else:
                raise AssertionError(f"a sequence that is not expected: {letter or other!r} in {text!r}")


def resize(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))


def main():
    chimera, study, result, how = sys.argv[1:]
    ours, theirs = os.openpty()
    resize(theirs, COLUMNS)
    with open(result + ".out", "w", encoding="utf-8") as out:
        run = subprocess.Popen([chimera, "run", study, "-o", result], stdin=subprocess.DEVNULL, stdout=out, stderr=theirs)
    os.close(theirs)
    decoder = codecs.getincrementaldecoder("utf-8")()
    screen, text, acted = Screen(), "", False
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            piece = b""
        if not piece:
            break
        text += decoder.decode(piece)
        whole = TAIL.search(text).start()  # a sequence may come in two reads
        screen.take(text[:whole])
        text = text[whole:]
        if not acted and any("ttft p50" in line for line in screen.lines):
            acted = True
            if how == "interrupt":
                run.send_signal(signal.SIGINT)
            elif how == "narrow" and screen.row == len(screen.lines) - 1 and screen.column == 0:
                resize(ours, NARROW)
                screen.narrow(NARROW)
            else:
                acted = how != "narrow"
    screen.take(text)
    status = run.wait()
    left = "\n".join(screen.lines)
    assert acted, f"the view never showed a latency:\n{left}"
    assert screen.column == 0, "the cursor is not at the beginning of a line"
    assert screen.frames > 1, f"only {screen.frames} frames"
    assert screen.widest <= COLUMNS - 1
    for word in ("ttft", "in flight", "measuring", "loop busy"):
        assert word not in left, f"{word} is left:\n{left}"
    if how == "interrupt":
        assert status == 130, f"status {status}"
        assert any(line.startswith("chimera: interrupted after") for line in screen.lines[-3:]), left
    else:
        assert status == 0, f"status {status}:\n{left}"
        done = [line for line in screen.lines if re.match(r"run \d+/2  block \d", line)]
        assert len(done) == 2, left
        assert "2 of 2 runs done" in "".join(screen.lines[-4:]), left
    assert (screen.colours > 0) == (not os.environ.get("NO_COLOR")), f"{screen.colours} colours"


main()
