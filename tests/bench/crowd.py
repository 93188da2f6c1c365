"""Very many customers, each as one that the daemon made: the keys of one customer of whom something waits, with other
names."""

import time

from figures import fail, until

TOKEN = "4242424242"


def crowd(redis, ask, event, count, due_s):
    """`event`: of the customer TOKEN, after which they wait. Customers 0 to `count` - 1 are made of it, whose timers
    are due from now on in `due_s` seconds; `ask(*words)` asks Redis (redis-py's)."""
    redis.push([event])
    until(lambda: ask("ZCARD", "nudged:due") == 1, "one customer who waits")
    document = ask("GET", f"nudged:customer:id:{TOKEN}").decode()
    starts = [start.decode() for start in ask("LRANGE", f"nudged:starts:id:{TOKEN}", 0, -1)]
    deadline = f"{ask('ZSCORE', 'nudged:due', f'id:{TOKEN}'):.0f}"
    later = str(int(time.time() * 1000) + due_s * 1000)
    if TOKEN not in document or deadline not in document or not starts:
        fail("the document of a customer is not as it was thought")

    def commands():
        document_then = document.replace(deadline, later)
        for number in range(count):
            name = str(number)
            yield ("SET", f"nudged:customer:id:{name}", document_then.replace(TOKEN, name), "EX", "34560000")
            yield ("RPUSH", f"nudged:starts:id:{name}", *(start.replace(TOKEN, name) for start in starts))
            yield ("ZADD", "nudged:due", later, f"id:{name}")

    redis.feed(commands())
    if ask("ZCARD", "nudged:due") != count + 1:
        fail("not all customers were made")
    return document
