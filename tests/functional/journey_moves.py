"""How journeys move from step to step, and what is granted of what they want to send: the part of the
model of the language (journey_model.py) that is about a rule's steps."""

import hashlib
import math

from journey_customer import Sent
from journey_types import MINUTE_MS, TOPICS
from journey_zones import next_time, quiet_end

DAY_MINUTES = 24 * 60
HALT_MS = GIVE_UP_MS = DAY_MINUTES * MINUTE_MS
ACTS = {"send", "set", "emit"}
HOPS_MOST, MADE_MOST = 8, 32


def spread(text):
    """FNV-1a and the finaliser of MurmurHash3."""
    hash_, mask = 0xcbf29ce484222325, (1 << 64) - 1
    for byte in text.encode():
        hash_ = (hash_ ^ byte) * 0x100000001b3 & mask
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        hash_ = (hash_ ^ hash_ >> 33) * factor & mask
    return hash_ ^ hash_ >> 33


def origin_of(source, id_):
    """By what a run is known: its start."""
    name = f"{source}\n{id_}"
    return f"{spread(name):016x}"


def id_of(key, journey, step):
    """Of an event that a step makes, from the run and the step."""
    name = "\n".join([key, journey.rule, journey.start.get("origin") or origin_of("", journey.start["id"]),
                      journey.per or "", step])
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def share_place(purpose, name, key):
    """As one of 10,000."""
    return (spread(f"{purpose}\0{name}\0{key}") >> 32) * 10000 >> 32


def ask(condition, view):
    """True, False, or None where it fails."""
    try:
        return bool(condition.holds(view)) if condition else True
    except KeyError:
        return None


def journey_view(model, journey):
    view = model.view(journey.event, journey.start)
    view.started, view.waited = journey.started, journey.waited
    return view


class Moves:
    # ---- Journeys ----

    def move(self, journey):
        """Moves on from `journey.at`; true where it waits."""
        rule, code = self.rule(journey), self.set.code[journey.rule]
        journey.meets, journey.until, journey.number = (), rule.until, self.set.number
        while journey.at < len(code):
            step = code[journey.at]
            journey.at += 1
            if step.kind in ACTS and not ask(rule.while_, journey_view(self, journey)):
                self.tell(rule.name, "ended", "no-longer")
                return False
            counts = rule.limit and step.kind in ACTS and not any(one.kind == "send" for one in code)
            if counts and self.is_limited(journey):
                self.tell(rule.name, "refused", "limit")
                return False
            try:
                goes_on = getattr(self, f"do_{step.kind}")(journey, step, code)
            except KeyError:
                self.tell(rule.name, "error")
                return False
            if counts:
                self.c.acted[rule.name, journey.run] = self.now, self.now + rule.limit[1] * MINUTE_MS
            if goes_on is not None:
                return goes_on
        return False

    def is_limited(self, journey):
        """Of a rule that sends nothing: by what it did, and by what it sent when it did."""
        count, window = self.rule(journey).limit
        acts = [(name, run, at) for (name, run), (at, _) in self.c.acted.items()]
        acts += [(sent.rule, sent.run, sent.at) for sent in self.c.sends]
        return len({run for name, run, at in acts if name == journey.rule and run != journey.run
                    and at > self.now - window * MINUTE_MS}) >= count

    def forget_runs(self):
        """Those that no limit counts any more: one that is made longer later does not know them."""
        windows = {rule.name: rule.limit[1] * MINUTE_MS for rule in self.set.rules if rule.limit}
        self.c.acted = {key: (at, until) for key, (at, counted) in self.c.acted.items()
                        if (until := max(counted, at + windows.get(key[0], 0))) > self.now}

    # Each step: None where the journey moves on, True where it waits, False where it is over.

    def do_send(self, journey, step, code):
        rule = self.rule(journey)
        if step.id in journey.sent:
            self.tell(rule.name, "passed-over", "sent")
        elif journey.full and self.now >= journey.deadline:
            self.tell(rule.name, "refused", "outbox-full")
        elif step.step[2] and self.lacks_code(rule, journey, step):
            self.tell(rule.name, "refused", "no-code")
        elif self.halts(journey, rule, step):
            return True
        elif rule.marketing and self.quiet and (end := quiet_end(self.now, *self.quiet, self.zone(self.c))):
            journey.step, journey.deadline, journey.clock = step.id, end, end
            journey.imposed, journey.full = True, 0
            self.tell(journey.rule, "quiet-hours", end)
            return True
        elif self.lacks_room(journey, rule, step):
            return True
        elif not self.want(journey, step):
            return False
        journey.full = 0
        return None

    def lacks_code(self, rule, journey, step):
        if self.codes_left.get(rule.name, 1) < 0:
            self.codes_left[rule.name] += 1
            if not self.codes_left[rule.name]:
                del self.codes_left[rule.name]
            return True
        return (rule.name, journey.run, step.id) in self.codeless

    def halts(self, journey, rule, step):
        """Whether the send waits for its rule to be resumed. The clock stays."""
        if not self.is_paused(rule.name) and rule.name in self.guess.braked:
            if self.passed[rule.name] >= self.guess.braked[rule.name]:
                self.c.braked.add(rule.name)
            self.passed[rule.name] += 1
        why = self.is_paused(rule.name)
        if not why:
            journey.halted = 0
            return False
        if not journey.halted:
            journey.halted = self.now
            self.tell(rule.name, "paused", why)
        journey.step, journey.deadline, journey.imposed, journey.full = step.id, self.now + HALT_MS, True, 0
        return True

    def is_paused(self, name):
        """By what; None: it is not."""
        return "brake" if name in self.c.braked else self.guess.paused.get(name)

    def has_room(self, marketing, journey):
        left, queued = self.guess.room[0 if marketing else 1]
        return (journey.full or not queued) and left > self.made_messages + len(self.wants)

    def lacks_room(self, journey, rule, step):
        """Whether the send waits for room in the outbox. One that would be refused needs none, nor does
        who is held out."""
        if self.has_room(rule.marketing, journey) or self.held_out(rule) or self.refusal(rule, journey.run):
            return False
        if not journey.full:
            journey.full, journey.deadline = self.now, self.now + GIVE_UP_MS
            self.tell(rule.name, "outbox-full", journey.deadline)
        journey.step, journey.imposed, journey.marketing = step.id, True, rule.marketing
        return True

    def do_set(self, journey, step, code):
        self.set_field(journey.rule, step.step[1], step.step[3](journey_view(self, journey)))

    def do_emit(self, journey, step, code):
        _, name, kind, plain, whom = step.step
        event = {"type": kind, "mark": f"{journey.run}/{name}", "time": self.now,
                 "key": "k1" if plain else journey.event["key"], "n": 5 if plain else (journey.event["n"] + 3) % 10,
                 "hops": max(one.get("hops", 0) for one in (journey.start, journey.event, self.event)) + 1}
        event["id"] = id_of(self.c.key, journey, name)
        event["origin"] = origin_of("nudged", event["id"])
        other = self.other_customer(whom, journey) if whom else None
        if whom and not other:
            self.tell(journey.rule, "refused", "no-such-customer")
        elif event["hops"] > HOPS_MOST:
            self.tell(journey.rule, "refused", "loop")
        elif self.c.made == MADE_MOST:
            self.tell(journey.rule, "refused", "too-many-events")
        else:
            self.c.made += 1
            self.tell(journey.rule, "emits", event["type"])
            if other:
                self.for_others.append((other, event))
            else:
                self.c.emitted.append({**event, "own": True})

    def other_customer(self, whom, journey):
        """The key of who is meant; None: nobody that is known, or themselves."""
        friend = journey_view(self, journey).profile.get(whom)
        key = f"id:{friend}"
        return key if friend and key != self.c.key and key in self.known else None

    def do_wait(self, journey, step, code):
        return self.wait(journey, code, journey.clock + step.step[1] * MINUTE_MS)

    def do_wait_for(self, journey, step, code):
        since, waits = journey.clock, self.wait(journey, code, journey.clock + step.step[1] * MINUTE_MS, "waits-for")
        journey.since, journey.meets, journey.waited = since, step.step[2], False
        return waits

    def do_wait_clock(self, journey, step, code):
        return self.wait(journey, code, next_time(journey.clock, step.step[1], self.zone(self.c)))

    def do_wait_moment(self, journey, step, code):
        until = step.step[2](journey_view(self, journey))
        if until > self.now:
            return self.wait(journey, code, until)
        self.tell(journey.rule, "passed-over" if step.step[3] else "goes-on", "past")
        if step.step[3]:
            journey.at = step.behind
        return None

    def wait(self, journey, code, deadline, what="waits"):
        while journey.at < len(code) and code[journey.at].kind == "jump":
            journey.at = code[journey.at].target
        if journey.at == len(code):
            return False
        journey.step = code[journey.at].id
        journey.deadline = journey.clock = deadline
        journey.imposed = False
        self.tell(journey.rule, what, deadline)
        return True

    def do_unless(self, journey, step, code):
        if not step.step[1].holds(journey_view(self, journey)):
            journey.at = step.target

    def do_split(self, journey, step, code):
        place = share_place("split", step.step[1], self.c.key)
        journey.at = next(target for upto, target in step.shares if place < upto)

    def do_jump(self, journey, step, code):
        journey.at = step.target

    def do_stop(self, journey, step, code):
        return False

    def go_on(self, journey):
        """At its deadline. Where that is more than a minute ago, or the wait was imposed, everything is
        asked again."""
        if why := self.set.lost(journey):
            self.tell(journey.rule, "ended", why)
            self.recall += [sent for sent in self.c.open.values()
                            if sent.rule == journey.rule and sent.run == journey.run]
            return False
        if journey.halted and self.is_paused(journey.rule):
            journey.deadline = self.now + HALT_MS
            return True
        journey.at = self.set.place(journey)
        late = self.now - journey.clock > MINUTE_MS
        if late:
            journey.clock = self.now
        if late or journey.imposed:
            answer = self.ask_branches(journey)
            if answer is None:
                self.tell(journey.rule, "error")
                return False
            if not answer:
                self.tell(journey.rule, "passed-over", "branch")
                journey.full = journey.halted = 0
        return self.move(journey)

    def ask_branches(self, journey):
        """The `if` of each branch that the step stands in, from outside in: None where one fails."""
        code, chain, at = self.set.code[journey.rule], [], journey.at
        while code[at].within >= 0:
            chain.append((code[at].within, code[at].otherwise))
            at = code[at].within
        for number, otherwise in reversed(chain):
            if code[number].kind == "split":
                continue
            answer = ask(code[number].step[1], journey_view(self, journey))
            if answer is None:
                return None
            if answer == otherwise:
                journey.at = code[number].behind
                return False
        return True

    # ---- Sends ----

    def want(self, journey, step):
        """Whether the journey goes on at once: who is held out first learns whether the send is refused."""
        rule = self.rule(journey)
        if self.now - journey.clock > MINUTE_MS:
            journey.clock = self.now
        collected = [event for _, event in journey.collected]
        self.wants.append((journey, Sent(
            rule.name, rule.marketing, rule.topic, journey.run, journey.per, journey.started, journey.start,
            step.step[1], step.id, step.step[2], self.now, journey.event, self.c.profile["level"][1], collected,
            rule.until, rule.limit, rule.holdout, self.c.key, self.set.number)))
        return not self.held_out(rule)

    def held_out(self, rule):
        return rule.holdout and share_place("holdout", rule.name, self.c.key) < rule.holdout * 100

    def refusal(self, rule, run):
        if rule.limit:
            since = self.now - rule.limit[1] * MINUTE_MS
            if len({one.run for one in self.c.sends
                    if one.rule == rule.name and one.run != run and one.at > since}) >= rule.limit[0]:
                return "limit"
        if rule.marketing:
            if not self.consents(rule.topic):
                return "no-consent"
            if self.capped():
                return "cap"
        return None

    def consents(self, topic):
        """To one of opt-in by their yes to it, else by what the shop says, and no no."""
        if TOPICS.get(topic) == "opt-in":
            return self.c.wants(topic)
        return self.c.profile.get("accepts_marketing", (0, None))[1] is True and not self.c.declines(topic)

    def capped(self):
        return self.cap and sum(one.marketing and one.at > self.now - self.cap[1] * MINUTE_MS
                                for one in self.c.sends) >= self.cap[0]

    def grant(self):
        while self.wants:
            wants, self.wants, refused = sorted(self.wants, key=lambda want: -self.rule(want[1]).priority), [], []
            for journey, sent in wants:
                rule = self.rule(sent)
                if why := self.refusal(rule, sent.run):
                    self.tell(rule.name, "refused", why)
                    refused += [journey] if self.held_out(rule) else []
                elif self.held_out(rule):
                    self.tell(rule.name, "ended", "holdout")
                else:
                    self.take_code(sent)
                    journey.sent |= {sent.step_id}
                    self.tell(rule.name, "sends")
                    self.c.sends.append(sent)
                    self.sent.append(sent)
                    self.made_messages += 1
            self.c.journeys += [journey for journey in refused if self.move(journey)]

    def take_code(self, sent):
        """All sends of a run share one; where none is left all is decided again without this send."""
        if not sent.code or (sent.rule, sent.run) in self.coded:
            return
        if self.codes_left.get(sent.rule, 1) > 0:
            self.codes_left[sent.rule] = self.codes_left.get(sent.rule, math.inf) - 1
            self.coded.add((sent.rule, sent.run))
        else:
            self.lacking.add((sent.rule, sent.run, sent.step_id))
