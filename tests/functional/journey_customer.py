"""What the model of the language (journey_model.py) knows of a customer, and of what runs for them."""

import collections
import copy
import dataclasses


@dataclasses.dataclass
class View:
    """What a condition sees."""
    data: dict  # of the event
    start: dict
    profile: dict
    counts: dict
    table: dict  # what `lookup` finds
    started: int = 0
    waited: bool = False


@dataclasses.dataclass(eq=False)
class Journey:
    rule: str
    run: str  # the mark of the event that started it
    per: str
    started: int
    start: dict
    clock: int
    deadline: int = 0
    step: str = ""  # where it waits
    at: int = 0  # where it moves
    event: dict = None  # what it sees as `event`: the start, or what a wait met
    waited: bool = False
    since: int = 0
    meets: list = ()  # (type, condition) each: what it waits for
    imposed: bool = False
    until: list = ()  # what ends it should its rule be gone
    collected: list = None  # (time, event) each
    meets_now: bool = False
    number: int = 0  # of the rule set that last touched it
    halted: int = 0  # since when it waits for its rule to be resumed
    full: int = 0  # since when it waits for room in the outbox
    marketing: bool = False  # what waits for room
    sent: frozenset = frozenset()  # ids of its sends that were done


@dataclasses.dataclass(eq=False)
class Sent:
    rule: str
    marketing: bool
    topic: str
    run: str
    per: str
    started: int
    start: dict
    step: str
    step_id: str
    code: str  # the list of which one is taken
    at: int  # when it was decided
    data: dict
    level: int
    all: list  # events that were collected
    until: list
    limit: tuple = None
    holdout: int = 0
    customer: str = ""
    number: int = 0  # of the rule set
    mid: str = None
    line: int = 0  # of the customer's trace, from the beginning on


class Customer:
    def __init__(self, key):
        self.key, self.profile = key, {}
        self.counts = collections.Counter()
        self.newest = {}  # type -> the time of its newest event
        self.journeys, self.sends, self.seen, self.ends = [], [], set(), []
        self.widest = 0  # whatever may be ended by a condition, and is older, is over
        self.acted = {}  # (rule, run), of a rule that sends nothing -> when it last did something, until when it counts
        self.open = {}  # mid -> Sent: decided, and not known to be delivered
        self.words = {}  # topic -> (time, whether it is a yes): the newest word
        self.begun = {}  # (rule, per) -> the time of the newest start
        self.fields, self.emitted = {}, []  # events that rules made, not decided yet
        self.made = 0  # events that rules made of one that was pushed
        self.number = 0  # of the rule set by which was decided last
        self.braked = set()  # rules that a decision of theirs found paused by policy.brake
        self.at, self.starts = 0, frozenset()  # of the last decision; marks of events kept for it, as `kept` has them
        self.turn = 0  # of the last tick, when it came
        self.asked, self.skipped = {}, set()  # (rule, tick) of clocks: those that are over, or may be
        self.futile = set()  # what was told of ticks of which nothing came: once for all

    def copy(self):
        """For a decision that may turn out to be another one."""
        other = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, (dict, list, set)):
                setattr(other, name, copy.copy(value))
        other.journeys = [copy.copy(one) for one in self.journeys]
        return other

    def signature(self):
        """Equal where two are."""
        return repr((self.number, self.changes(), sorted(map(repr, self.begun.items())),
                     sorted(one.mid for one in self.sends if one.mid), sorted(self.braked),
                     sorted(map(repr, self.futile)), sorted(self.asked.items())))

    def changes(self):
        """What decisions change."""
        journeys = [(one.rule, one.run, one.per, one.step, one.deadline, one.clock, one.number, one.halted, one.full,
                     one.imposed, one.waited, id(one.until), id(one.meets), len(one.collected), sorted(one.sent))
                    for one in self.journeys]
        ends = [(*end[:4], sorted((end[4] or {}).items())) for end in self.ends]
        return repr((sorted(map(repr, journeys)), ends, self.widest, sorted(self.fields.items()), sorted(self.open),
                     len(self.sends), sorted(self.acted.items()), [one["id"] for one in self.emitted]))

    def kept(self):
        """Marks of the events that are kept, as something may ask for them yet."""
        marks = {event["mark"] for one in self.journeys
                 for event in (one.start, one.event, *[event for _, event in one.collected])}
        return frozenset(marks | {one.start["mark"] for one in self.open.values() if reads_start(one.until)})

    def word(self, topic):
        """The word that stands for a topic: its own or that to all, whichever is newer; of one time a no."""
        words = [self.words[name] for name in {topic, "all"} & set(self.words)]
        return max(words, key=lambda word: (word[0], not word[1]), default=None)

    def declines(self, topic):
        word = self.word(topic)
        return bool(word) and not word[1]

    def wants(self, topic):
        """Whether they said yes to this very topic."""
        return self.words.get(topic, (0, False))[1] and not self.declines(topic)

    def say(self, topic, time, yes):
        """Of one time the later word counts; whether it is news."""
        if topic in self.words and self.words[topic][0] > time:
            return False
        self.words[topic] = (time, yes)
        return True


def condition_of(until):
    """What all entries of an `until` ask together, by which a message knows it again; None: nothing."""
    if not any(condition for _, condition in until):
        return None
    return [(kind, condition and condition.cel) for kind, condition in until] if len(until) > 1 else until[0][1].cel


def reads_start(until):
    return any(condition and "start." in condition.cel for _, condition in until)
