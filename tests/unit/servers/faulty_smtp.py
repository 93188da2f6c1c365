#!/usr/bin/python3
"""An SMTP server that misbehaves as it is told.

usage: faulty_smtp.py SCRIPT…

Each SCRIPT gets a port of its own; all are printed, one a line. A script is a list of
"STAGE=ACTION" joined by ";". Stages: greeting ehlo starttls auth mail rcpt data body dot
rset quit. Where a script says nothing the server answers as it should. Actions:
  550 5.1.1 text   this reply; "\\n" begins its next line, "\\0" is a NUL
  close            ends the connection without a word
  reset            likewise, by a TCP reset
  stall            says nothing, and waits until the client has gone
  trickle          a byte each 20 ms of a reply without end
  flood            10 MB of a reply of many lines, then goes on as it should
  long             a reply with one line of 10 MB
  ACTION,close     the reply, then the end of the connection
"A|B" is A at the first passage of the stage over all connections, B ever after. For "body"
the action is taken when a first part of the body has come.

When a connection ends, a line is printed: "end SCRIPT-NUMBER dots=N bytes=N". A mail without a
recipient is refused, and not counted.
It ends when standard input does.
"""

import os
import socket
import struct
import sys
import threading

GOOD = {
    "greeting": "220 faulty.test",
    "ehlo": "250-faulty.test\n250-ENHANCEDSTATUSCODES\n250 8BITMIME",
    "starttls": "220 go ahead",
    "auth": "235 2.7.0 welcome",
    "mail": "250 2.1.0 ok",
    "rcpt": "250 2.1.5 ok",
    "data": "354 go ahead",
    "dot": "250 2.0.0 taken",
    "rset": "250 2.0.0 ok",
    "quit": "221 bye",
}


PACE = threading.Event()  # never set: its wait is the time between two bytes


class Ended(Exception):
    pass


class Script:
    def __init__(self, number, text):
        self.number, self.passages, self.lock = number, {}, threading.Lock()
        pairs = [part.split("=", 1) for part in text.split(";") if part]
        self.actions = {stage: action.split("|") for stage, action in pairs}

    def action(self, stage):
        with self.lock:
            passage = self.passages.get(stage, 0)
            self.passages[stage] = passage + 1
        actions = self.actions.get(stage, [GOOD.get(stage)])
        return actions[min(passage, len(actions) - 1)]


class Connection:
    def __init__(self, script, sock):
        self.script, self.sock, self.rest = script, sock, b""
        self.dots, self.bytes, self.sender, self.recipients = 0, 0, False, 0

    def read(self):
        part = self.sock.recv(65536)
        if not part:
            raise Ended
        self.rest += part

    def line(self):
        while b"\n" not in self.rest:
            self.read()
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode("utf-8", "replace").strip()

    def say(self, text):
        text = text.replace("\\n", "\n").replace("\n", "\r\n").replace("\\0", "\0")
        self.sock.sendall(text.encode(errors="surrogateescape") + b"\r\n")

    def act(self, stage):
        action = self.script.action(stage)
        if action is None:
            return ""
        action, _, end = action.partition(",")
        if action == "stall":
            while True:
                self.read()
        elif action == "trickle":
            while True:
                self.sock.sendall(b"2")
                PACE.wait(0.02)
        elif action == "flood":
            for _ in range(10):
                self.sock.sendall(b"250-and so on\r\n" * (2**20 // 15))
            self.say(GOOD[stage])
        elif action == "long":
            self.sock.sendall(GOOD[stage].split("\n")[-1].encode())
            for _ in range(10):
                self.sock.sendall(b"x" * 2**20)
            self.say("")
        elif action == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif action != "close":
            self.say(action)
        if end == "close" or action in ("close", "reset"):
            raise Ended
        return action

    def body(self):
        if "body" in self.script.actions:
            self.read()
            self.act("body")
        end = b"\r\n.\r\n"
        self.rest = b"\r\n" + self.rest
        while end not in self.rest:
            self.read()
        body, self.rest = self.rest.split(end, 1)
        if not self.recipients:
            self.say("554 5.5.1 no valid recipients")
            return
        self.bytes += len(body)
        self.dots += 1
        self.act("dot")

    def command(self, line):
        verb = line.split(" ")[0].split(":")[0].lower()
        stage = "ehlo" if verb == "helo" else verb
        needs = {"rcpt": self.sender, "data": self.recipients}
        if not needs.get(stage, True) and stage not in self.script.actions:
            self.say("503 5.5.1 out of order")
            return
        if stage == "auth" and line.count(" ") == 1:
            self.say("334 ")
            self.line()
        said = self.act(stage)
        if stage == "mail":
            self.sender, self.recipients = said.startswith("2"), 0
        elif stage == "rcpt":
            self.recipients += said.startswith("2")
        elif stage == "data" and said.startswith("3"):
            self.body()
        elif stage == "quit":
            raise Ended

    def run(self):
        try:
            self.act("greeting")
            while True:
                self.command(self.line())
        except (Ended, OSError):
            pass
        self.sock.close()
        os.write(1, f"end {self.script.number} dots={self.dots} bytes={self.bytes}\n".encode())


def serve(script, listener):
    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=Connection(script, sock).run, daemon=True).start()


def main():
    for number, text in enumerate(sys.argv[1:]):
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        arguments = (Script(number, text), listener)
        threading.Thread(target=serve, args=arguments, daemon=True).start()
    sys.stdin.read()


main()
