"""POST /v1/events: who may push what, in which forms, and what is answered (docs/intake.md)."""

import http.client
import json
import re
import signal
import threading
import time

import pytest
from conftest import wait_until
from web_intake import CONSENT, EVENT, KEY, TOKEN, TOKENS, Web, entries, full, open_web, sign, web_shop


@pytest.fixture
def posting(shop):
    return open_web(shop)


@pytest.fixture
def deciding(shop):
    """A daemon that decides, with one rule: each order is answered with a mail."""
    shop.redis()
    sink = shop.smtp()
    shop.rules("name: thanks\nclass: transactional\non: order.placed\nsend: thanks\n")
    shop.template("thanks.text.liquid", "---\nsubject: Thanks\n---\nOrder {{ order.name }}\n")
    web_shop(shop)
    daemon = shop.daemon().spawn()
    return shop, daemon, Web(daemon), sink


# --- Forms ---


def test_one_event_becomes_a_mail(deciding):
    shop, _, web, sink = deciding
    status, head, told = web.post(EVENT)
    assert status == 202, told
    assert head["Content-Type"] == "application/json"
    assert told["id"] == "order-1001-placed"
    assert told["entry"].count("-") == 1
    assert sink.next_mail().get_content().strip() == "Order #1001"


def test_who_pushed_it(deciding):
    """Told by the login's name, whatever the event says of itself, and in each line of the log by its id."""
    shop, daemon, web, sink = deciding
    (shop.folder / "tokens").write_text(TOKENS.replace(f"{TOKEN} ", f"backend: {TOKEN} "))
    config = daemon.config.read_text() + "log: {level: debug}\n"
    daemon.config.write_text(config)
    assert shop.ctl("reload")[0] == 0
    wait_until(lambda: daemon.log().count("nudged-web takes requests") == 2, daemon.log)
    assert web.post([EVENT, {**EVENT, "id": "o2", "source": "shop"}])[0] == 202
    assert web.post({**EVENT, "id": "o3"}, Idempotency_Key="k")[0] == 202
    for _ in range(3):
        sink.next_mail()
    told = shop.ctl("explain", "7")[1]
    assert " order.placed order-1001-placed by backend\n" in told
    assert " order.placed o2 from shop by backend\n" in told
    assert " order.placed o3 by backend\n" in told
    line = r"debug: an event came over the web event=o3 entry=\d+-\d+ login=backend\n"
    assert re.search(line, daemon.log()), daemon.log()
    assert TOKEN not in daemon.log()


def test_all_forms(posting):
    shop, _, web = posting
    lines = json.dumps(EVENT) + "\n" + json.dumps({**EVENT, "id": "second"}) + "\n"
    answers = [
        web.post(EVENT),
        web.post([EVENT, {**EVENT, "id": "second"}]),
        web.post(lines, "application/x-ndjson"),
        web.post(full(), "application/cloudevents+json; charset=utf-8"),
        web.post([full(), full(id="c2")], "application/cloudevents-batch+json"),
        web.post({"customer": {"id": 7}}, ce_specversion="1.0", ce_type="order.placed", ce_id="b%20%C3%A4",
                 ce_source="/shop", ce_time="2026-03-01T10:00:00Z"),
    ]
    assert [status for status, _, _ in answers] == [202] * 6, answers
    told = [item for _, _, answer in answers for item in answer.get("items", [answer])]
    stream = entries(shop)
    assert [item["entry"] for item in told] == [entry for entry, _ in stream]
    assert [item["id"] for item in told] == [event["id"] for _, event in stream]
    assert stream[-1][1] == {"specversion": "1.0", "type": "order.placed", "id": "b ä", "source": "/shop",
                             "time": "2026-03-01T10:00:00Z", "data": {"customer": {"id": 7}}}
    assert answers[1][2]["accepted"] == 2
    assert answers[1][2]["refused"] == 0


def test_numbers_stay_as_they_were_written(posting):
    shop, _, web = posting
    body = '{"type": "order.placed", "id": "n", "customer": {"id": 9007199254740993}, "total": 64.90}'
    assert web.post(body)[0] == 202
    shop.wait_idle()
    [path] = (shop.folder / "state" / "archive").glob("events-*")
    assert '{"type":"order.placed","id":"n","customer":{"id":9007199254740993},"total":64.90}' in path.read_text()


# --- Who may push what ---


def test_who_may_not(posting):
    shop, _, web = posting
    for headers, code, challenge in [
            ({"token": None}, 401, 'Bearer realm="nudged"'),
            ({"token": "nobody's-token-at-all-here"}, 401, 'Bearer realm="nudged", error="invalid_token"'),
            ({"token": TOKEN[:-1]}, 401, 'Bearer realm="nudged", error="invalid_token"'),
            ({"token": KEY}, 401, 'Bearer realm="nudged", error="invalid_token"'),
            ({"token": None, "Authorization": f"Basic {TOKEN}"}, 401, 'Bearer realm="nudged"'),
            ({"token": CONSENT}, 403, 'Bearer realm="nudged", error="insufficient_scope"')]:
        status, head, _ = web.post(EVENT, **headers)
        assert (status, head["WWW-Authenticate"]) == (code, challenge), headers
    assert entries(shop) == []


def test_types_of_a_token(posting):
    shop, _, web = posting

    def status(kind, token=TOKEN, **more):
        return web.post({"type": kind, "customer": {"id": 7}, **more}, token=token)[0]

    assert status("order.anything") == 202
    assert status("review.written") == 403
    assert status("customer.unsubscribed") == 403
    assert status("customer.erased") == 403
    for kind in ("unsubscribed", "subscribed", "erased"):
        assert status(f"customer.{kind}", CONSENT) == 202
    assert status("customer.resubscribed", CONSENT) == 403
    assert status("message.sent") == 400
    assert status("order.placed", source="nudged") == 400
    assert status("order.placed", hops=0) == 400
    assert web.post({"customer": {"id": 7}}, ce_specversion="1.0", ce_type="order.placed", ce_id="1",
                    ce_source="/", ce_hops="1")[0] == 400
    assert len(entries(shop)) == 4


# --- Signatures ---


def test_signed(posting):
    shop, _, web = posting
    body = json.dumps(EVENT).encode()
    status, _, first = web.post(body, token=None, **sign(body))
    assert status == 202, first
    assert web.post(body, token=None, **sign(body))[::2] == (202, first)  # a replay does nothing
    assert len(entries(shop)) == 1
    other = json.dumps({**EVENT, "id": "x"}).encode()
    assert web.post(other, token=None, **sign(other))[0] == 422
    assert web.post(other, token=None, **sign(body))[0] == 401
    now = int(time.time())
    for late in (-400, 400):
        status, _, told = web.post(body, token=None, **sign(body, "late", now + late))
        assert (status, told["reason"]) == (401, "replayed")
    assert web.post(body, token=None, **{**sign(body, "v2"), "webhook_signature": "v1,AAAA"})[0] == 401
    assert web.post(body, token=None, **{**sign(body, "id"), "webhook_id": "other"})[0] == 401
    assert web.post(body, token=None, **sign(body, "k", key="whsec_" + "A" * 32))[0] == 401
    erased = json.dumps({"type": "customer.erased", "customer": {"id": 7}}).encode()
    assert web.post(erased, token=None, **sign(erased, "e"))[0] == 403
    assert web.post(b"{}", token=None, ce_specversion="1.0", ce_type="order.placed", ce_id="1", ce_source="/",
                    **sign(b"{}", "binary"))[0] == 415
    assert len(entries(shop)) == 1


def test_test_vector():
    """The one of docs/intake.md: other implementations are held against it."""
    body = b'{"type":"order.placed","id":"o1","customer":{"id":7}}'
    assert sign(body, "delivery-1", 1772445600)["webhook_signature"] == (
        "v1,WDhvX3+P05E5rbp18+R3PMAdqwho2kmQIdUocqnnwjI=")


# --- Faults ---


def test_one_bad_item_loses_nothing_of_the_others(posting):
    shop, _, web = posting
    good = json.dumps(EVENT)
    lines = [good, '{"type": "order.placed"}', "{", '{"type":"order.placed","time":"soon","customer":{"id":1}}',
             '{"type":"message.sent","customer":{"id":1}}', '{"type":"x","customer":{"id":1}}',
             '{"type":"order.placed","type":"a","customer":{"id":1}}', good.replace("1001", "1002")]
    status, head, told = web.post("\n".join(lines), "application/x-ndjson")
    assert status == 400
    assert head["Content-Type"] == "application/problem+json"
    assert (told["accepted"], told["refused"]) == (2, 6)
    assert [item["status"] for item in told["items"]] == [202, 400, 400, 400, 400, 403, 400, 202]
    assert [(item["code"], item["line"], item["column"]) for item in told["items"] if "code" in item] == [
        ("no-customer", 2, 1), ("json-syntax", 3, 2), ("bad-time", 4, 31), ("reserved-type", 5, 9),
        ("no-right", 6, 9), ("json-duplicate", 7, 24)]
    assert [event["order"]["name"] for _, event in entries(shop)] == ["#1001", "#1002"]
    assert all(item["detail"] for item in told["items"] if "code" in item)


def test_bodies_that_are_refused(posting):
    shop, _, web = posting
    deep = json.dumps(EVENT)[:-1] + ', "deep": ' + "[" * 40 + "]" * 40 + "}"
    large = json.dumps({**EVENT, "note": "x" * 256 * 1024})
    for body, kind, status, code in [
            ("", "application/json", 400, "no-event"),
            ("7", "application/json", 400, "no-object"),
            (b'{"type":"a\xff"}', "application/json", 400, "json-utf8"),
            (deep, "application/json", 400, "json-depth"),
            (large, "application/json", 400, "json-size"),
            ("[" + large + "]", "application/json", 400, None),
            (EVENT, "application/cloudevents+json", 400, "no-attribute"),
            (EVENT, "application/x-www-form-urlencoded", 415, None),
            (EVENT, "text/plain", 415, None),
            (EVENT, None, 415, None),
            (EVENT, "application/json; charset=iso-8859-1", 415, None)]:
        answered, _, told = web.post(body, kind)
        assert answered == status, (body[:60], told)
        assert told.get("code") == code, (body[:60], told)
    status, head, _ = web.post(EVENT, Content_Encoding="gzip")
    assert (status, head["Accept-Encoding"]) == (415, "identity")
    assert entries(shop) == []
    mark = "\ufeff" + json.dumps(EVENT)
    assert web.post(mark)[0] == 202


def test_as_large_as_an_event_may_be(posting):
    shop, _, web = posting
    frame = json.dumps({**EVENT, "note": ""}, separators=(",", ":"))
    event = frame[:-2] + "x" * (256 * 1024 - len(frame)) + frame[-2:]
    assert len(event) == 256 * 1024
    assert web.post(event)[0] == 202
    assert web.post(event[:-2] + "x" + event[-2:])[0] == 400
    assert len(entries(shop)) == 1


def test_a_chunked_body(posting):
    shop, _, web = posting
    connection = http.client.HTTPConnection("127.0.0.1", web.port)
    text = json.dumps(EVENT).encode()
    connection.request("POST", "/v1/events", iter([text[:10], text[10:]]), encode_chunked=True, headers={
        "Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}", "Transfer-Encoding": "chunked"})
    assert connection.getresponse().status == 202
    connection.close()
    assert len(entries(shop)) == 1


def test_at_most_a_thousand(posting):
    shop, _, web = posting
    lines = "".join(json.dumps({**EVENT, "id": f"e{i}"}) + "\n" for i in range(1001))
    status, _, told = web.post(lines, "application/x-ndjson")
    assert (status, told["accepted"], told["items"][-1]["code"]) == (400, 1000, "too-many")
    assert len(entries(shop)) == 1000


# --- Once ---


def test_idempotency_key(posting):
    shop, _, web = posting
    status, _, first = web.post([EVENT, {"type": "order.bad"}], Idempotency_Key="k1")
    assert status == 400
    assert web.post([EVENT, {"type": "order.bad"}], Idempotency_Key="k1")[::2] == (400, first)
    status, _, told = web.post([EVENT], Idempotency_Key="k1")
    assert (status, told["reason"]) == (422, "conflict")
    assert web.post([EVENT], Idempotency_Key="k2")[0] == 202
    for key in ("", "x" * 256):
        assert web.post(EVENT, Idempotency_Key=key)[0] == 400
    assert len(entries(shop)) == 2
    names = shop.client.keys("nudged:once:*")
    assert len(names) == 2
    assert all(0 < shop.client.pttl(name) <= 24 * 60 * 60 * 1000 for name in names)


def test_a_key_is_its_logins_own(posting):
    shop, _, web = posting
    assert web.post(EVENT, Idempotency_Key="k")[0] == 202
    yes = {"type": "customer.subscribed", "customer": {"id": 7}}
    assert web.post(yes, token=CONSENT, Idempotency_Key="k")[0] == 202


def test_two_at_once(posting):
    shop, _, web = posting
    answers, gate = [], threading.Barrier(16)

    def push():
        gate.wait()
        answers.append(web.post(EVENT, Idempotency_Key="race")[::2])

    threads = [threading.Thread(target=push) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({json.dumps(answer) for answer in answers}) == 1, answers
    assert answers[0][0] == 202
    assert len(entries(shop)) == 1


def test_events_without_an_id(posting):
    shop, _, web = posting
    plain = {"type": "order.placed", "customer": {"id": 7}}
    timed = {**plain, "time": "2026-03-01T10:00:00Z"}
    assert "id" not in web.post(plain)[2]
    ids = [web.post(event, **key)[2]["id"] for event, key in [
        (timed, {}), (dict(reversed(timed.items())), {}), (plain, {"Idempotency_Key": "a"}),
        (plain, {"Idempotency_Key": "b"})]]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(name.startswith("web-") for name in ids)


# --- Faults of others ---


def test_redis_is_away(posting):
    shop, daemon, web = posting
    server = next(thing for thing in shop.started if hasattr(thing, "url"))
    server.stop(signal.SIGKILL)
    status, head, told = web.post([EVENT, {"type": "order.bad"}], Idempotency_Key="away")
    assert status == 503
    assert int(head["Retry-After"]) > 0
    assert [item["status"] for item in told["items"]] == [503, 400]
    server.start()
    shop.client = server.client
    wait_until(lambda: web.post(EVENT, Idempotency_Key="back")[0] == 202, daemon.log)


def test_check_knows_the_tokens(posting):
    shop, _, _ = posting
    (shop.folder / "tokens").write_text(f"{TOKEN} order.*\nshort cart.*\n{CONSENT} order*\n")
    status, out, _ = shop.ctl("check")
    assert status == 1
    assert f"{shop.folder}/tokens:2:1: error: a token of fewer than 20 characters can be guessed" in out
    assert f"{shop.folder}/tokens:3:30: error: a star stands alone, or last behind a dot" in out
    assert CONSENT not in out
    (shop.folder / "tokens").chmod(0o644)
    assert "everybody on this machine may read" in shop.ctl("check")[1]


def test_reload_reads_the_tokens_again(posting):
    shop, daemon, web = posting
    (shop.folder / "tokens").write_text(TOKENS.replace(TOKEN, "a-new-token-of-the-shop"))
    assert shop.ctl("reload")[0] == 0
    wait_until(lambda: Web(daemon).post(EVENT, token="a-new-token-of-the-shop")[0] == 202, daemon.log)
    assert Web(daemon).post(EVENT)[0] == 401


def test_without_tokens_nobody(shop):
    shop.redis()
    shop.config["web"] = {"listen": "127.0.0.1:0"}
    daemon = shop.daemon().spawn()
    assert Web(daemon).post(EVENT)[0] == 404
