"""Persons with two or three keys, mostly in different shards, among the orders of cluster_load: each event names them
by some of these, so that they are joined while nodes and daemons die. What must come of it by a model of its own: each
order is a message; nothing is offered to who has said no, from when that was settled; in the end each person is one
document."""

import random

from cluster_load import ClusterLoad
from shards import shard_of

RULES = """
---
name: deal
topic: deals
on: deal.out
send: {template: each, to: event.data.to}
"""
KEYS = [("id",), ("email",), ("phone",), ("id", "email"), ("id", "phone"), ("email", "phone"), ("id", "email", "phone")]
ORDERS = 5  # one in so many is a person's
DEALS = 10  # orders to one deal


class Person:
    def __init__(self, number):
        self.keys = {"id": f"p{number}", "email": f"p{number}@example.com"}
        if number % 2:
            self.keys["phone"] = f"+4912345{number:05}"
        self.said = False
        self.declines = [None, "half way", "in between"][number % 3]

    def who(self, names):
        return {name: self.keys[name] for name in names if name in self.keys} or dict(self.keys)


class PersonsLoad(ClusterLoad):
    def __init__(self, shards, count=60, **options):
        super().__init__(shards, **options)
        self.persons = [Person(number) for number in range(count)]
        self.deals, self.forbidden, self.silent = 0, [], []

    def prefix_of(self, customer):
        name = next(name for name in ("id", "email", "phone") if name in customer)
        return self.shards.prefixes[shard_of(f"{name}:{customer[name]}", self.shards.count)]

    def event_of(self, number):
        event = super().event_of(number)
        if number % ORDERS == 0:
            chance = random.Random(number)
            person = chance.choice(self.persons)
            event |= {"customer": person.who(chance.choice(KEYS)), "to": person.keys["email"]}
        return event

    def push_one(self, number):
        if number % DEALS == 0:
            chance = random.Random(-number)
            self.offer(chance.choice(self.persons), chance.choice(KEYS))
        return super().push_one(number)

    def offer(self, person, names):
        """A deal. Whether it is kept is all the same; it may only never go where it must not."""
        self.deals += 1
        number = f"d{self.deals}"
        if person in self.silent:
            self.forbidden.append(number)
        self.push_event({"type": "deal.out", "id": number, "order": {"id": number}, "to": person.keys["email"],
                         "customer": person.who(names)})

    # ---- What they say ----

    def decline(self, when):
        """All who say no then, by all of their keys."""
        for person in self.persons:
            if person.declines == when:
                person.said = True
                event = {"type": "customer.unsubscribed", "id": f"no-{person.keys['id']}", "topic": "all",
                         "customer": person.keys}
                while not self.push_event(event):
                    pass

    def settled(self):
        """Whoever has said no so far is asked by nobody any more."""
        self.silent = [person for person in self.persons if person.said]

    # ---- In the end ----

    def documents(self, person):
        client, found = self.shards.shop.client, []
        for name, key in person.keys.items():
            prefix = self.prefix_of({name: key})
            found += [f"{prefix} {name}"] if client.exists(f"{prefix}:customer:{name}:{key}") else []
        return found
