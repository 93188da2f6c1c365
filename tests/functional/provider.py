"""Servers that behave as the providers of the presets document: what they ask for, what they answer.

    server = shop.add(SendGrid(shop))  # provider_mail, provider_texts
    shop.config["gateways"] = {"api": server.gateway()}

Each checks the login, the path, the required fields, and refuses fields that it does not know. A recipient
with one of the words of `SITUATIONS` before the @ (or anywhere in a number) gets that answer; `server.fails`
puts one answer before all others. What was taken stands in `taken` (Taken), whatever the form it came in."""

import base64
import email
import email.policy
import json
import re

from fault_server import FaultHttp

SECRET = "secret-of-a-test"


class Refused(Exception):
    """The request is not as documented: the answer to it."""


class Taken:
    """`mail`: the message as the recipient would get it, an EmailMessage or None."""

    def __init__(self, to, text, subject=None, html=None, sender=None, files=(), headers=None, key=None, mid=None,
                 raw=None):
        self.to, self.text, self.subject, self.html, self.sender = to, text, subject, html, sender
        self.files, self.headers, self.key, self.mid = list(files), dict(headers or {}), key, mid
        self.raw = raw

    @classmethod
    def of_mail(cls, to, raw, **more):
        """From a whole mail."""
        if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
            raise Refused("a bare line end in the mail")
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        if mail.defects or "From" not in mail or "Date" not in mail:
            raise Refused(f"no mail: {mail.defects}")
        text, html = mail.get_body(("plain",)), mail.get_body(("html",))
        files = [(part.get_filename(), part.get_content_type(), part.get_payload(decode=True),
                  (part["Content-ID"] or "").strip("<>") or None)
                 for part in mail.walk() if part.get_content_disposition() in ("attachment", "inline")]
        return cls(to, text.get_content().replace("\r\n", "\n").strip(" \n") if text else None, mail["Subject"],
                   html.get_content().strip() if html else None,
                   mail["From"], files, {n: v for n, v in mail.items()}, raw=raw, **more)


def strict_json(text):
    def once(pairs):
        if len({name for name, _ in pairs}) < len(pairs):
            raise Refused(f"a name twice: {pairs}")
        return dict(pairs)
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=once)
    except ValueError as error:
        raise Refused(f"no JSON: {error}") from error


def known(value, required, allowed=()):
    """A mapping with these fields and no others."""
    if not isinstance(value, dict):
        raise Refused(f"no mapping: {value}")
    for name in required:
        if value.get(name) in (None, ""):
            raise Refused(f"`{name}` is missing")
    for name in value:
        if name not in (*required, *allowed):
            raise Refused(f"`{name}` is not known")
    return value


def is_address(text):
    return isinstance(text, str) and re.fullmatch(r"[^\s@<>,]+@[^\s@<>,]+\.[^\s@<>,]+", text)


class Provider(FaultHttp):
    """`kind`: the preset. `path`: where its requests go."""

    kind, path = None, "/"
    SITUATIONS = {}
    channel, to = "email", "ana@example.com"  # whom it reaches

    def __init__(self, shop, **more):
        super().__init__({"answer": self.reply}, **more)
        self.taken, self.fails, self.reasons = [], None, []
        self.secret_file = shop.folder / f"{self.kind}-secret"
        self.secret_file.write_text(f"{self.secret()}\n")
        self.secret_file.chmod(0o600)

    def secret(self):
        return SECRET

    def gateway(self, **keys):
        scheme, host = ("https", "localhost") if self.tls else ("http", "127.0.0.1")
        return {"kind": self.kind, "url": f"{scheme}://{host}:{self.port}{self.path}",
                "secret_file": str(self.secret_file), **self.keys_of(), **keys}

    def keys_of(self):
        return {}

    def address(self, situation):
        """One that meets the situation."""
        return f"{situation}@example.com"

    def reply(self, step):
        request = step.request
        if self.fails is not None:
            return self.fails
        try:
            wrong = self.login(request)
            if wrong:
                return wrong
            self.expect(request)
            taken = self.read(request)
        except Refused as why:
            self.reasons.append(str(why))
            return self.malformed(str(why))
        if isinstance(taken, bytes):
            return taken
        for word, reply in self.SITUATIONS.items():
            if word in str(taken.to):
                return reply(self) if callable(reply) else reply
        return self.take(taken)

    def expect(self, request):
        path = self.real_path()
        if request.method != "POST" or request.path != path:
            raise Refused(f"{request.method} {request.path}, not POST {path}")

    def real_path(self):
        return self.path

    def want_type(self, request, wanted):
        got = request.headers.get("content-type", "")
        if got.split(";")[0] != wanted:
            raise Refused(f"Content-Type {got}, not {wanted}")

    def bearer(self, request):
        return request.headers.get("authorization") == f"Bearer {SECRET}"

    def basic(self, request, user):
        login = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {login}"

    def take(self, taken):
        self.taken.append(taken)
        return self.accepted(taken)

    def number(self):
        return len(self.taken)
