"""SMTP and HTTP servers that misbehave as they are told, on ports of the kernel's choice.

    server = shop.add(FaultSmtp({"rcpt": by_recipient({"gone@": "550 5.1.1 no such user"})}))
    shop.config["gateways"] = {"relay": server.gateway(connections=2)}

A script is a mapping of steps to actions; at a step without one the server does what it should.
The test may change it while the server runs: `server.on("dot", CLOSE)`, `server.well()`.

Steps of SMTP: connect banner ehlo starttls tls auth mail rcpt data body dot rset noop quit.
Steps of HTTP: connect head (the head was read, none of the body) body answer.
"body" is passed when the first `at` bytes of it are there (`at_byte`), else at its first part.

An action is one of these, or several as a tuple, taken one after the other:
  "550 5.1.1 text"   this reply; "\\n" begins its next line. b"…": these bytes
  503, answer(…)     an HTTP answer
  GOOD               what is right at this step
  wait(SECONDS)      and then the next; it ends when the server is stopped
  CLOSE, RESET       ends the connection: by FIN, by RST
  HOLE               nothing more is read or said, until the client has gone
  trickle(TEXT, SECONDS)   a byte each SECONDS (1)
  flood(BYTES)       a reply of many lines, 10 MB
  first([A, B])      A at the first passage over all connections, B ever after
A function of the `Step` may stand for an action, and answers with one (None: GOOD).

What was seen stands in `seen` (Step), `mails` or `requests`, `connections`: lists that only grow.
"""

import base64
import email
import email.policy
import itertools
import json
import select
import socket
import ssl
import struct
import threading
import time

PATIENCE = 60  # seconds a server waits for its client
EXTENSIONS = ("PIPELINING", "SIZE 20000000", "8BITMIME", "ENHANCEDSTATUSCODES")
REPLIES = {
    "banner": "220 fault.example ESMTP", "starttls": "220 2.0.0 go ahead", "auth": "235 2.7.0 welcome",
    "mail": "250 2.1.0 well", "rcpt": "250 2.1.5 well", "data": "354 go ahead", "dot": "250 2.0.0 taken",
    "rset": "250 2.0.0 well", "noop": "250 2.0.0 well", "quit": "221 2.0.0 bye",
}


class Ended(Exception):
    """The connection is over."""


class Do:
    """An action with something to it: `run(connection)`."""

    def __init__(self, name, run):
        self.name, self.run = name, run

    def __repr__(self):
        return self.name


def _close(connection):
    raise Ended


def _reset(connection):
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise Ended


def _hole(connection):
    """The socket's own word: what the client still says is not read."""
    watch = select.poll()
    watch.register(connection.sock, select.POLLRDHUP)
    while not connection.server.ended.is_set():
        if watch.poll(100):
            break
    raise Ended


CLOSE, RESET, HOLE, GOOD = Do("CLOSE", _close), Do("RESET", _reset), Do("HOLE", _hole), None


def wait(seconds):
    return Do(f"wait({seconds})", lambda connection: connection.server.ended.wait(seconds))


def until(event):
    """Waits until the test sets the threading.Event."""
    def run(connection):
        while not event.wait(0.05) and not connection.server.ended.is_set():
            pass
    return Do("until", run)


def trickle(text, seconds=1):
    def run(connection):
        for byte in text if isinstance(text, bytes) else wire(text):
            connection.write(bytes([byte]))
            if connection.server.ended.wait(seconds):
                raise Ended
    return Do(f"trickle({text!r}, {seconds})", run)


def flood(length=10 << 20, line=b"250-and so on\r\n"):
    def run(connection):
        part = line * (65536 // len(line))
        for _ in range(length // len(part) + 1):
            connection.write(part)
    return Do(f"flood({length})", run)


def cut_at(count, text, how=RESET):
    """The first `count` bytes of a reply, and then the end."""
    return (text if isinstance(text, bytes) else wire(text))[:count], how


def at_byte(count, action):
    """For the step "body": once `count` bytes of it have come."""
    def choose(step):
        return action
    choose.at = count
    return choose


def first(actions):
    """One after the other, the last for ever."""
    rest = iter(actions[:-1])
    lock = threading.Lock()

    def choose(step):
        with lock:
            return next(rest, actions[-1])
    return choose


def by_recipient(table):
    """{"gone@": ACTION, …}: the action of the first part that `<the recipient's address>` has in it."""
    def choose(step):
        return next((action for part, action in table.items() if part in f"<{step.recipient}>"), GOOD)
    return choose


def wire(text):
    return text.replace("\n", "\r\n").encode() + b"\r\n"


def answer(status, body=b"{}", reason="Status", version="HTTP/1.1", **headers):
    """An HTTP answer as bytes; `retry_after=5` is a header. Content-Length is added where no header says
    how long the body is."""
    body = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    fields = {name.replace("_", "-").title(): value for name, value in headers.items()}
    if "Transfer-Encoding" not in fields:
        fields.setdefault("Content-Length", len(body))
    head = f"{version} {status} {reason}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields.items() if v is not None)
    return head.encode() + b"\r\n" + body


class Step:
    """One step of one connection. `text`: the command or the request's line; `recipient`: the last RCPT's."""

    def __init__(self, connection, name, text="", recipient="", request=None):
        self.connection, self.name, self.text = connection.number, name, text
        self.recipient, self.request = recipient, request
        self.at = time.monotonic()

    def __repr__(self):
        return f"{self.connection}:{self.name}:{self.text}"


class Server:
    """Accepts; a thread for each connection. `tls`: an SSLContext. `receive_buffer`: bytes that may wait on
    our side unread; few wait on the client's then, too."""

    def __init__(self, script=None, tls=None, receive_buffer=None):
        self.script, self.tls = dict(script or {}), tls
        self.ended, self.lock = threading.Event(), threading.Lock()
        self.seen, self.open, self.numbers = [], set(), itertools.count(1)
        self.connections = 0
        self.listener = socket.socket()
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(512)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def on(self, step, action):
        with self.lock:
            self.script[step] = action
        return self

    def well(self):
        """From now on all is as it should be."""
        with self.lock:
            self.script.clear()

    def count(self, step, having=""):
        """How often a step was passed, with `having` in its text."""
        return sum(1 for one in list(self.seen) if one.name == step and having in one.text)

    def stop(self):
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            left = list(self.open)
        for connection in left:
            connection.shut()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock, next(self.numbers)), daemon=True).start()

    def _serve(self, sock, number):
        connection = self.protocol(self, sock, number)
        with self.lock:
            self.open.add(connection)
        try:
            connection.take("connect")
            connection.run()
        except (Ended, OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
            connection.end()


class Connection:
    def __init__(self, server, sock, number):
        self.server, self.sock, self.number = server, sock, number
        self.rest = b""
        self.sock.settimeout(PATIENCE)

    # ---- Bytes ----

    def read(self):
        part = self.sock.recv(65536)
        if not part:
            raise Ended
        self.rest += part

    def line(self):
        while b"\n" not in self.rest:
            self.read()
        line, self.rest = self.rest.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "surrogateescape")

    def write(self, data):
        self.sock.sendall(data)

    def start_tls(self):
        self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)
        self.rest = b""

    def shut(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def end(self):
        """What was said is read by the client: unread input would turn the end into a reset."""
        try:
            linger = struct.unpack("ii", self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
            if not linger[0]:
                self.sock.shutdown(socket.SHUT_WR)
                self.sock.settimeout(0.5)
                while self.sock.recv(65536):
                    pass
        except OSError:
            pass
        self.sock.close()

    # ---- Steps ----

    def take(self, name, text="", recipient="", request=None):
        """Passes a step; the first bytes of what was answered, None where nothing was."""
        step = Step(self, name, text, recipient, request)
        self.server.seen.append(step)
        with self.server.lock:
            action = self.server.script.get(name)
        while callable(action):
            action = action(step)
        said = None
        for part in action if isinstance(action, tuple) else (action,):
            data = self.act(name, part)
            said = said or data
        return said

    def act(self, name, part):
        if isinstance(part, Do):
            part.run(self)
            return None
        data = part if isinstance(part, bytes) else self.proper(name) if part is None else self.word(part)
        if data:
            self.write(data)
        return data

    def wanted_at(self, name):
        """After how many bytes the step "body" is passed; None where the script says nothing of it."""
        with self.server.lock:
            action = self.server.script.get(name)
        return None if action is None else getattr(action, "at", 1)


# ---- SMTP ----


class Mail:
    """A mail that came to its end, whatever was answered. `taken`: with 2xx."""

    def __init__(self, connection, sender, recipients, options, content):
        self.connection, self.sender, self.recipients = connection.number, sender, recipients
        self.options, self.content, self.taken = options, content, False
        self.tls, self.login, self.at = connection.secure, connection.login, time.monotonic()

    @property
    def to(self):
        return self.recipients[0]

    @property
    def parsed(self):
        return email.message_from_bytes(self.content, policy=email.policy.default)


class SmtpConnection(Connection):
    def __init__(self, server, sock, number):
        super().__init__(server, sock, number)
        self.secure, self.login = False, None
        self.sender, self.options, self.recipients = "", "", []

    def proper(self, name):
        return wire(self.ehlo()) if name == "ehlo" else wire(REPLIES[name]) if name in REPLIES else b""

    def word(self, part):
        return wire(part)

    def ehlo(self):
        words = ["fault.example", *self.server.extensions]
        if self.server.tls and not self.secure:
            words.append("STARTTLS")
        if self.server.auth and (self.secure or not self.server.tls):
            words.append(f"AUTH {self.server.auth}")
        return "\n".join(f"250{' ' if word is words[-1] else '-'}{word}" for word in words)

    def run(self):
        if self.server.smtps:
            self.secure = True
            self.start_tls()
        self.take("banner")
        while True:
            self.command(self.line())

    def command(self, text):
        verb = text.split(" ")[0].split(":")[0].lower()
        known = getattr(self, f"do_{verb}", None)
        if known:
            known(text)
        elif verb in REPLIES:
            self.take(verb, text)
        else:
            self.take("unknown", text)
            self.write(b"500 5.5.2 what\r\n")
        if verb == "quit":
            raise Ended

    def do_ehlo(self, text):
        self.take("ehlo", text)

    do_helo = do_ehlo

    def do_starttls(self, text):
        said = self.take("starttls", text)
        if said and said.startswith(b"220"):
            self.take("tls")
            self.start_tls()
            self.secure = True

    def do_auth(self, text):
        """PLAIN and LOGIN, with an initial response or without; XOAUTH2."""
        words = text.split(" ")
        parts = [base64.b64decode(word).decode() for word in words[2:]]
        while len(parts) < (2 if words[1].upper() == "LOGIN" else 1):
            self.write(b"334 " + base64.b64encode(b"Password:" if parts else b"Username:") + b"\r\n")
            parts.append(base64.b64decode(self.line()).decode())
        said = self.take("auth", text)
        if said and said.startswith(b"2"):
            self.login = tuple(parts if len(parts) > 1 else parts[0].split("\0")[1:])

    def do_mail(self, text):
        self.sender, _, self.options = text.partition("<")[2].partition(">")
        self.recipients = []
        self.take("mail", text)

    def do_rcpt(self, text):
        recipient = text.partition("<")[2].partition(">")[0]
        said = self.take("rcpt", text, recipient)
        if said and said.startswith(b"2"):
            self.recipients.append(recipient)

    def do_data(self, text):
        if not self.recipients and "data" not in self.server.script:  # as servers do
            self.write(b"554 5.5.1 no valid recipients\r\n")
            return
        said = self.take("data", text, self.last())
        if said and said.startswith(b"354"):
            self.body()

    def is_whole(self):
        return self.rest.startswith(b".\r\n") or b"\r\n.\r\n" in self.rest

    def last(self):
        return self.recipients[-1] if self.recipients else ""

    def body(self):
        at = self.wanted_at("body")
        if at is not None:
            while len(self.rest) < at and not self.is_whole():
                self.read()
            self.take("body", recipient=self.last())
        while not self.is_whole():
            self.read()
        if self.rest.startswith(b".\r\n"):
            content, self.rest = b"", self.rest[3:]
        else:
            content, self.rest = self.rest.split(b"\r\n.\r\n", 1)
            content = (b"\r\n" + content).replace(b"\r\n.", b"\r\n")[2:] + b"\r\n"
        if not self.recipients:  # DATA went out before RCPT was refused (RFC 2920, 3.1): a mail to nobody
            self.write(b"554 5.5.1 no valid recipients\r\n")
            return
        mail = Mail(self, self.sender, list(self.recipients), self.options.split(), content)
        self.server.mails.append(mail)
        step_said = self.take("dot", recipient=self.last())
        mail.taken = bool(step_said and step_said.startswith(b"2"))

    def take(self, name, text="", recipient="", request=None):
        said = super().take(name, text, recipient, request)
        if said and said.startswith(b"421"):
            raise Ended
        return said


class FaultSmtp(Server):
    """`tls` offers STARTTLS (or is begun at once, with `smtps`); `auth`: the mechanisms that are offered.
    STARTTLS that is stripped: `tls=None`."""

    protocol = SmtpConnection

    def __init__(self, script=None, extensions=EXTENSIONS, tls=None, smtps=False, auth=None, **more):
        self.extensions, self.smtps, self.auth, self.mails = extensions, smtps, auth, []
        super().__init__(script, tls, **more)

    def gateway(self, **keys):
        return {"kind": "smtp", "host": "127.0.0.1", "port": self.port, "tls": "never", **keys}

    def taken(self, to=""):
        """The mails that were answered with 2xx, of recipients with `to` in the address."""
        return [mail for mail in list(self.mails) if mail.taken and to in mail.to]

    def tried(self, to):
        """How often this address was asked about."""
        return self.count("rcpt", f"<{to}>")


# ---- HTTP ----


class Request:
    """`whole`: its body was read to the end."""

    def __init__(self, connection, line):
        self.connection, self.at = connection.number, time.monotonic()
        self.method, self.path = (line.split(" ") + ["", ""])[:2]
        self.headers, self.body, self.whole = {}, b"", False

    @property
    def key(self):
        return self.headers.get("idempotency-key")

    @property
    def json(self):
        return json.loads(self.body)


class HttpConnection(Connection):
    def proper(self, name):
        return answer(self.server.status) if name == "answer" else b""

    def word(self, part):
        return answer(part) if isinstance(part, int) else part.encode()

    def run(self):
        if self.server.tls:
            self.start_tls()
        while True:
            self.request()

    def request(self):
        line = self.line()
        request = Request(self, line)
        while field := self.line():
            name, _, value = field.partition(":")
            request.headers[name.strip().lower()] = value.strip()
        self.server.begun.append(request)
        early = self.take("head", line, request=request)
        if not early and request.headers.get("expect", "").lower() == "100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.body(request)
        self.server.requests.append(request)
        if not early or early.startswith(b"HTTP/1.1 1"):
            self.take("answer", line, request=request)

    def body(self, request):
        if request.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.line().split(";")[0], 16):
                request.body += self.exactly(size)
                self.line()
            self.line()
        else:
            length = int(request.headers.get("content-length", 0))
            at = self.wanted_at("body")
            if at is not None:
                while len(self.rest) < min(at, length):
                    self.read()
                self.take("body", request=request)
            request.body = self.exactly(length)
        request.whole = True

    def exactly(self, length):
        while len(self.rest) < length:
            self.read()
        data, self.rest = self.rest[:length], self.rest[length:]
        return data


class FaultHttp(Server):
    """`requests`: those that arrived whole; `begun`: all whose head was read. `status`: what is answered
    where the script says nothing. An action at "head" that writes an answer is an early one."""

    protocol = HttpConnection

    def __init__(self, script=None, tls=None, status=202, **more):
        self.status, self.requests, self.begun = status, [], []
        super().__init__(script, tls, **more)

    def gateway(self, path="/send", **keys):
        scheme, host = ("https", "localhost") if self.tls else ("http", "127.0.0.1")
        return {"kind": "http", "url": f"{scheme}://{host}:{self.port}{path}", **keys}

    def keys(self):
        return [request.key for request in list(self.requests)]


def server_context(folder, name):
    """For `tls`: the certificate NAME of `certificates.make(folder)`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/{name}.pem", f"{folder}/{name}.key")
    return context
