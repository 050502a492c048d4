"""check_width.py CHIMERA FILE: a report is as wide as its terminal; in a pipe as COLUMNS says, else 100 columns."""
import fcntl, os, pty, re, struct, subprocess, sys, termios

chimera, path = sys.argv[1:3]
plain_env = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | {"LC_ALL": "C.UTF-8"}


def widest(text):
    return max(len(re.sub("\x1b\\[[0-9;]*m", "", line)) for line in text.splitlines())


def on_terminal(columns):
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    child = subprocess.Popen([chimera, "report", path], stdout=theirs, env=plain_env)
    os.close(theirs)
    out = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the terminal is gone with its last writer
            break
        if not part:
            break
        out += part
    assert child.wait() == 0
    return widest(out.decode())


def in_pipe(**env):
    out = subprocess.run([chimera, "report", path], stdout=subprocess.PIPE, check=True, env=plain_env | env)
    return widest(out.stdout.decode())


normal = in_pipe()
assert 80 < normal <= 100, normal
for columns in (80, 100, 160):
    assert on_terminal(columns) <= columns, columns
assert on_terminal(160) > 100
assert in_pipe(COLUMNS="80") <= 80
assert in_pipe(COLUMNS="") == normal and in_pipe(COLUMNS="wide") == normal and in_pipe(COLUMNS="-1") == normal
assert in_pipe(COLUMNS="999999999999") <= 1000
