"""The servers of those who send texts, and of webhooks."""

import base64
import hmac
import re
import time
import urllib.parse

from fault_server import answer
from provider import Provider, Refused, Taken, known, strict_json


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
            "+1211": self.error(400, 21211, "Invalid 'To' Phone Number"),
            "+1610": self.error(400, 21610, "unsubscribed"),
            "+1614": self.error(400, 21614, "not a mobile number"),
            "+1408": self.error(403, 21408, "region not enabled"),
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
            "silent": self.error(403, "Forbidden: bot can't initiate conversation with a user"),
            "unknown": self.error(400, "Bad Request: chat not found"),
            "refused": self.error(400, "Bad Request: message is too long"),
            "nobody": self.error(404, "Not Found"),
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
            return self.error(400, "Bad Request: message is too long")
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
