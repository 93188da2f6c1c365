/*
 * The names of all that stands in Redis: the prefix P, a word, and what it is of, joined by
 * colons. docs/redis.md says more of each. The Lua scripts build theirs from P; a test holds
 * the scripts, this table and the page together.
 */
#ifndef NUDGED_STORE_KEYS_H
#define NUDGED_STORE_KEYS_H

#include "base/arena.h"

/* X(NAME, "word", "what it is of", "type", "what it holds") */
#define KEYS(X)                                                                                   \
    X(EVENTS, "events", "", "stream", "events that are not decided yet: where shops push")        \
    X(INBOX, "inbox", "", "list", "the other way to push; moved into the stream")                 \
    X(ACCEPTED, "accepted", "<list>", "hash",                                                     \
      "how much of the list was moved, and when it held what")                                    \
    X(CUSTOMER, "customer", "<key>", "string", "the customer's document")                         \
    X(TO, "to", "<hash>", "string", "key of the person that a key names, by the key's hash")      \
    X(STARTS, "starts", "<key>", "list", "origin and event, as JSON, of what started and waits")  \
    X(TABLE, "table", "<table>", "hash", "what the shop keeps for lookup(): key to JSON or text") \
    X(TRACE, "trace", "<key>", "list", "what was decided and delivered, newest first")            \
    X(DUE, "due", "", "zset", "customer: its earliest deadline")                                  \
    X(TAKEN, "taken", "", "zset", "customer whose deadline is being decided: end of its lease")   \
    X(MESSAGE, "message", "<mid>", "hash", "a message decided and not yet accepted")              \
    X(BODY, "body", "<mid>", "string", "what the message says, as JSON")                          \
    X(OUTBOX, "outbox", "<queue>:<class>", "stream", "mids to be sent, or being sent")            \
    X(BEGUN, "begun", "<channel>:<class>", "hash",                                                \
      "mid that was begun at once: since when, and by whom")                                      \
    X(QUEUES, "queues", "", "set", "queues of gateways: <channel>@<gateway>")                     \
    X(FULL, "full", "<class>", "zset",                                                            \
      "customer whose sends wait for room in the outbox: since when")                             \
    X(LATER, "later", "", "zset", "mid: when it is tried again")                                  \
    X(LACKING, "lacking", "<channel>:<class>", "set",                                             \
      "mids in `later` whose template some daemon lacks")                                         \
    X(HELD, "held", "<queue>:<class>:<domain>", "zset",                                           \
      "mids in `later` whose domain a gateway had no room for: since when, in µs")                \
    X(HOLDING, "holding", "<queue>:<class>", "zset",                                              \
      "domains for which messages are held: when that was last looked at")                        \
    X(UNCERTAIN, "uncertain", "", "zset", "mid that waits for an operator's word: since when")    \
    X(MAILED, "mailed", "<day>", "string", "how many mails were sent that may come back")         \
    X(RETURNS, "returns", "<day>:<level>:<prefix>", "hash",                                       \
      "of a mail that was sent: whom a bounce of it is about")                                    \
    X(WATCH, "watch", "<product>", "zset", "customer who watches it: since when")                 \
    X(WATCHING, "watching", "<key>", "hash",                                                      \
      "product that the customer watches: since when; below 0: not any more")                     \
    X(TELL, "tell", "", "hash",                                                                   \
      "entry that is told to who watches a product: that, and the event")                         \
    X(TELLING, "telling", "<entry>", "zset", "who is still to be told: since when they watch")    \
    X(SUPPRESSED, "suppressed", "", "hash", "hash of an address: why it is not written to")       \
    X(SAID, "said", "", "hash", "hash of a key or a mailbox: what was said under it")             \
    X(WORDS, "words", "", "stream", "what was said of addresses, until it is in their shards")    \
    X(DEAD, "dead", "", "stream", "dead letters")                                                 \
    X(RATE, "rate", "<gateway>", "hash", "slots of its rate: how many went, over all daemons")    \
    X(DOMAIN, "domain", "<gateway>:<domain>", "hash", "slots of a domain's rate, likewise")       \
    X(WARMUP, "warmup", "<gateway>", "hash", "slots of its days, and since when it sends")        \
    X(TURNS, "turns", "<bound>", "hash", "shards that wait for a gateway's bound or a domain's")  \
    X(PAUSED, "paused", "", "hash", "gateway that takes nothing: since when, and by whom")        \
    X(CODES, "codes", "<list>", "list", "codes that nobody was given yet")                        \
    X(LOADED, "loaded", "<list>", "set", "all codes that the list ever had")                      \
    X(GIVEN, "given", "<mid>", "hash", "code that a run of a rule was given")                     \
    X(LISTS, "lists", "", "hash", "list of codes: at how many it is told that few are left")      \
    X(HALTED, "halted", "", "hash", "rule that is paused: since when, and by whom")               \
    X(HALT, "halt", "<rule>", "zset", "customer whose sends wait for the rule: since when")       \
    X(HALTS, "halts", "", "set", "rules for which sends wait")                                    \
    X(BRAKE, "brake", "<rule>", "hash", "slots: how many messages of it went, over all daemons")  \
    X(BULLETIN, "bulletin", "<name>", "string", "what a daemon does, and its gateways, as JSON")  \
    X(META, "meta", "", "hash", "the last epoch, and what all daemons on P must share")           \
    X(MEMBERS, "members", "", "hash", "a daemon of many shards: until when it is there")          \
    X(CHANNELS, "channels", "", "set", "every channel that a daemon ever had")                    \
    X(GONE, "gone", "", "hash", "consumer: since when its lease was seen gone")                   \
    X(INSTANCE, "instance", "<name>", "string", "a daemon's lease: its epoch")                    \
    X(RULES, "rules", "", "hash", "digest of a rule set: its number")                             \
    X(SETS, "sets", "", "hash", "a daemon's name: its epoch and the digest of its set")           \
    X(CLOCKS, "clocks", "", "hash", "a rule with a clock: since when, and the clock")             \
    X(INDEX, "index", "", "hash", "how far the index of customers by zone is made")               \
    X(ZONES, "zones", "", "zset", "a zone that has customers: since when")                        \
    X(ZONE, "zone", "<zone>", "zset", "customer: the place within every spread")                  \
    X(SWEPT, "swept", "", "hash", "a rule in a zone: how far its customers were asked")           \
    X(TICKS, "ticks", "", "zset", "a customer at a tick of a rule's clock: end of the lease")     \
    X(ASKED, "asked", "<key>", "string", "at which ticks one was asked whose zone has changed")   \
    X(SET, "set", "<digest>", "string", "what others may leave to a daemon with that set")        \
    X(ONCE, "once", "<hash>", "string",                                                           \
      "a request from the web, or an entry of another stream, by a name: the ids it made")        \
    X(STRAYS, "strays", "", "stream", "events of another shard, until they are moved there")      \
    X(MOVER, "mover", "", "string", "who moves what came to no shard, with shards: a daemon")     \
    X(ABSENT, "absent", "", "none", "never there: what a script declares on a Redis Cluster")

/* Of all that stands there, as P:meta has it. A daemon of a former one must not be at work beside:
 * 4: what is begun at once is packed (store/packed_message.h). */
enum { KEYS_FORMAT = 4 };

enum key {
#define KEYS_ENUM(name, word, of, type, what) KEY_##name,
    KEYS(KEYS_ENUM)
#undef KEYS_ENUM
};

/* "nudged:message:7-1" for KEY_MESSAGE, "7-1", NULL: what it is of, part by part, and NULL. In
 * the arena. */
const char *keys_spell(struct arena *arena, const char *prefix, enum key key, ...)
    __attribute__((sentinel));

/* One that never exists, by which it is seen whether a cluster serves all keys of P. In the arena.
 */
const char *keys_absent(struct arena *arena, const char *prefix);

#endif
