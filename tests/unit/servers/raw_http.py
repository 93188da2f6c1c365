#!/usr/bin/python3
"""An HTTP server that answers with any bytes at any point, as the path of the request says:

  /WHEN/HOW/HEX[/HEX…]      (or with %2F for slashes)
     WHEN  head (its header was read), part (and some of its body), whole (and all of it)
     HOW   close, reset, hold (says no more until the client has gone), keep (reads the next request),
           fresh (keep, but a connection that has carried a request is reset, with no answer)
     HEX   what is answered ("bomb": 10 MB, packed); after a slash the next bytes follow when the client has read
           for a while

Prints its port, then a line for each request whose header it has read:
  CONNECTION LENGTH-OF-THE-BODY-THAT-CAME KEY
and of part and close, at the end, another with all that came.
It ends when standard input does."""

import gzip
import select
import socket
import struct
import sys
import threading
from urllib.parse import unquote

PACE = threading.Event()  # never set: its wait is the time between two parts


PACKED = gzip.compress(b"z" * 10**7)
BOMB = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(PACKED), PACKED)


class Over(Exception):
    pass


def say(*words):
    """A line, in one piece: threads write side by side."""
    print(" ".join(str(word) for word in words) + "\n", end="", flush=True)


def more(sock, got, wanted):
    while not wanted(got):
        part = sock.recv(65536)
        if not part:
            raise Over
        got += part
    return got


def take(sock, got, number, kept):
    """One request; what came behind it."""
    got = more(sock, got, lambda text: b"\r\n\r\n" in text)
    head, body = got.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
    _, when, how, *parts = unquote(lines[0].split(" ")[1]).split("/")
    length = int(fields.get("content-length", 0))
    if when != "head":
        body = more(sock, body, lambda text: len(text) >= (length if when == "whole" else min(length, 1000)))
    say(number, len(body), fields.get("idempotency-key", "-"))
    if how == "fresh" and kept:
        finish(sock, "reset")
    for part in parts:
        sock.sendall(BOMB if part == "bomb" else bytes.fromhex(part))
        if part is not parts[-1]:
            PACE.wait(0.02)
    came = finish(sock, how)
    if when == "part" and how == "close":
        say(number, len(body) + came, "in-all")
    if how != "keep" and how != "fresh":
        raise Over
    return body[length:]


def finish(sock, how):
    """How many bytes came behind the answer, of who closes."""
    came = 0
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Over
    if how == "close":
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(5)
        while part := sock.recv(65536):
            came += len(part)
    if how == "hold":
        watch = select.poll()
        watch.register(sock, select.POLLRDHUP)
        watch.poll(60000)
    return came


def serve(sock, number):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    got = b""
    try:
        kept = False
        while True:
            got = take(sock, got, number, kept)
            kept = True
    except (Over, OSError, ValueError):
        pass
    sock.close()


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)

    def accept():
        number = 0
        while True:
            sock, _ = listener.accept()
            number += 1
            threading.Thread(target=serve, args=(sock, number), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


main()
