"""Reads what daemons committed, out of the traces, and has the model of the language (journey_model.py)
decide the same: line by line, each customer's in the order of their versions. What rules of one
customer made for another is read there once the line that made it was read."""

import collections
import datetime
import email
import itertools
import json

from journey_clocks import turns
from journey_guesses import ROOM, Guess, guesses, pauses
from journey_text import document, marker

# What stands in a line of the trace that delivery wrote, not a decision.
DELIVERY = {"sent", "uncertain", "resent", "retry", "unavailable", "cut", "gateway-fault", "withdrawn",
            "withdrawn, may have arrived", "too-late"}
WITHDRAWN = {"withdrawn", "withdrawn, may have arrived", "marked", "too-late"}
TOLD = {"sends", "refused", "ended", "ignored", "waits", "waits-for", "error", "passed-over", "quiet-hours",
        "goes-on", "collected", "sets", "emits", "paused", "outbox-full"}
NO_ROOM = ((0, True), (0, True))
TRACE_MOST = 100  # lines
STATES = 48  # at most, of a customer


class Full(Exception):
    """A customer's document has no more room, of which the model knows nothing, or a trace has none: of
    some events at once, that rules make into many, it keeps the newest lines only."""


def told(item):
    """As the model tells it. Which of two ends came first that a start is over by is nobody's matter."""
    what, why = item["what"], item.get("until") or item.get("why") or None
    if what in ("sends", "error"):
        why = None
    elif what == "passed-over" and why in ("until", "no-longer"):
        why = "over"
    return item.get("rule"), what, why


class Reader:
    def __init__(self, client, model, crowded):
        """`crowded`: the outbox has a bound that may be reached."""
        self.client, self.model, self.crowded = client, model, crowded
        self.sets = []  # by which daemons decide, the newest last
        self.paused = {}  # rule -> by what
        self.earlier = collections.defaultdict(set)  # rule -> by what it was, or None, since lines were read last
        self.clocks, self.zones = {}, {}  # rule -> since when its clock ticks; zone -> since when it has customers
        self.pushed, self.open = {}, collections.defaultdict(dict)  # entry -> event; of each customer not yet decided
        self.states = {}  # customer -> how they may be, for a line may fit several guesses
        self.for_them = collections.defaultdict(list)  # customer -> events that rules of others made, not yet decided
        self.moments = collections.defaultdict(lambda: collections.deque(maxlen=8))
        self.mails = collections.defaultdict(list)  # mid -> what it says
        self.sent, self.told, self.seen = {}, collections.defaultdict(list), set()
        self.lines_read = collections.Counter()  # of each customer
        self.decided = collections.defaultdict(list)  # customer -> (line, type, its time, set) of each event
        self.brakes = []  # (rule, when) of each that was found paused first

    def push(self, entry, event):
        self.pushed[entry] = event
        self.open[f"id:{event['customer']['id']}"][entry] = event

    def set_paused(self, name, by):
        """None: it goes on. Daemons decide meanwhile: some of what is read next may be of before."""
        self.earlier[name].add(self.paused.pop(name, None))
        if by:
            self.paused[name] = by

    # ---- Of all customers ----

    def read(self, mails, asked_ms, quiet_ms):
        """`asked_ms`: all turns of clocks until then were; `quiet_ms`: and all deadlines."""
        while not mails.empty():
            self.read_mail(email.message_from_bytes(mails.get_nowait().content))
        lines = self.lines()
        self.states.update({key: [self.model.customers[key]] for key in lines if key not in self.states})
        self.tripped = {item["rule"] for rows in lines.values() for line in rows for item in line["did"]
                        if item["what"] == "paused" and item["why"] == "brake"} | self.braked() - set(self.paused)
        while any([self.read_on(key, rows) for key, rows in lines.items()]):
            pass
        left = [rows[0] for rows in lines.values() if rows]
        assert not left, f"of an event that nobody made: {left[0]}"
        for key in lines:
            self.rest(key, asked_ms, quiet_ms)
            self.model.customers[key] = self.states[key][0]
        for name in self.tripped:
            self.paused[name] = "brake"
        self.earlier.clear()

    def braked(self):
        """By now. One whose sends have all waited already is told of no more."""
        halted = self.client.hgetall("nudged:halted")
        return {name.decode() for name, row in halted.items() if json.loads(row)["by"] == "brake"}

    def read_mail(self, mail):
        step, start, event, level, collected, *code = mail.get_payload(decode=True).decode().splitlines()[0].split("|")
        mid = mail["Message-ID"].strip("<> ").split("@")[0]
        self.mails[mid].append((mail["Subject"], step, start, event, int(level), collected, *code))

    def lines(self):
        """Of each customer those that are new, oldest first."""
        pipe, out = self.client.pipeline(), {}
        for key in self.model.customers:
            pipe.lrange(f"nudged:trace:{key}", 0, -1)
            pipe.delete(f"nudged:trace:{key}")
        for key, lines in zip(self.model.customers, pipe.execute()[::2]):
            if len(lines) == TRACE_MOST:
                raise Full("a trace")
            out[key] = collections.deque(json.loads(line) for line in reversed(lines))
        return out

    def read_on(self, key, lines):
        """Whether some could be read."""
        some = False
        while lines and self.is_known(key, lines[0]):
            self.follow(key, lines.popleft())
            some = True
        return some

    def is_known(self, key, line):
        event = line.get("event")
        return (not event or event["type"] == "clock" or event["entry"] in self.pushed
                or any(state.emitted for state in self.states[key]) or bool(self.made_for(key, line)))

    # ---- A line ----

    def follow(self, key, line):
        did, states = line["did"], self.states[key]
        self.lines_read[key] += 1
        said = collections.Counter(told(item) for item in did if item["what"] in TOLD)
        if any(why in ("too-large", "too-many-messages", "too-many-journeys") for _, _, why in said):
            raise Full("a document")
        if "event" not in line and all(item["what"] in DELIVERY for item in did):
            return self.delivered(states, did)
        for state in states:
            self.skip_turns(state, line)
        if "event" not in line:
            self.in_time(key, line, [min(filter(None, (one.deadline, one.halted, one.full)))
                                     for state in states for one in state.journeys])
            return self.decide(key, line, said, lambda _: [lambda trial, *guess: self.model.decide_due(
                trial, line["at"], guess[0], said, guess[1])])
        if line["event"]["type"] == "clock":
            return self.follow_tick(key, line, said)
        return self.follow_event(key, line, said)

    def follow_event(self, key, line, said):
        self.take_back(key, line)
        event, own = self.event_of(key, line)
        time = self.ordered(key, own, line["event"]["entry"])
        self.decide(key, line, said, lambda _: [lambda trial, *guess: self.model.decide_event(
            trial, event, (time, own), line["at"], guess[0], said, guess[1])])
        if (None, "passed-over", "duplicate") not in said:
            number = self.states[key][0].number if len(self.sets) == 1 else None
            self.decided[key].append((self.lines_read[key], event["type"], time, number))

    def take_back(self, key, line):
        """What the line withdraws never arrives, and takes no place any more from those that it sends."""
        for state in self.states[key]:
            self.model.take_back(state, {item["mid"] for item in line["did"] if item["what"] == "withdrawn"})

    def event_of(self, key, line):
        """One that was pushed, or the next one that their own rules made, or one that those of others made
        for them; and its time."""
        entry, id_, states = line["event"]["entry"], line["event"].get("id"), self.states[key]
        event = self.pushed.get(entry)
        if event and event["id"] == id_:
            assert entry not in self.seen, f"decided twice: {line}"
            self.states[key] = [state for state in states if not state.emitted]
            assert self.states[key], f"{states[0].emitted} before {line}"
            self.seen.add(entry)
            del self.open[key][entry]
            return event, time_of(event, int(entry.split("-")[0]))
        if any(state.emitted for state in states):
            self.states[key] = [state for state in states if state.emitted and state.emitted[0]["id"] == id_]
            assert self.states[key], f"{line} of {states[0].emitted}"
            made = [state.emitted.pop(0) for state in self.states[key]]
        else:
            made = self.made_for(key, line)
            assert made, f"{line} of {self.for_them[key]}"
            self.for_them[key] = [one for one in self.for_them[key] if one is not made[0]]
        return made[0], made[0]["time"]

    def ordered(self, key, time, entry):
        """The time by which it is compared: where a later entry of that time was decided before, an older one."""
        place = tuple(map(int, entry.split("-")))
        while any(at == time and other > place for at, other in self.moments[key]):
            time -= 1
        if place != (time, 0):
            self.moments[key].append((time, place))
        return time

    def made_for(self, key, line):
        return [one for one in self.for_them[key] if one["id"] == line["event"].get("id")]

    def decide(self, key, line, said, ways):
        """By some guess or other the model comes to what was said; `ways`: of a state, what may have happened."""
        faults, found = [], {}
        for state in self.states[key]:
            crowded = self.crowded and (any(what == "outbox-full" for _, what, _ in said)
                                        or any(one.full for one in state.journeys))
            halted = {one.rule for one in state.journeys if one.halted}
            for guess in guesses(self.sets, self.decided_by(line), pauses(self.paused, self.earlier, halted, said),
                                 self.tripped, halted, crowded, said):
                for way in ways(state):
                    trial = self.try_guess(state, guess, way)
                    fault = self.fault(trial, line, said)
                    if fault:
                        faults.append(fault)
                    elif len(found) < STATES:
                        self.adopt(trial, line)
                        found.setdefault(trial.signature(), (trial, self.names, self.model.for_others))
        assert found, "\n".join([*faults[:1], f"nothing else fits {line}", *sorted(
            {row for fault in faults for row in fault.splitlines() if row.startswith("only the")})])
        self.states[key] = [row[0] for row in found.values()]
        _, names, made = next(iter(found.values()))
        self.note(line, names, made)

    def decided_by(self, line):
        """The sets by which it may have been."""
        names = {name for item in line["did"] if item["what"] == "no-match"
                 for name in item.get("rules", [item.get("rule")])}
        return [one for one in self.sets if marker(one.number) in names] or self.sets

    def try_guess(self, state, guess, way):
        """A send that finds no code is decided again without one."""
        codeless = frozenset()
        while True:
            trial = state.copy()
            way(trial, guess, codeless)
            trial.number = guess.rules.number
            if not self.model.lacking:
                return trial
            codeless |= self.model.lacking

    def fault(self, customer, line, said):
        """What differs; None: nothing does. What had to be withdrawn was, and nothing else."""
        expected = collections.Counter(self.model.did)
        if said != expected:
            return self.differs(customer, line, said - expected, expected - said)
        items = [item for item in line["did"] if item["what"] in WITHDRAWN]
        wanted = {sent.mid for sent in self.model.recall}
        unsure = {sent.mid for sent in self.model.unsure}
        if extra := {item["mid"] for item in items if item["what"] != "too-late"} - wanted - unsure:
            return f"withdrawn for nothing: {[(mid, self.told[mid], self.sent.get(mid)) for mid in extra]} {line}"
        if missing := wanted - {item["mid"] for item in items}:
            return f"not withdrawn: {missing} {line}"
        return self.name(line)

    def name(self, line):
        """Which message is which, by what it says; of those that never arrived any. What is wrong; None:
        nothing is."""
        items, left, self.names = [item for item in line["did"] if item["what"] == "sends"], list(self.model.sent), {}
        for item in sorted(items, key=lambda one: one["mid"] not in self.mails):
            mid, fits = item["mid"], [one for one in left if one.rule == item["rule"]]
            if mid in self.mails:
                fits = [one for one in fits if says(one) == self.mails[mid][0][:6]]
            if not fits:
                return f"{self.mails[mid]} is none of {[says(one) for one in left]}: {line}"
            self.names[mid] = fits[0]
            left.remove(fits[0])
        return None

    def adopt(self, state, line):
        for item in line["did"]:
            if item["what"] in WITHDRAWN:
                state.open.pop(item["mid"], None)
        for mid, sent in self.names.items():
            sent.mid, sent.line, state.open[mid] = mid, self.lines_read[state.key], sent

    def note(self, line, names, made):
        """What the line says to all."""
        for item in line["did"]:
            if item["what"] in WITHDRAWN:
                self.told[item["mid"]].append(item["what"])
            elif item["what"] == "paused" and item["why"] == "brake" and item["rule"] in self.tripped:
                self.brakes.append((item["rule"], item.get("since", line["at"])))
        for mid, sent in names.items():
            assert mid not in self.sent, f"decided twice: {line}"
            self.sent[mid] = sent
        for key, event in made:
            self.for_them[key].append(event)

    def delivered(self, states, did):
        for item in did:
            self.told[item["mid"]].append(item["what"])
            for state in states:
                if item["what"] in ("sent", "withdrawn"):
                    state.open.pop(item["mid"], None)
                if item["what"] == "withdrawn":
                    self.model.take_back(state, {item["mid"]})

    def differs(self, customer, line, daemon, model):
        event = self.pushed.get(line.get("event", {}).get("entry"))
        names = {row[0] for row in daemon + model}
        rules = [json.dumps(document(rule)) for set_ in self.sets for rule in set_.rules if rule.name in names]
        return "\n".join([
            f"{customer.key} {customer.profile} {customer.fields}", f"event {event}", f"line {line}",
            f"only the daemon {dict(daemon)}", f"only the model {dict(model)}", f"journeys {customer.journeys}",
            f"cap {self.model.cap} quiet {self.model.quiet} paused {self.paused} {self.tripped} "
            f"{dict(self.earlier)}", *rules])

    # ---- What must have been done ----

    def in_time(self, key, line, deadlines):
        """What Redis accepted before a deadline is decided before the deadline is acted on."""
        due = [deadline for deadline in deadlines if deadline <= line["at"]]
        for entry in self.open[key]:
            assert due and int(entry.split("-")[0]) >= min(due), f"{entry} came before {due}: {line}"

    def rest(self, key, asked_ms, quiet_ms):
        """What is due by now was acted on, or says nothing."""
        paused, faults, left = self.paused_by_now(), [], []
        for state in self.states[key]:
            state.braked.clear()
            fault = self.rest_of(state, quiet_ms, paused) or self.rest_turns(state, asked_ms)
            if fault:
                faults.append(fault)
            else:
                left.append(state)
        assert left, faults[0]
        self.states[key] = left

    def paused_by_now(self):
        return {**self.paused, **dict.fromkeys(self.tripped, "brake")}

    def rest_of(self, state, quiet_ms, paused):
        faults = []
        for rules in self.sets:
            trial = state.copy()
            self.model.decide_due(trial, quiet_ms, Guess(
                rules, tuple(one for one in self.sets if one is not rules), paused,
                room=NO_ROOM if self.crowded else ROOM))
            faults.append(self.model.did)
            if not self.model.did:
                vars(state).update(vars(trial))
        return f"{state.key}: not done by {quiet_ms}: {faults} of {state.journeys}" if all(faults) else None

    # ---- Clocks ----

    def turns_of(self, customer, until_ms):
        """Those that were not taken yet: (moment, tick) -> [(rule, name)]."""
        found, zone = collections.defaultdict(list), self.model.zone(customer)
        for rule in self.sets[-1].rules:
            if rule.clock and rule.enabled and rule.name in self.clocks:
                since = max(self.clocks[rule.name], self.zones[self.model.home(customer)])
                for moment, name, tick in turns(rule, customer.key, zone, since, until_ms):
                    if (rule.name, name) not in customer.asked:
                        found[moment, tick].append((rule, name))
        return found

    def is_quiet(self, customer, turn, rules, now):
        """Whether nothing comes of these turns, by some set, before or after what paused rules meanwhile."""
        names = {rule.name for rule in rules}
        for set_, paused in itertools.product(
                self.sets, [*pauses(self.paused, self.earlier, names), self.paused_by_now()]):
            self.model.decide_ticks(customer.copy(), (*turn, rules), now, Guess(set_, (), paused))
            if self.model.was_told or not self.model.did and not self.model.recall:
                return True
        return False

    def skip_turns(self, customer, line):
        """Nothing tells when somebody was asked of whom nothing came: it may have been before this line."""
        for turn, pairs in self.turns_of(customer, line["at"]).items():
            if self.is_quiet(customer, turn, [rule for rule, _ in pairs], line["at"]):
                customer.skipped |= {(rule.name, name) for rule, name in pairs}

    def follow_tick(self, key, line, said):
        """Of each rule the newest turn that has come, and no other."""
        def ways(state):
            groups = sorted(self.turns_of(state, line["at"]).items(), key=lambda group: -group[0][0])
            return [lambda trial, guess, codeless, turn=turn: self.take_turn(
                trial, turn, groups, line["at"], guess, said, codeless) for turn, _ in groups]

        self.take_back(key, line)
        self.decide(key, line, said, ways)
        self.in_time(key, line, [max(state.turn for state in self.states[key])])

    def take_turn(self, trial, turn, groups, now, guess, said, codeless):
        """As if these rules were asked, those of them that the set has; older turns of theirs are over then."""
        (moment, tick_ms), pairs = turn, dict(groups)[turn]
        self.model.decide_ticks(trial, (*turn, [rule for rule, _ in pairs]), now, guess, said, codeless)
        asked = {rule.name for rule in guess.rules.with_clocks([rule for rule, _ in pairs])}
        trial.turn = moment
        for (_, other_ms), others in groups:
            trial.asked.update({(rule.name, name): other_ms == tick_ms for rule, name in others
                                if other_ms <= tick_ms and rule.name in asked})

    def rest_turns(self, state, asked_ms):
        """Who was asked of whom something comes is told; of each rule no other turn than the newest."""
        newest, groups = {}, self.turns_of(state, asked_ms)
        for (moment, _), pairs in sorted(groups.items(), key=lambda group: group[0]):
            newest.update({rule.name: moment for rule, _ in pairs})
        for turn, pairs in groups.items():
            rules = [rule for rule, name in pairs
                     if newest[rule.name] == turn[0] and (rule.name, name) not in state.skipped]
            if not self.is_quiet(state, turn, rules, asked_ms):
                return (f"{state.key} was not asked at {turn}: {self.model.did} by {asked_ms}: "
                        f"{self.clocks} {self.client.hgetall('nudged:swept')} {state.asked} {rules}")
            state.asked.update({(rule.name, name): False for rule, name in pairs})
        return None


def says(sent):
    return (sent.rule, sent.step, sent.run, mark_of(sent, sent.data), sent.level,
            ",".join(mark_of(sent, event) for event in sent.all))


def mark_of(sent, event):
    """Of a tick it is that of the journey."""
    return f"tick-{sent.started // 1000}" if event["type"] == "clock" else event["mark"]


def time_of(event, arrival):
    if "time" not in event:
        return arrival
    time = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp() * 1000
    return min(arrival, round(time))
