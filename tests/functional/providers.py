"""Servers that behave as the providers of the presets document: what they ask for, what they answer.

    server = shop.add(SendGrid(shop))
    shop.config["gateways"] = {"api": server.gateway()}

Each checks the login, the path, the required fields, and refuses fields that it does not know. A recipient
with one of the words of `SITUATIONS` before the @ (or anywhere in a number) gets that answer; `server.fails`
puts one answer before all others. What was taken stands in `taken` (Taken), whatever the form it came in."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import re
import time
import urllib.parse

from fault_server import FaultHttp, answer

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


# ---- Mail ----


class SendGrid(Provider):
    kind, path = "sendgrid", "/v3/mail/send"
    SITUATIONS = {
        "throttled": lambda self: answer(429, {"errors": [{"field": None, "message": "too many requests"}]},
                                         X_RateLimit_Limit=500, X_RateLimit_Remaining=0,
                                         X_RateLimit_Reset=int(time.time()) + 40),
        "bounced": answer(400, {"errors": [{"message": "Does not contain a valid address.",
                                            "field": "personalizations.0.to.0.email", "help": "http://x"}]}),
        "refused": answer(403, {"errors": [{"message": "The from address does not match a verified Sender "
                                                       "Identity.", "field": "from", "help": None}]}),
        "forbidden": answer(403, {"errors": [{"message": "access forbidden", "field": None, "help": None}]}),
        "large": answer(413, {"errors": [{"message": "Payload too large", "field": None}]}),
        "lost": answer(500, {"errors": [{"message": "internal"}]}),
        "down": answer(503, b""),
    }
    RESERVED = {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding",
                "to", "from", "subject", "reply-to", "cc", "bcc"}

    def login(self, request):
        if not self.bearer(request):
            return answer(401, {"errors": [{"message": "The provided authorization grant is invalid, expired, "
                                                       "or revoked", "field": None, "help": None}]})

    def malformed(self, why):
        return answer(400, {"errors": [{"message": why, "field": None, "help": None}]})

    def read(self, request):
        self.want_type(request, "application/json")
        body = known(strict_json(request.body), ("personalizations", "from", "subject", "content"),
                     ("reply_to", "headers", "attachments", "categories", "custom_args", "send_at", "asm",
                      "mail_settings", "tracking_settings", "template_id", "batch_id", "ip_pool_name"))
        person, = body["personalizations"]
        known(person, ("to",), ("cc", "bcc", "subject", "headers", "substitutions", "custom_args", "send_at", "from"))
        recipient, = person["to"]
        for one in (recipient, body["from"], body.get("reply_to", recipient)):
            if not is_address(known(one, ("email",), ("name",))["email"]):
                raise Refused(f"no address: {one}")
        parts = {}
        for part in body["content"]:
            known(part, ("type", "value"))
            parts[part["type"]] = part["value"]
        if list(parts) != [kind for kind in ("text/plain", "text/html") if kind in parts]:
            raise Refused("text/plain must be first, followed by text/html")
        headers = body.get("headers", {})
        for name, value in headers.items():
            if name.lower() in self.RESERVED or not isinstance(value, str) or not (name + value).isascii():
                raise Refused(f"the header {name} is reserved, or not encoded")
        files = []
        for one in body.get("attachments", []):
            known(one, ("content", "filename"), ("type", "disposition", "content_id"))
            inline = one.get("disposition") == "inline"
            if inline != ("content_id" in one) or re.search(r"[;\r\n]", one.get("type", "")):
                raise Refused(f"an attachment: {one}")
            files.append((one["filename"], one["type"], base64.b64decode(one["content"], validate=True),
                          one.get("content_id")))
        return Taken(recipient["email"], parts.get("text/plain"), body["subject"], parts.get("text/html"),
                     body["from"]["email"], files, headers, mid=person.get("custom_args", {}).get("mid"))

    def accepted(self, taken):
        return answer(202, b"", X_Message_Id=f"sg-{self.number()}")


class Mailgun(Provider):
    kind, path = "mailgun", "/v3/{{ domain }}/messages.mime"
    SITUATIONS = {
        "throttled": answer(429, {"message": "Domain shop.example is not allowed to send: recipient limit exceeded"},
                            Retry_After=40),
        "bounced": answer(400, {"message": "'to' parameter is not a valid address. please check documentation"}),
        "refused": answer(400, {"message": "to parameter is missing"}),
        "sandbox": answer(403, {"message": "Sandbox subdomains are for test purposes only. Please add your own domain "
                                           "or add the address to authorized recipients in Account Settings."}),
        "forbidden": answer(404, {"message": "Domain not found: shop.example"}),
        "large": answer(413, {"message": "Attachment size is too large"}),
        "lost": answer(500, {"message": "Internal Server Error"}),
        "down": answer(503, b""),
    }

    def keys_of(self):
        return {"domain": "shop.example"}

    def real_path(self):
        return "/v3/shop.example/messages.mime"

    def login(self, request):
        if not self.basic(request, "api"):
            return answer(401, b"Forbidden")

    def malformed(self, why):
        return answer(400, {"message": why})

    def read(self, request):
        self.want_type(request, "multipart/form-data")
        fields = read_form(request)
        if "message" not in fields or "to" not in fields:
            raise Refused(f"to or message is missing: {list(fields)}")
        for name in fields:
            if name not in ("to", "message") and not re.match("[vho]:", name):
                raise Refused(f"{name} is not known")
        raw, is_file = fields["message"]
        if not is_file:
            raise Refused("message is no file")
        to = fields["to"][0].decode()
        if not is_address(to):
            return Taken("bounced", None)
        return Taken.of_mail(to, raw, mid=fields["v:mid"][0].decode())

    def accepted(self, taken):
        return answer(200, {"id": f"<{self.number()}@shop.example>", "message": "Queued. Thank you."})


def read_form(request):
    """The parts of multipart/form-data (RFC 7578): name: (bytes, whether it is a file)."""
    boundary = re.search(r'boundary="?([^";]+)', request.headers["content-type"])[1].encode()
    body = b"\r\n" + request.body
    parts = body.split(b"\r\n--" + boundary)
    if parts[0] or not parts[-1].startswith(b"--") or parts[-1].strip() != b"--":
        raise Refused("no multipart body")
    fields = {}
    for part in parts[1:-1]:
        if not part.startswith(b"\r\n"):
            raise Refused("a boundary without a line end")
        head, _, content = part[2:].partition(b"\r\n\r\n")
        if b"\n" in head.replace(b"\r\n", b""):
            raise Refused("a bare line end in a part's header")
        name = re.search(rb'name="([^"]*)"', head)[1].decode()
        if name in fields:
            raise Refused(f"{name} twice")
        fields[name] = content, b"filename=" in head
    return fields


class Postmark(Provider):
    kind, path = "postmark", "/email"
    SITUATIONS = {
        "throttled": answer(429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}),
        "bounced": answer(422, {"ErrorCode": 406, "Message": "You tried to send to a recipient that has been marked "
                                                             "as inactive. Found inactive addresses: x."}),
        "invalid": answer(422, {"ErrorCode": 300, "Message": "Error parsing 'To': Illegal email address 'x'."}),
        "refused": answer(422, {"ErrorCode": 400, "Message": "The 'From' address you supplied is not a Sender "
                                                             "Signature on your account."}),
        "forbidden": answer(422, {"ErrorCode": 405, "Message": "Not allowed to send: out of credits"}),
        "nonsense": answer(200, {"ErrorCode": 300, "Message": "Invalid email request"}),
        "large": answer(413, b""),
        "lost": answer(500, {"ErrorCode": 500, "Message": "Internal"}),
        "down": answer(503, b""),
    }

    def login(self, request):
        if request.headers.get("x-postmark-server-token") != SECRET:
            return answer(401, {"ErrorCode": 10, "Message": "The Server Token you provided in the "
                                                            "X-Postmark-Server-Token request header was invalid."})

    def malformed(self, why):
        return answer(422, {"ErrorCode": 402, "Message": why})

    def read(self, request):
        self.want_type(request, "application/json")
        if request.headers.get("accept") != "application/json":
            raise Refused("Accept")
        body = known(strict_json(request.body), ("From", "To"),
                     ("Cc", "Bcc", "Subject", "Tag", "HtmlBody", "TextBody", "ReplyTo", "Headers", "TrackOpens",
                      "TrackLinks", "Metadata", "Attachments", "MessageStream"))
        (_, to), = email.utils.getaddresses([body["To"]])
        (_, sender), = email.utils.getaddresses([body["From"]])
        if not is_address(to) or not is_address(sender):
            raise Refused(f"From or To is no one address: {body['To']} {body['From']}")
        if not body.get("HtmlBody") and not body.get("TextBody"):
            raise Refused("Provide either email TextBody or HtmlBody or both")
        if body["MessageStream"] not in ("outbound", "broadcast"):
            raise Refused("The 'MessageStream' provided does not exist")
        headers = {}
        for one in body.get("Headers", []):
            known(one, ("Name", "Value"))
            if one["Name"].lower() in ("message-id", "from", "to", "subject", "date", "content-type"):
                raise Refused(f"the header {one['Name']} is not allowed")
            headers[one["Name"]] = one["Value"]
        files = []
        for one in body.get("Attachments", []):
            known(one, ("Name", "Content", "ContentType"), ("ContentID",))
            content_id = one.get("ContentID")
            if content_id and not content_id.startswith("cid:"):
                raise Refused(f"ContentID {content_id}")
            files.append((one["Name"], one["ContentType"], base64.b64decode(one["Content"], validate=True),
                          content_id and content_id[4:]))
        return Taken(to, body.get("TextBody"), body.get("Subject"), body.get("HtmlBody"), sender, files, headers,
                     mid=body["Metadata"]["mid"], raw=body)

    def accepted(self, taken):
        return answer(200, {"To": taken.to, "SubmittedAt": "2026-03-01T20:00:00Z", "ErrorCode": 0, "Message": "OK",
                            "MessageID": f"pm-{self.number()}"})


class Ses(Provider):
    """SigV4 is checked by the lines below, not by what signed it."""

    kind, path = "ses", "/v2/email/outbound-emails"
    REGION, KEY = "eu-west-1", "AKIDEXAMPLE"

    @staticmethod
    def error(status, kind, message, **headers):
        return answer(status, {"message": message}, X_Amzn_ErrorType=kind, **headers)

    def __init__(self, shop, **more):
        self.SITUATIONS = {
            "throttled": self.error(429, "TooManyRequestsException", "Maximum sending rate exceeded."),
            "throttling": self.error(400, "ThrottlingException:http://internal.amazon.com/x", "Rate exceeded"),
            "refused": self.error(400, "MessageRejected", "Email address is not verified. The following identities "
                                                          "failed the check in region EU-WEST-1: x"),
            "malformed": self.error(400, "BadRequestException", "Local address contains control or whitespace"),
            "forbidden": self.error(400, "AccountSuspendedException", "suspended"),
            "paused": self.error(400, "SendingPausedException", "Email sending is disabled."),
            "large": self.error(413, "RequestEntityTooLarge", "too large"),
            "lost": self.error(500, "InternalFailure", "internal"),
            "down": self.error(503, "ServiceUnavailable", "down"),
        }
        super().__init__(shop, **more)

    def keys_of(self):
        return {"region": self.REGION, "access_key": self.KEY}

    def malformed(self, why):
        return self.error(400, "BadRequestException", why)

    def login(self, request):
        if not self.signed(request):
            return self.error(403, "InvalidSignatureException", "The request signature we calculated does not match")

    def signed(self, request):
        """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\S+?)/(\d{8})/(\S+?)/ses/aws4_request, ?"
                             r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})",
                             request.headers.get("authorization", ""))
        if not found or found[1] != self.KEY or found[3] != self.REGION:
            return False
        names, moment = found[4].split(";"), request.headers["x-amz-date"]
        if names != sorted(names) or not {"host", "x-amz-date"} <= set(names) or not moment.startswith(found[2]):
            return False
        # libcurl signs the host without a port that is not its scheme's; a real one has none.
        values = {**request.headers, "host": request.headers["host"]}
        for host in (values["host"], values["host"].split(":")[0]):
            values["host"] = host
            canonical = "\n".join([request.method, request.path, "",
                                   *(f"{name}:{' '.join(values[name].split())}" for name in names), "",
                                   found[4], hashlib.sha256(request.body).hexdigest()])
            scope = f"{found[2]}/{found[3]}/ses/aws4_request"
            text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
            key = f"AWS4{SECRET}".encode()
            for part in (*scope.split("/"), text):
                key = hmac.digest(key, part.encode(), "sha256")
            if key.hex() == found[5]:
                return True
        return False

    def read(self, request):
        body = known(strict_json(request.body), ("Content",),
                     ("FromEmailAddress", "FromEmailAddressIdentityArn", "Destination", "ReplyToAddresses",
                      "FeedbackForwardingEmailAddress", "EmailTags", "ConfigurationSetName", "EndpointId",
                      "TenantName", "ListManagementOptions"))
        raw = base64.b64decode(known(known(body["Content"], ("Raw",))["Raw"], ("Data",))["Data"], validate=True)
        if any(len(line) > 1000 for line in raw.split(b"\r\n")):
            raise Refused("a line longer than 1000 characters")
        to, = known(body["Destination"], ("ToAddresses",))["ToAddresses"]
        for tag in body.get("EmailTags", []):
            known(tag, ("Name", "Value"))
            if not re.fullmatch("[A-Za-z0-9_.@-]{1,256}", tag["Value"]):
                raise Refused(f"a tag: {tag}")
        return Taken.of_mail(to, raw, mid=body["EmailTags"][0]["Value"])

    def accepted(self, taken):
        return answer(200, {"MessageId": f"ses-{self.number()}"})


class Brevo(Provider):
    kind, path = "brevo", "/v3/smtp/email"
    SITUATIONS = {
        "throttled": answer(429, {"code": "too_many_requests", "message": "Too many requests"}),
        "bounced": answer(400, {"code": "invalid_parameter", "message": "email is not valid in to"}),
        "refused": answer(400, {"code": "invalid_parameter", "message": "subject is blank"}),
        "forbidden": answer(402, {"code": "not_enough_credits", "message": "You have insufficient credits"}),
        "closed": answer(403, {"code": "permission_denied", "message": "Unable to send email. Your SMTP account is "
                                                                       "not yet activated."}),
        "large": answer(413, {"code": "invalid_parameter", "message": "too large"}),
        "lost": answer(500, {}),
        "down": answer(503, b""),
    }

    def login(self, request):
        if request.headers.get("api-key") != SECRET:
            return answer(401, {"code": "unauthorized", "message": "Key not found"})

    def malformed(self, why):
        return answer(400, {"code": "invalid_parameter", "message": why})

    def read(self, request):
        self.want_type(request, "application/json")
        body = known(strict_json(request.body), ("sender", "to", "subject"),
                     ("replyTo", "htmlContent", "textContent", "headers", "attachment", "tags", "params", "cc", "bcc",
                      "templateId", "messageVersions", "scheduledAt", "batchId"))
        recipient, = body["to"]
        for one in (recipient, body["sender"], body.get("replyTo", recipient)):
            if not is_address(known(one, ("email",), ("name",))["email"]):
                raise Refused(f"no address: {one}")
        if not body.get("htmlContent") and not body.get("textContent"):
            raise Refused("htmlContent is missing")
        headers = body.get("headers", {})
        key = headers.pop("idempotencyKey", None)
        if key and not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key):
            raise Refused(f"idempotencyKey {key}")
        files = []
        for one in body.get("attachment", []):
            known(one, ("content", "name"))
            files.append((one["name"], None, base64.b64decode(one["content"], validate=True), None))
        if "attachment" in body and not files:
            raise Refused("attachment is empty")
        return Taken(recipient["email"], body.get("textContent"), body["subject"], body.get("htmlContent"),
                     body["sender"]["email"], files, headers, key=key)

    def take(self, taken):
        if taken.key in [one.key for one in self.taken]:
            return answer(400, {"code": "duplicate_request", "message": "The request was sent already"})
        return super().take(taken)

    def accepted(self, taken):
        return answer(201, {"messageId": f"<{self.number()}@smtp-relay.mailin.fr>"})


class MimeUpload(Provider):
    kind, path = "mime-upload", "/mails"
    SITUATIONS = {"throttled": answer(429, b"", Retry_After=40), "refused": answer(422, b"no"),
                  "lost": answer(502, b""), "down": answer(503, b"")}

    def login(self, request):
        if not self.bearer(request):
            return answer(401, b"who are you")

    def malformed(self, why):
        return answer(400, why.encode())

    def read(self, request):
        self.want_type(request, "message/rfc822")
        taken = Taken.of_mail(request.headers["x-envelope-to"], request.body, key=request.key)
        if request.headers["x-envelope-from"] != "mail@shop.example":
            raise Refused("X-Envelope-From")
        return taken

    def accepted(self, taken):
        return answer(201, b"taken")


# ---- Texts ----


class Twilio(Provider):
    kind, channel, to = "twilio", "sms", "+40722000001"
    ACCOUNT = "AC" + "0" * 32
    path = "/2010-04-01/Accounts/{{ account }}/Messages.json"

    @staticmethod
    def error(status, code, message="no"):
        return answer(status, {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/{code}",
                               "status": status})

    def __init__(self, shop, **more):
        self.SITUATIONS = {
            "+1429": self.error(429, 20429, "Too Many Requests"), "+1430": self.error(400, 21611, "queue full"),
            "+1211": self.error(400, 21211, "Invalid 'To' Phone Number"), "+1610": self.error(400, 21610, "unsubscribed"),
            "+1614": self.error(400, 21614, "not a mobile number"), "+1408": self.error(403, 21408, "region not enabled"),
            "+1606": self.error(400, 21606, "The From phone number is not valid for your account"),
            "+1500": self.error(500, 20500, "internal"), "+1503": self.error(503, 20503, "down"),
        }
        super().__init__(shop, **more)

    def keys_of(self):
        return {"account": self.ACCOUNT, "from": "+15005550001"}

    def real_path(self):
        return f"/2010-04-01/Accounts/{self.ACCOUNT}/Messages.json"

    def login(self, request):
        if not self.basic(request, self.ACCOUNT):
            return self.error(401, 20003, "Authenticate")

    def malformed(self, why):
        return self.error(400, 21600, why)

    def read(self, request):
        self.want_type(request, "application/x-www-form-urlencoded")
        pairs = urllib.parse.parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True,
                                       errors="strict")
        fields = known(dict(pairs), ("To", "Body"), ("From", "MessagingServiceSid", "StatusCallback", "MediaUrl"))
        if "MessagingServiceSid" in fields and not re.fullmatch("MG[0-9a-f]{32}", fields["MessagingServiceSid"]):
            return self.error(400, 21701, "no such service")
        if len(pairs) != len(fields) or ("From" in fields) == ("MessagingServiceSid" in fields):
            raise Refused(f"fields: {list(fields)}")
        if len(fields["Body"]) > 1600:
            return self.error(400, 21617, "too long")
        return Taken(fields["To"], fields["Body"], sender=fields.get("From") or fields["MessagingServiceSid"])

    def accepted(self, taken):
        return answer(201, {"sid": f"SM{self.number()}", "status": "queued", "error_code": None})


class SlackWebhook(Provider):
    kind, channel, to = "slack-webhook", "chat", "anybody"
    PATH = "T0000/B0000/XXXX"
    path = "/services/{{ secret }}"
    SITUATIONS = {}

    def secret(self):
        return self.PATH

    def real_path(self):
        return f"/services/{self.PATH}"

    def login(self, request):
        if request.path != self.real_path():
            return answer(404, b"no_service")

    def malformed(self, why):
        return answer(400, b"invalid_payload")

    def read(self, request):
        body = known(strict_json(request.body), ("text",), ("blocks", "attachments"))
        words = {"throttled": answer(429, b"rate_limited", Retry_After=40), "refused": answer(400, b"no_text"),
                 "archived": answer(410, b"channel_is_archived"), "forbidden": answer(403, b"action_prohibited"),
                 "gone": answer(404, b"channel_not_found"), "lost": answer(500, b"rollup_error"),
                 "down": answer(503, b"")}
        self.SITUATIONS = {word: reply for word, reply in words.items() if f"<{word}>" in slack_text(body["text"])}
        return Taken(" ".join(self.SITUATIONS), slack_text(body["text"]))

    def accepted(self, taken):
        return answer(200, b"ok")


def slack_text(text):
    """https://docs.slack.dev/messaging/formatting-message-text#escaping"""
    if re.search(r"[<>]|&(?!amp;|lt;|gt;)", text):
        raise Refused(f"control characters of Slack's: {text}")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


class Slack(Provider):
    kind, path, channel, to = "slack", "/api/chat.postMessage", "chat", "C0123"
    SITUATIONS = {
        "throttled": answer(429, {"ok": False, "error": "ratelimited"}, Retry_After=40),
        "quietly": answer(200, {"ok": False, "error": "ratelimited"}, Retry_After=40),
        "bounced": answer(200, {"ok": False, "error": "channel_not_found"}),
        "archived": answer(200, {"ok": False, "error": "is_archived"}),
        "refused": answer(200, {"ok": False, "error": "not_in_channel"}),
        "unheard": answer(200, {"ok": False, "error": "some_new_error"}),
        "forbidden": answer(200, {"ok": False, "error": "missing_scope", "needed": "chat:write"}),
        "lost": answer(200, {"ok": False, "error": "internal_error"}),
        "garbled": answer(200, b"<html>"),
        "down": answer(503, b""),
    }

    def address(self, situation):
        return situation

    def login(self, request):
        if not self.bearer(request):
            return answer(200, {"ok": False, "error": "invalid_auth"})

    def malformed(self, why):
        return answer(200, {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": [why]}})

    def read(self, request):
        if request.headers["content-type"] != "application/json; charset=utf-8":
            raise Refused("missing_charset")
        body = known(strict_json(request.body), ("channel", "text"), ("blocks", "thread_ts", "unfurl_links"))
        return Taken(body["channel"], slack_text(body["text"]))

    def accepted(self, taken):
        return answer(200, {"ok": True, "channel": taken.to, "ts": f"1503435956.{self.number():06}"})


class Telegram(Provider):
    kind, channel, to = "telegram", "chat", "12345"
    TOKEN = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"
    path = "/bot{{ secret }}/sendMessage"

    @staticmethod
    def error(code, description, **parameters):
        more = {"parameters": parameters} if parameters else {}
        return answer(code, {"ok": False, "error_code": code, "description": description, **more})

    def __init__(self, shop, **more):
        self.SITUATIONS = {
            "throttled": self.error(429, "Too Many Requests: retry after 40", retry_after=40),
            "bounced": self.error(403, "Forbidden: bot was blocked by the user"),
            "unknown": self.error(400, "Bad Request: chat not found"),
            "refused": self.error(400, "Bad Request: message is too long"),
            "lost": self.error(500, "Internal Server Error"),
            "gateway": answer(502, b"<html>"),
            "down": answer(503, b""),
        }
        super().__init__(shop, **more)

    def address(self, situation):
        return situation

    def secret(self):
        return self.TOKEN

    def real_path(self):
        return f"/bot{self.TOKEN}/sendMessage"

    def login(self, request):
        if urllib.parse.unquote(request.path) != self.real_path():
            return self.error(401, "Unauthorized")

    def expect(self, request):
        request.path = urllib.parse.unquote(request.path)
        super().expect(request)

    def malformed(self, why):
        return self.error(400, f"Bad Request: {why}")

    def read(self, request):
        self.want_type(request, "application/json")
        body = known(strict_json(request.body), ("chat_id", "text"), ("parse_mode", "disable_notification"))
        if len(body["text"]) > 4096:
            raise Refused("message is too long")
        return Taken(body["chat_id"], body["text"])

    def accepted(self, taken):
        return answer(200, {"ok": True, "result": {"message_id": self.number(), "chat": {"id": taken.to}}})


class Webhook(Provider):
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""

    kind, path, channel, to = "webhook", "/hook", "push", "token-7"
    KEY = b"a key of 24 to 64 bytes, no less"
    SITUATIONS = {"throttled": answer(429, b"", Retry_After=40), "refused": answer(400, b"no"),
                  "forbidden": answer(410, b"gone"), "lost": answer(502, b""), "down": answer(503, b"")}

    def secret(self):
        return "whsec_" + base64.b64encode(self.KEY).decode()

    def address(self, situation):
        return situation

    def login(self, request):
        mid, moment = request.headers.get("webhook-id"), request.headers.get("webhook-timestamp", "0")
        if not mid or abs(int(moment) - time.time()) > 300:
            return answer(401, b"too old")
        signed = f"{mid}.{moment}.".encode() + request.body
        good = "v1," + base64.b64encode(hmac.digest(self.KEY, signed, "sha256")).decode()
        if good not in request.headers.get("webhook-signature", "").split(" "):
            return answer(401, b"not signed by you")

    def malformed(self, why):
        return answer(400, why.encode())

    def read(self, request):
        self.want_type(request, "application/json")
        body = known(strict_json(request.body), ("type", "timestamp", "data"))
        message = body["data"]["message"]
        files = [(one["filename"], one["content_type"], base64.b64decode(one["content"], validate=True), one["cid"])
                 for one in message["attachments"]]
        return Taken(message["to"], message["text"], message["subject"], message["html"], message["from"], files,
                     message["headers"], key=request.headers["webhook-id"], mid=message["mid"], raw=body)

    def accepted(self, taken):
        return answer(204, b"", Content_Length=None)


PROVIDERS = {one.kind: one for one in (SendGrid, Mailgun, Postmark, Ses, Brevo, MimeUpload, Twilio, SlackWebhook, Slack,
                                       Telegram, Webhook)}
