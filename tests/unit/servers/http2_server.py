#!/usr/bin/python3
"""HTTP/2 over TLS (RFC 9113), frame by frame, and not always as it should be.

usage: http2_server.py FOLDER

Prints a port for each of MODES, in their order, then a line for each stream that it has looked at or
refused: MODE CONNECTION STREAM LENGTH-OF-THE-BODY. The certificate is FOLDER/cert.pem. It ends when
standard input does."""

import itertools
import socket
import ssl
import struct
import subprocess
import sys
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM = 0, 2, 7
STATUS_200 = b"\x88"  # HPACK's static table (RFC 7541, A)

# What a mode does: with a stream that begins, with one whose body is whole.
MODES = {
    "good": {},
    "refuse-once": {"begin": "refuse-first"},
    "refuse": {"begin": "refuse"},
    "goaway-kept": {"begin": "goaway-kept"},
    "goaway-idle": {"whole": "goaway-idle"},
    "goaway-crossed": {"whole": "goaway-crossed"},
    "early": {"begin": "early"},
    "cancel": {"whole": "cancel"},
    "goaway-taken": {"whole": "goaway-taken"},
    "close": {"whole": "close"},
    "chatter": {"whole": "chatter"},
}


def say(*words):
    """A line, in one piece: threads write side by side."""
    print(" ".join(str(word) for word in words) + "\n", end="", flush=True)


class Over(Exception):
    pass


def framed(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


class Connection:
    def __init__(self, sock, mode, number, first):
        self.sock, self.mode, self.number, self.first = sock, mode, number, first
        self.lengths, self.streams = {}, 0

    def read(self, count):
        got = b""
        while len(got) < count:
            part = self.sock.recv(count - len(got))
            if not part:
                raise Over
            got += part
        return got

    def frame(self, kind, flags, stream, body=b""):
        self.sock.sendall(framed(kind, flags, stream, body))

    def run(self):
        if self.read(len(PREFACE)) != PREFACE:
            raise Over
        self.frame(SETTINGS, 0, 0)
        while True:
            head = self.read(9)
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
            self.take(kind, flags, stream, self.read(length))

    def take(self, kind, flags, stream, body):
        if kind == SETTINGS and not flags & ACK:
            self.frame(SETTINGS, ACK, 0)
        elif kind == PING and not flags & ACK:
            self.frame(PING, ACK, 0, body)
        elif kind == HEADERS:
            self.begin(stream)
        elif kind == DATA and stream in self.lengths:
            self.lengths[stream] += len(body)
            for where in (0, stream) if body else ():
                self.frame(WINDOW_UPDATE, 0, where, struct.pack(">I", len(body)))
        if kind in (HEADERS, DATA) and flags & END_STREAM and stream in self.lengths:
            self.whole(stream)

    def tell(self, stream, length):
        say(self.mode, self.number, stream, length)

    def refuse(self, stream):
        self.tell(stream, 0)
        self.frame(RST_STREAM, 0, stream, struct.pack(">I", REFUSED_STREAM))

    def begin(self, stream):
        what = MODES[self.mode].get("begin")
        self.streams += 1
        if what == "refuse" or (what == "refuse-first" and next(self.first) == 0):
            self.refuse(stream)
        elif what == "goaway-kept" and self.streams > 1:
            self.tell(stream, 0)
            self.frame(GOAWAY, 0, 0, struct.pack(">II", stream - 2, NO_ERROR))
        else:
            self.lengths[stream] = 0
            if what == "early":
                self.answer(stream)
                self.frame(RST_STREAM, 0, stream, struct.pack(">I", NO_ERROR))
                self.tell(stream, self.lengths.pop(stream))

    def answer(self, stream):
        self.frame(HEADERS, END_HEADERS | END_STREAM, stream, STATUS_200)

    def whole(self, stream):
        what = MODES[self.mode].get("whole")
        self.tell(stream, self.lengths.pop(stream))
        if what == "cancel":
            self.frame(RST_STREAM, 0, stream, struct.pack(">I", INTERNAL_ERROR))
            return
        if what == "goaway-crossed" and self.streams > 1:
            self.frame(GOAWAY, 0, 0, struct.pack(">II", stream - 2, NO_ERROR))
            raise Over
        if what == "goaway-taken":
            self.frame(GOAWAY, 0, 0, struct.pack(">II", stream, INTERNAL_ERROR))
        if what in ("goaway-taken", "close"):
            raise Over
        if what == "goaway-idle":  # in one piece: the next request does not come in between
            farewell = framed(GOAWAY, 0, 0, struct.pack(">II", stream, NO_ERROR))
            self.sock.sendall(framed(HEADERS, END_HEADERS | END_STREAM, stream, STATUS_200) + farewell)
            return
        self.answer(stream)
        if what == "chatter":
            self.frame(PING, 0, 0, b"12345678")
            self.frame(SETTINGS, 0, 0)


def serve(context, plain, mode, number, first):
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        sock = context.wrap_socket(plain, server_side=True)
    except OSError:
        return
    try:
        Connection(sock, mode, number, first).run()
    except (Over, OSError):
        pass
    sock.close()


def listen(context, mode):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    print(listener.getsockname()[1], flush=True)

    def accept():
        first = itertools.count()
        for number in itertools.count(1):
            sock, _ = listener.accept()
            threading.Thread(target=serve, args=(context, sock, mode, number, first), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def main():
    folder = sys.argv[1]
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -batch"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    subprocess.run(command.split() + names + files, check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    context.set_alpn_protocols(["h2"])
    for mode in MODES:
        listen(context, mode)
    sys.stdin.read()


main()
