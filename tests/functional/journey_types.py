"""What random rules and events are made of: the names that journey_rules.py and journeys.py share."""

import dataclasses
import typing

TYPES = ["cart.updated", "order.placed", "product.viewed", "stock.back", "review.submitted"]
MADE = ["made.one", "made.two"]  # by rules alone
KEYS = ["k0", "k1", "k2"]
TOPICS = {"offers": "opt-out", "club": "opt-in"}
FRIEND = "friend"  # the field that has another customer's id
WORDS = {"customer.unsubscribed": False, "customer.subscribed": True, "customer.resubscribed": True}
CODES = "gifts"  # the list of codes
MINUTE_MS = 60 * 1000
SLOT_MINUTES = 30
# Between two slots, so that no window ends where something is sent.
WINDOWS = [45, 105, 225, 465]


@dataclasses.dataclass
class Condition:
    cel: str
    holds: typing.Callable  # of a View; a KeyError is a field that is not there
    reads: tuple = ()  # of the event, where it is asked of what ends something


@dataclasses.dataclass
class Rule:
    name: str
    on: list
    clock: tuple = None  # (every, at or once, spread in minutes)
    enabled: bool = True
    marketing: bool = True
    topic: str = "all"
    condition: Condition = None
    per: bool = False
    again: str = None
    while_: Condition = None
    until: list = dataclasses.field(default_factory=list)  # (type, condition or None) each
    limit: tuple = None  # (runs, minutes)
    priority: int = 0
    holdout: int = 0
    silent: bool = False  # it sends nothing
    field: str = ""  # that it sets
    steps: list = dataclasses.field(default_factory=list)
