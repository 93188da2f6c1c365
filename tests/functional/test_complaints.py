"""What people who send letters by rules complain of elsewhere, each as it should be: with two daemons
or three, and a Redis whose clock is set."""

import datetime

import pytest
from conftest import wait_until
from persons import LateRedis

LETTER = "---\nsubject: '{{ message.rule }} {{ customer.id }} {{ word }}'\n---\nx\n"
FULL = 10**9


class Life:
    """A shop, its daemons, and days that pass."""

    def __init__(self, shop):
        self.shop, self.redis = shop, shop.redis(LateRedis)
        shop.config["policy"] = {"consent": "true"}
        shop.config["clocks"] = {"rate": 100000}
        shop.template("letter.text.liquid", LETTER)
        self.smtp, self.count, self.got = shop.smtp(), 0, []

    def begin(self, rules, daemons=2):
        self.shop.rules(rules)
        for number in range(daemons):
            self.shop.daemon(f"d{number}").spawn()

    def now(self):
        seconds, micros = self.shop.client.time()
        return datetime.datetime.fromtimestamp(seconds + micros / 1e6, datetime.timezone.utc)

    def event(self, kind, customer, identity=None, **data):
        self.count += 1
        return {"type": kind, "id": identity or f"e{self.count}",
                "customer": {"id": str(customer), "email": f"c{customer}@example.com", **data.pop("who", {})}, **data}

    def push(self, kind, customer, **data):
        self.shop.push(self.event(kind, customer, **data))
        self.settle()

    def settle(self):
        client = self.shop.client

        def over():
            # In the order in which one becomes the other.
            due = client.zcount("nudged:due", "-inf", self.now().timestamp() * 1000)
            return not due and not client.zcard("nudged:ticks") and self.shop.idle()
        wait_until(over, "all to be decided and sent")

    def pass_(self, **time):
        self.redis.ahead_ms.value += int(datetime.timedelta(**time).total_seconds() * 1000)
        self.settle()

    def mails(self):
        """Since it was asked last."""
        return sorted(mail["Subject"].strip() for mail in self.smtp.all_mails())


@pytest.fixture
def life(shop):
    return Life(shop)


def test_a_return_stops_the_letter_of_that_order_alone(life):
    life.begin("""
        name: ask
        on: order.delivered
        per: order.id
        again: ignore
        until: {on: order.returned, if: order.id == start.order.id}
        wait: 7d
        send: {template: letter, data: {word: order.id}}
        """)
    for order in ("o1", "o2", "o3"):
        life.push("order.delivered", 1, order={"id": order})
    life.push("order.returned", 1, order={"id": "o2"})
    life.push("order.delivered", 1, order={"id": "o3"})  # told twice, by two events
    life.pass_(days=6, hours=23)
    assert life.mails() == []
    life.pass_(hours=2)
    assert life.mails() == ["ask 1 o1", "ask 1 o3"]


def test_who_becomes_a_member_later_is_welcomed_once(life):
    """By whatever made them one: also by nothing that happened on that day, but time."""
    life.shop.config["segments"] = {
        "vip": 'customer.count("order.paid") >= 3 && now - customer.first("order.paid") > duration("30d")'}
    life.begin("""
        name: vip
        class: transactional
        on: {every: hour, spread: 0s}
        if: customer.segment("vip")
        limit: 1 per 365d
        send: letter
        """)
    for _ in range(3):
        life.push("order.paid", 1)
    life.push("order.paid", 2)
    client = life.shop.client
    wait_until(lambda: client.hget("nudged:index", "state") == b"done", "the index of customers")

    def hour(days):
        """What is sent by the next tick behind that time."""
        life.pass_(days=days)
        name = life.now().strftime("%Y-%m-%dT%H")

        def swept():
            rows = [row.decode() for row in client.hgetall("nudged:swept").values()]
            return rows and all(name in row and str(FULL) in row for row in rows)
        wait_until(swept, lambda: client.hgetall("nudged:swept"))
        life.settle()
        return life.mails()
    assert hour(1) == []
    assert hour(29.5) == ["vip 1"]
    assert hour(1) == [] and hour(40) == []
    for _ in range(2):
        life.push("order.paid", 2)
    assert hour(1) == ["vip 2"]


@pytest.mark.parametrize("moved_days, reminded_days", [(6, 5), (3, 2)])
def test_a_booking_that_moves_is_reminded_of_once_before_its_new_time(life, moved_days, reminded_days):
    life.begin("""
        name: tomorrow
        class: transactional
        on: [booking.made, booking.moved]
        per: booking.id
        again: restart
        until: {on: booking.cancelled, if: booking.id == start.booking.id}
        steps:
          - wait: {until: 'timestamp(booking.at) - duration("1d")', past: skip}
          - send: {template: letter, data: {word: booking.id}}
        """)
    def at(days):
        return (life.now() + datetime.timedelta(days=days)).isoformat()
    life.push("booking.made", 1, booking={"id": "b0", "at": at(moved_days)})  # which is left alone
    life.push("booking.made", 1, booking={"id": "b1", "at": at(4)})
    life.push("booking.made", 1, booking={"id": "b2", "at": at(4)})
    life.push("booking.made", 1, booking={"id": "b3", "at": at(0.5)})  # too late to remind of
    life.push("booking.moved", 1, booking={"id": "b1", "at": at(moved_days)})
    life.push("booking.cancelled", 1, booking={"id": "b2"})
    life.pass_(days=reminded_days - 0.1)
    assert life.mails() == []
    life.pass_(days=0.2)
    assert life.mails() == ["tomorrow 1 b0", "tomorrow 1 b1"]
    life.pass_(days=30)
    assert life.mails() == []


def test_no_second_letter_of_what_ran_out(life):
    """The shop says so in Redis, and tells nobody by an event."""
    life.begin("""
        name: stock
        on: product.restocked
        per: product.sku
        again: ignore
        steps:
          - send: {template: letter, data: {word: '"back"'}}
          - wait: 1d
          - if: lookup("stock", product.sku, 0) > 0
            then:
              - send: {template: letter, data: {word: '"last"'}}
        """)
    client = life.shop.client
    client.hset("nudged:table:stock", mapping={"TEA": 2, "CUP": 5})
    life.push("product.restocked", 1, product={"sku": "TEA"})
    life.push("product.restocked", 2, product={"sku": "CUP"})
    assert life.mails() == ["stock 1 back", "stock 2 back"]
    client.hset("nudged:table:stock", "TEA", 0)
    life.pass_(days=1, minutes=1)
    assert life.mails() == ["stock 2 last"]


@pytest.mark.parametrize("again", ["restart", "ignore"])
def test_two_matches_in_one_second_are_one_letter(life, again):
    """Whichever daemon has which of them."""
    life.begin(f"""
        name: cart
        on: cart.updated
        again: {again}
        until: order.placed
        wait: 1h
        send: letter
        """)
    events = [life.event("cart.updated", customer) for _ in range(2) for customer in range(100)]
    pushed = life.shop.push(*events)
    assert int(pushed[-1].split(b"-")[0]) - int(pushed[0].split(b"-")[0]) < 1000
    life.settle()
    life.pass_(hours=1, minutes=1)
    assert life.mails() == sorted(f"cart {customer}" for customer in range(100))
    life.pass_(hours=5)
    assert life.mails() == []


def test_daemons_that_sweep_at_once_ask_each_customer_once(life):
    """One dies with some of them in hand, and two others go on."""
    life.begin("""
        name: news
        class: transactional
        on: {every: day, at: "09:00", spread: 0s}
        send: letter
        """, daemons=0)
    client, people = life.shop.client, 400
    dying = life.shop.daemon("dying").spawn("ticks-taken=kill@2")
    life.shop.push(*(life.event("seen", customer) for customer in range(people)))
    life.settle()
    wait_until(lambda: client.hget("nudged:index", "state") == b"done", "the index of customers")
    now = life.now()
    nine = now.replace(hour=9, minute=0, second=0, microsecond=0)
    wait = (nine if nine > now else nine + datetime.timedelta(days=1)) - now
    life.redis.ahead_ms.value += int(wait.total_seconds() * 1000) + 1000
    dying.ended()
    assert client.zcard("nudged:ticks") > 0
    for name in ("one", "two"):
        life.shop.daemon(name).spawn()
    life.redis.ahead_ms.value += 31000  # what it had in hand is taken again
    wait_until(lambda: all(("news", "sends", "letter") in life.shop.trace(f"id:{customer}")
                           for customer in range(people)),
               "all to be asked")
    life.settle()
    traces = [life.shop.trace(f"id:{customer}") for customer in range(people)]
    assert all(sum(what == "sends" for _, what, _ in trace) == 1 for trace in traces)
    got = life.mails()
    assert set(got) == {f"news {customer}" for customer in range(people)}
    assert len(got) - people <= 8, "more than a killed daemon had in hand came twice"


def test_a_letter_that_was_sent_is_not_sent_again_where_steps_change_places(life):
    """Whoever waits has had the letter that stands behind them now; the others get both."""
    rule = """
        name: tips
        class: transactional
        on: begun
        again: ignore
        steps: [%s]
        """
    first, second = ("{send: {template: letter, data: {word: '\"%s\"'}}}" % word for word in ("first", "second"))
    life.begin(rule % f"{first}, {{wait: 1d}}, {second}", daemons=1)
    life.push("begun", 1)
    assert life.mails() == ["tips 1 first"]
    life.shop.rules(rule % f"{{wait: 1d}}, {second}, {first}")
    assert life.shop.started[-1].ask("POST", "/reload")[0] == 200
    life.push("begun", 2)
    life.pass_(days=1, minutes=1)
    assert life.mails() == ["tips 1 second", "tips 2 first", "tips 2 second"]
    assert ("tips", "passed-over", "sent") in life.shop.trace("id:1")
