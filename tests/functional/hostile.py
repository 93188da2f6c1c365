"""Values that a customer or a shop could send to break out of a field of a mail."""

import re


def hostile():
    """At least 200 values that try to end a line, a field, an address or a word."""
    breaks = ["\r\n", "\n", "\r", "\n\r", "\r\n ", "\r\n\t", "\0", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e",
              "\x7f", "\x85", "\u2028", "\u2029", "\x1b", "\x08", "\u200b", "\ufeff", "%0d%0a", "\\r\\n"]
    tails = ["Bcc: evil@example.net", "Subject: two", "\r\nbody", "RCPT TO:<evil@example.net>", ".\r\nQUIT",
             "Content-Type: text/html", " evil"]
    values = [f"Ana{line}{tail}" for line in breaks for tail in tails]
    values += [f"ana{line}@example.com" for line in breaks]
    values += ["=?utf-8?Q?a=0D=0ABcc:_evil@example.net?=", "=?utf-8?B?DQpCY2M6IGV2aWw=?=", "=?", "?=", "=??=",
               "=?utf-8?Q?x?= =?utf-8?Q?y?=", '"', '\\', '\\"', '"Ana" <evil@example.net>,',
               "ana@example.com, evil@example.net", "<ana@example.com>", "ana@example.com>", "a@b@example.com",
               "ana@example.com\u202e", "Ana\u202emoc.elpmaxe@live", "(comment) ana@example.com", "ana@[127.0.0.1]",
               "group: a@example.com;", "." * 300, ".", "..", "\r\n.\r\n", "x" * 5000, "é" * 3000, "\ud7ff\ue000",
               "🎁" * 400, " ", "", "\t", "ana@exa mple.com", "ana@example.com ", '"a\r\nb"@example.com',
               "ana@xn--\r\n.com", "ana%example.net@example.com", "ana!evil@example.com", "-f@example.com",
               "evil@example.net\0@example.com", "evil@example.net\0"]
    assert len(values) >= 200
    return values


def cleaned(value, most):
    """What a subject or a header has of it: what could end a line is a space; cut at so many bytes."""
    line = re.sub(r" ?[\0-\x1f\x7f-\x9f\u2028\u2029][\0-\x1f\x7f-\x9f\u2028\u2029 ]*", " ", value).strip()
    return line.encode()[:most].decode(errors="ignore")
