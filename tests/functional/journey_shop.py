"""A shop that makes random events, for the rules that journey_rules.py draws."""

from journey_types import FRIEND, KEYS, MINUTE_MS, TOPICS, TYPES, WORDS
from journey_zones import NOWHERE
from persons import clock_text


def rng_friend(rng, customers):
    """Some have none, some name nobody, one or the other themselves."""
    return rng.choice([None, "nobody", *[rng.choice(customers) for _ in range(6)]])


class World:
    """Makes events; knows what was pushed."""

    def __init__(self, rng, customers, zones, moves):
        """`zones`: of which customers are; `moves`: whether somebody may go to live in another."""
        self.rng, self.number, self.zones, self.moves = rng, 0, zones, moves
        self.customers = [f"c{number}" for number in range(customers)]
        self.pushed = {}  # entry -> (event, time or None)

    def event(self, kind, customer, now_ms, **more):
        self.number += 1
        event = {"type": kind, "id": f"e{self.number}", "mark": f"m{self.number}", "n": self.rng.randrange(10),
                 "key": self.rng.choice(KEYS), "customer": {"id": customer, **more}}
        if self.rng.random() < 0.8:
            event["option"] = self.rng.randrange(10)
        if self.rng.random() < 0.8:
            event["at_ms"] = now_ms + self.rng.randrange(-30 * MINUTE_MS, 180 * MINUTE_MS)
            event["at"] = clock_text(event["at_ms"])
        return event

    def known(self, customer):
        friend, zone = rng_friend(self.rng, self.customers), self.rng.choice(self.zones)
        return {**({"timezone": zone} if zone else {}), **({FRIEND: friend} if friend else {}),
                "email": f"{customer}@example.com", "level": self.rng.randrange(10),
                "accepts_marketing": self.rng.random() < 0.85}

    def first(self, now_ms):
        return [self.event("customer.known", customer, now_ms, **self.known(customer)) for customer in self.customers]

    def events(self, count, now_ms):
        """Some change what is known; some lie minutes back; some come twice."""
        rng, out = self.rng, []
        for _ in range(count):
            customer = rng.choice(self.customers)
            more = {"level": rng.randrange(10)} if rng.random() < 0.2 else {}
            kind = rng.choice(sorted(WORDS)) if rng.random() < 0.06 else rng.choice(TYPES)
            event = self.event(kind, customer, now_ms, **more)
            if self.moves and rng.random() < 0.03:
                event["customer"]["timezone"] = rng.choice(self.zones) or NOWHERE
            if kind in WORDS and rng.random() < 0.7:
                event["topic"] = rng.choice(sorted(TOPICS))
            if rng.random() < 0.05:
                event["customer"]["accepts_marketing"] = rng.random() < 0.8
            if rng.random() < 0.15:
                event["time"] = clock_text(now_ms - rng.randrange(20 * MINUTE_MS))
            out.append(event)
            if rng.random() < 0.03:
                out.append(rng.choice(out[-20:]))
        return out
