#!/usr/bin/env python3
"""Run a command on a terminal of its own and talk to it.

    talk.py [STEP...] -- COMMAND...

Steps, in order: expect:TEXT waits until TEXT was printed (after what was expected before), send:TEXT types it (escapes as in C),
size:ROWSxCOLUMNS sets the size of the terminal, pause:SECONDS lets time pass. What was printed goes to standard output without carriage returns; the exit code is
the command's, 128+n when a signal ended it, 124 when it did not end or print in 20 seconds.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

LIMIT = 20


def set_size(fd, text):
    rows, columns = (int(n) for n in text.split("x"))
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_some(fd, printed, deadline):
    """False at the end of the output."""
    left = deadline - time.monotonic()
    if left <= 0 or not select.select([fd], [], [], left)[0]:
        raise TimeoutError
    try:
        data = os.read(fd, 4096)
    except OSError:
        return False
    printed += data
    return bool(data)


def converse(fd, steps, printed):
    deadline = time.monotonic() + LIMIT
    seen = 0
    for step in steps:
        kind, _, text = step.partition(":")
        if kind == "size":
            set_size(fd, text)
        elif kind == "send":
            os.write(fd, text.encode().decode("unicode_escape").encode("latin-1"))
        elif kind == "pause":
            time.sleep(float(text))
        elif kind == "expect":
            wanted = text.encode()
            while (at := printed.find(wanted, seen)) < 0:
                if not read_some(fd, printed, deadline):
                    return
            seen = at + len(wanted)
        else:
            sys.exit(f"talk.py: what is the step {step}?")
    while read_some(fd, printed, deadline):
        pass


def main():
    split = sys.argv.index("--")
    steps, command = sys.argv[1:split], sys.argv[split + 1:]
    go_read, go_write = os.pipe()
    pid, fd = pty.fork()
    if pid == 0:
        os.close(go_write)
        os.read(go_read, 1)
        os.close(go_read)
        os.execvp(command[0], command)
    # The first size is there before the command looks at it.
    set_size(fd, "24x80")
    if steps and steps[0].startswith("size:"):
        set_size(fd, steps.pop(0)[5:])
    os.close(go_read)
    os.write(go_write, b"x")
    os.close(go_write)
    printed = bytearray()
    code = None
    try:
        converse(fd, steps, printed)
    except TimeoutError:
        code = 124
        os.kill(pid, 9)
    status = os.waitpid(pid, 0)[1]
    sys.stdout.write(printed.decode(errors="replace").replace("\r", ""))
    sys.stdout.flush()
    if code is None:
        code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


main()
