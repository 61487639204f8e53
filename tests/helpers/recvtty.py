"""The engine's side of a console socket.

    recvtty.py SOCKET

Binds SOCKET, creates SOCKET.ready, takes one message and reads from the terminal in it to the end. Prints how many descriptors came,
True when the message had a name, and the words that were read.
"""
import os
import socket
import sys

path = sys.argv[1]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(1)
listener.settimeout(20)
open(path + ".ready", "w").close()
connection, _ = listener.accept()
name, fds, _, _ = socket.recv_fds(connection, 4096, 4)
out = b""
while True:
    try:
        data = os.read(fds[0], 4096)
    except OSError:  # EIO: nobody has the other end any more
        break
    if not data:
        break
    out += data
print(len(fds), name != b"", *out.decode().split())
