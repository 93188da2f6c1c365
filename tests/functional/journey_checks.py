"""What holds of the messages that went out, whatever the model of the language thinks of it: caps,
limits, hold-outs, splits, `until`, what was collected, codes, and the brake."""

import collections

from journey_moves import share_place
from journey_types import CODES, MINUTE_MS

SLACK_MS = 5000  # from a decision to its commit


def check_alone(run):
    reader = run.reader
    for name, customer in reader.model.customers.items():
        sends = sorted((sent for sent in customer.sends if sent.mid in reader.mails), key=lambda sent: sent.at)
        steps = collections.Counter((sent.rule, sent.step, sent.run, sent.per) for sent in sends)
        assert not steps or max(steps.values()) == 1, f"{name}: a step sent twice"
        check_counts(name, sends, run.cap)
        check_shares(name, sends, run.shares)
        for sent in sends:
            assert not sent.holdout or share_place("holdout", sent.rule, name) >= sent.holdout * 100, f"{name}: {sent}"
            check_until(sent, reader.decided[name])
            times = [event.get("time_ms", 0) for event in sent.all]
            assert times == sorted(times) and len(times) <= 50
    check_codes(run)
    if run.brake:
        check_brake(run)


def check_counts(name, sends, cap):
    """Never more than the cap, nor more runs than the limit of the rule that sent."""
    for sent in sends:
        within = [one for one in sends if cap and one.marketing and sent.marketing
                  and sent.at - cap[1] * MINUTE_MS < one.at <= sent.at]
        assert not cap or len(within) <= cap[0], f"{name}: over the cap"
        if sent.limit:
            runs = {one.run for one in sends if one.rule == sent.rule
                    and sent.at - sent.limit[1] * MINUTE_MS < one.at <= sent.at}
            assert len(runs) <= sent.limit[0], f"{name}: over the limit of {sent.rule}"


def check_shares(name, sends, shares):
    """A customer is of one share of a split, whatever was edited and whoever was killed."""
    of = collections.defaultdict(set)
    for sent in sends:
        for split, share in shares.get(sent.step, ()):
            of[split].add(share)
    several = {split: found for split, found in of.items() if len(found) > 1}
    assert not several, f"{name}: {several}"


def check_until(sent, decided):
    """Nothing went out that an event without a condition had ended, by the rules by which it was sent. By
    the order of the commits: of two daemons the one that looked at the clock first may commit last."""
    plain = {kind for kind, condition in sent.until if not condition}
    ended = [(line, kind, time) for line, kind, time, number in decided
             if kind in plain and line < sent.line and time > sent.started and number == sent.number]
    assert not ended, f"{sent} after {ended}"


def check_codes(run):
    """A code is of one run, a run has one code, and none is lost."""
    given, reader = {}, run.reader
    for mid, mails in reader.mails.items():
        sent = reader.sent[mid]
        if not sent.code:
            continue
        whose = (sent.rule, sent.run, sent.customer)
        for mail in mails:
            assert given.setdefault(mail[6], whose) == whose, f"{mail} of {whose}: it is {given[mail[6]]}'s"
    assert len(set(given.values())) == len(given), "a run with two codes"
    there = {code.decode() for code in run.client.lrange(f"nudged:codes:{CODES}", 0, -1)}
    held = [run.client.hget(key, "code").decode() for key in run.client.scan_iter("nudged:given:*")]
    assert len(held) == len(set(held)) and not there & set(held), "a code twice"
    assert there | set(held) == set(run.codes) and set(given) <= set(held), "a code is lost"


def check_brake(run):
    """Of a rule never more than the brake lets through, from one resume to the next; and it stops nothing
    before. A slot of the count is a 64th of its time."""
    most, window = run.brake[0], run.brake[1] * MINUTE_MS
    by_rule = collections.defaultdict(list)
    for sent in run.reader.sent.values():
        if sent.marketing:
            by_rule[sent.rule].append(sent.at)
    for rule in by_rule:
        resumed = run.resumed.get(rule, [])
        times = [sent.at for mid, sent in run.reader.sent.items() if sent.rule == rule and mid in run.reader.mails]
        for at in times:
            since = max([at - window + SLACK_MS] + [time for time in resumed if time < at])
            within = sum(since < one <= at for one in times)
            assert within <= most, f"{rule}: over the brake {run.brake} at {at}: {sorted(times)} {resumed}"
    for rule, at in run.reader.brakes:
        within = [one for one in by_rule[rule] if at - window * 65 // 64 - SLACK_MS < one <= at + SLACK_MS]
        # Of a commit that was refused some lacked a code the second time.
        assert len(within) >= most // 2, f"{rule}: stopped at {at} after {len(within)}"
