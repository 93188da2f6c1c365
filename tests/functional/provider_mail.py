"""The servers of those who send mail."""

import base64
import email.utils
import hashlib
import hmac
import re
import time

from fault_server import answer
from provider import SECRET, Provider, Refused, Taken, is_address, known, strict_json


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
        "invalid": answer(400, {"message": "to parameter is not a valid address. please check documentation"}),
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
        "maintenance": answer(422, {"ErrorCode": 100, "Message": "Maintenance"}),
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
        key, mid = headers.pop("idempotencyKey", None), headers.pop("X-Mailin-custom", None)
        if any(name.lower() in ("message-id", "from", "to", "subject") for name in headers):
            raise Refused(f"standard headers: {headers}")
        if key and not re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key):
            raise Refused(f"idempotencyKey {key}")
        files = []
        for one in body.get("attachment", []):
            known(one, ("content", "name"))
            files.append((one["name"], None, base64.b64decode(one["content"], validate=True), None))
        if "attachment" in body and not files:
            raise Refused("attachment is empty")
        return Taken(recipient["email"], body.get("textContent"), body["subject"], body.get("htmlContent"),
                     body["sender"]["email"], files, headers, key=key, mid=mid)

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
