"""Gateways of kind http against a real nginx, HTTP/1.1 and, over TLS, HTTP/2: each answer means what it should, and
no message is sent twice or held because of how nginx treats its connections."""

import collections

import pytest

import certificates
from conftest import wait_until
from fault_server import HOLE, FaultHttp
from real_servers import Nginx

RULE = "{{name: {0}, class: transactional, on: {0}, send: {{template: text, via: {0}, to: dest}}, on_uncertain: hold}}"
BODY = '{"text": {{ message.text | json }}}'
PLACES = {
    "early": "return 202;",
    "told": "default_type application/json; return 200 '{\"id\": \"n-1\"}';",
    "whole": "proxy_pass http://unix:SOCKET:/;",
    "limited": "limit_req zone=one; limit_req_status 429; proxy_pass http://unix:SOCKET:/;",
    "nowhere": "proxy_pass http://unix:/nobody/listens:/;",
    "hole": "proxy_pass http://unix:SOCKET:/hole; proxy_read_timeout 1s;",
    "busy": "add_header Retry-After 7 always; return 503;",
    "small": "client_max_body_size 1000; proxy_pass http://unix:SOCKET:/;",
    "gone": "return 410;",
    "moved": "return 302 http://127.0.0.1:1/elsewhere;",
    "zipped": "gzip on; gzip_types *; gzip_min_length 1; gzip_http_version 1.0; default_type application/json;"
              "return 200 '{\"id\": \"z-1\"}';",
}


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def web(request, shop):
    """shop, with shop.nginx(…) to start and shop.secure."""
    shop.redis()
    shop.template("text.text.liquid", "---\nsubject: x\n---\n{% for i in (1..lines) %}line {{ i }} of a long text\n"
                                      "{% endfor %}")
    certs = certificates.make(shop.folder / "tls") if request.param else None

    def nginx(keeping="", **gateway):
        inner, hole = shop.folder / "inner", shop.add(FaultHttp({"head": HOLE}))
        block = keeping + "".join(f"location /{name} {{ {what} }}\n" for name, what in PLACES.items())
        server = shop.add(Nginx(
            shop.folder, block.replace("SOCKET", str(inner)), certs,
            f"limit_req_zone $server_port zone=one:64k rate=1r/s;"
            f"server {{ listen unix:{inner}; access_log off; location / {{ return 202; }}"
            f" location /hole {{ proxy_pass http://127.0.0.1:{hole.port}; }} }}"))
        shop.config["gateways"] = {name: server.gateway(f"/{name}", connections=1, **gateway) for name in PLACES}
        shop.config["channels"] = {name: name for name in PLACES}
        shop.rules("\n---\n".join(RULE.format(name) for name in PLACES))
        for name in PLACES:
            shop.template(f"{name}.json.liquid", BODY)
        return server

    shop.nginx, shop.secure = nginx, request.param
    return shop


def text(kind, number, lines=1):
    return {"type": kind, "id": f"{kind}{number}", "customer": {"id": f"{kind}-{number}"}, "dest": f"+358{number}",
            "lines": lines}


def ends(shop, customer):
    """What became of the customer's message so far."""
    return [what for _, what, _ in shop.trace(f"id:{customer}") if what not in ("started", "send", "ended", "finished")]


@pytest.mark.parametrize("lines", [1, 4000], ids=["short", "long"])
def test_what_nginx_answers(web, lines):
    nginx = web.nginx(answers={"id": "answer.body.id"})
    daemon = web.daemon().spawn()
    wanted = {"early": "sent", "told": "sent", "whole": "sent", "nowhere": "uncertain", "hole": "uncertain",
              "busy": "retry", "small": "dead" if lines > 1 else "sent", "gone": "dead", "moved": "gateway-fault",
              "zipped": "sent"}
    web.push(*[text(kind, 1, lines) for kind in wanted])
    for kind, what in wanted.items():
        wait_until(lambda kind=kind, what=what: what in ends(web, f"{kind}-1"),
                   lambda kind=kind: f"{kind}: {ends(web, kind + '-1')}\n{daemon.log()}{nginx.log()}")
    statuses = collections.Counter(request["status"] for request in nginx.requests())
    assert {request["protocol"] for request in nginx.requests()} == {"HTTP/2.0" if web.secure else "HTTP/1.1"}
    assert (statuses["502"], statuses["504"]) == (1, 1) and statuses["302"] >= 1
    wait_until(lambda: daemon.status()["held"] == 2, lambda: f"two held: {daemon.status()}")


def test_a_429_charges_nobody_and_passes(web):
    nginx = web.nginx()
    daemon = web.daemon().spawn("breaker=fail")
    web.push(*[text("limited", number) for number in range(3)])
    wait_until(lambda: daemon.status()["sent"] == 3, lambda: f"3 sent\n{daemon.log()}{nginx.log()}")
    statuses = collections.Counter(request["status"] for request in nginx.requests())
    assert statuses["202"] == 3 and statuses["429"] >= 1
    assert "retry" not in {what for number in range(3) for what in ends(web, f"limited-{number}")}


@pytest.mark.parametrize("keeping", ["keepalive_requests 7;", "keepalive_timeout 10ms;", "keepalive_timeout 0;"])
def test_connections_that_end_cost_nothing(web, keeping):
    """Many messages, none twice and none lost, whenever nginx ends a connection. Where it says so before, none is
    uncertain either; after a while without a request it says nothing, and what was written just then may be."""
    count = 100 if keeping == "keepalive_timeout 0;" else 500  # each has a connection of its own, and its TLS
    nginx = web.nginx(keeping)
    daemon = web.daemon().spawn()
    web.push(*[text("whole", number, 2000 if number % 10 == 0 else 1) for number in range(count)])
    wait_until(lambda: daemon.status()["sent"] + daemon.status()["held"] >= count or web.dead(),
               lambda: f"{count} sent\n{daemon.log()}{nginx.log()}")
    web.wait_idle()
    sent, held = daemon.status()["sent"], daemon.status()["held"]
    wait_until(lambda: len(nginx.requests()) >= sent,
               lambda: f"the log of {sent}: {len(nginx.requests())}")  # behind its answers
    requests = nginx.requests()
    assert len(requests) == len({request["key"] for request in requests}) <= sent + held == count
    assert held == 0 or "10ms" in keeping, daemon.log()
    assert daemon.log().count("failed at its gateway") == held


def test_connections_are_kept(web):
    nginx = web.nginx()
    daemon = web.daemon().spawn()
    web.push(*[text("whole", number, 2000 if number % 10 == 0 else 1) for number in range(100)])
    wait_until(lambda: daemon.status()["sent"] == 100, lambda: f"100 sent\n{daemon.log()}{nginx.log()}")
    assert len({request["connection"] for request in nginx.requests()}) <= 3
