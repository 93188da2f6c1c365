#!/usr/bin/python3
"""An HTTP server (http.server) that answers as the path says.

usage: http_server.py [tls:FOLDER]

Prints its port, then a line for each request that it has read whole:
  METHOD PATH CONNECTION LENGTH SHA256 KEY TYPE AUTHORIZATION X-TO
("-" where a field is not there). The path's first part is what it does:
  /status/N[/RETRY-AFTER]  answers N; %20 in RETRY-AFTER is a space
  /close                   ends the connection without an answer
  /last                    answers 200, then unasked 408, ends the connection, prints "ended"
  /stall                   answers nothing until the client has gone
  /trickle                 200, then a byte each 20 ms
  /flood                   200, then 10 MB
  /nul                     400, and words with a NUL between them
  /echo/…                  418, and says what the path was
  /refuse                  ends the connection with the request half read
  anything else            200
It ends when standard input does.
"""

import hashlib
import socket
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

PACE = threading.Event()  # never set: its wait is the time between two parts


def say(*words):
    """A line, in one piece: threads write side by side."""
    print(" ".join(str(word) for word in words) + "\n", end="", flush=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        super().setup()
        Handler.connections += 1
        self.number = Handler.connections

    def log_message(self, *words):
        pass

    def tell(self, body):
        names = ("Idempotency-Key", "Content-Type", "Authorization", "X-To")
        fields = [self.headers.get(name, "-").replace(" ", "_") for name in names]
        digest = hashlib.sha256(body).hexdigest()
        say(self.command, self.path, self.number, len(body), digest, *fields)

    def answer(self, status, retry_after=None, body=b'{"error": "as\tyou\nwished"}'):
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pour(self, part, pause, times):
        self.send_response(200)
        self.send_header("Content-Length", str(len(part) * times))
        self.end_headers()
        for _ in range(times):
            self.wfile.write(part)
            self.wfile.flush()
            PACE.wait(pause)

    def handle_request(self):
        words = self.path.strip("/").split("/")
        self.close_connection = False
        if words[0] == "refuse":
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        self.tell(body)
        if words[0] == "status":
            self.answer(int(words[1]), unquote(words[2]) if len(words) > 2 else None)
        elif words[0] == "close":
            self.close_connection = True
        elif words[0] == "last":
            self.answer(200)
            self.wfile.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
            self.connection.shutdown(socket.SHUT_RDWR)
            say("ended")
        elif words[0] == "nul":
            self.answer(400, body=b"no\0such number")
        elif words[0] == "echo":
            self.answer(418, body=f"you sent {self.path}".encode())
        elif words[0] == "stall":
            self.rfile.read()
        elif words[0] == "trickle":
            self.pour(b"x", 0.02, 100000)
        elif words[0] == "flood":
            self.pour(b"x" * 2**20, 0, 10)
        else:
            self.answer(200)

    def safely(self):
        try:
            self.handle_request()
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = safely


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


def wrap(server, folder):
    certificate, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -batch"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", key, "-out", certificate]
    subprocess.run(command.split() + names + files, check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 1:
        wrap(server, sys.argv[1].removeprefix("tls:"))
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
