#!/usr/bin/python3
"""A correct SMTP server (aiosmtpd) for one test.

usage: smtp_server.py [tls=starttls|smtps:FOLDER] [login=USER:PASSWORD] [token=USER:TOKEN] [utf8]
                      [idle=SECONDS]

Prints the port it listens on, then a line for each message taken:
  mail CONNECTION FROM TO LENGTH SHA256 OPTIONS
where OPTIONS are those of MAIL FROM, joined by commas, or "-". With tls it makes a key
and a certificate for localhost in FOLDER (cert.pem), which must be there. It ends when
standard input does.
"""

import asyncio
import base64
import hashlib
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    connections = {}
    token = None

    async def auth_XOAUTH2(self, server, args):
        """A refusal is a challenge with the reasons, and then a 535, as Google has it."""
        said = base64.b64decode(args[1]).decode()
        if self.token and said == f"user=%s\1auth=Bearer %s\1\1" % self.token:
            return AuthResult(success=True)
        await server.challenge_auth(b'{"status":"401"}')
        return AuthResult(success=False, handled=False)

    async def handle_DATA(self, server, session, envelope):
        number = self.connections.setdefault(session.peer, len(self.connections) + 1)
        body = envelope.content
        options = ",".join(envelope.mail_options) or "-"
        words = ["mail", number, envelope.mail_from or "<>", ",".join(envelope.rcpt_tos)]
        words += [len(body), hashlib.sha256(body).hexdigest(), options]
        print(*words, flush=True)
        return "250 2.0.0 taken"


def make_context(folder):
    certificate, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -batch"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", key, "-out", certificate]
    subprocess.run(command.split() + names + files, check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def parse(words):
    options, context, smtps = {}, None, None
    for word in words:
        name, _, value = word.partition("=")
        if name == "tls":
            mode, folder = value.split(":", 1)
            context = make_context(folder)
            if mode == "smtps":
                smtps = context
            else:
                options |= {"tls_context": context, "require_starttls": True}
        elif name == "login":
            user, password = value.split(":")

            def check(server, session, envelope, mechanism, data, user=user, password=password):
                good = (data.login, data.password) == (user.encode(), password.encode())
                return AuthResult(success=good, handled=False)

            options |= {"authenticator": check, "auth_required": True}
            options["auth_require_tls"] = False
        elif name == "token":
            Handler.token = tuple(value.split(":"))
            options |= {"auth_required": True, "auth_require_tls": False}
            options["auth_exclude_mechanism"] = ["PLAIN", "LOGIN"]
        elif name == "utf8":
            options["enable_SMTPUTF8"] = True
        elif name == "idle":
            options["timeout"] = float(value)
    return options, smtps


async def main():
    options, smtps = parse(sys.argv[1:])
    handler = Handler()
    loop = asyncio.get_running_loop()
    factory = lambda: SMTP(handler, hostname="localhost", decode_data=False, **options)
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=smtps)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
