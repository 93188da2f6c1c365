#!lua flags=allow-oom
-- What became of messages that were taken. A result counts only while the message's hash names
-- this consumer and this entry (it names some only while it is taken): a daemon may have been
-- frozen past its lease, and others have the message now.
-- ARGV: P, consumer, ms that a trace lives, then for each result {entry, mid, channel, class (both
-- as taken), outcome, at ms or +ms, charge, reason, detail, trace line, event, hash to suppress, its
-- reason}, '' for what is absent
-- Returns for each 1 (settled), 0 (no longer ours: nothing was written) or 2 (its hash was deleted
-- by hand, so the entry is too: nobody can need it). Safe to run twice: the second run finds them
-- gone.
local P, consumer, keep = ARGV[1], ARGV[2], ARGV[3]
local WIDTH = 13
--with shared_clock
--with shared_trace
--with shared_outbox
--with shared_requeue
local now = clock()

local function later(r, key)
    redis.call('HSET', key, 'state', 'later', 'channel', r.channel, 'class', r.class)
    redis.call('HDEL', key, 'owner', 'entry')
    redis.call('HINCRBY', key, 'attempts', r.charge)
    -- "+N" is so many ms from now.
    local at = string.sub(r.at, 1, 1) == '+' and now + tonumber(r.at) or tonumber(r.at)
    redis.call('ZADD', P .. ':later', ms(at), r.mid)
end

local finish = {
    done = function(r, key)
        redis.call('DEL', key)
    end,
    later = later,
    resend = function(r, key)
        redis.call('HSET', key, 'bound', 1)
        later(r, key)
    end,
    hold = function(r, key)
        redis.call('HSET', key, 'state', 'uncertain', 'bound', 1, 'channel', r.channel, 'class',
            r.class)
        redis.call('HDEL', key, 'owner', 'entry')
        redis.call('HINCRBY', key, 'attempts', r.charge)
        redis.call('ZADD', P .. ':uncertain', ms(now), r.mid)
    end,
    dead = function(r, key)
        redis.call('XADD', P .. ':dead', '*', 'kind', 'message', 'reason', r.reason, 'detail',
            r.detail, 'customer', r.customer or '', 'mid', r.mid, 'channel', r.channel, 'class',
            r.class, 'body', redis.call('HGET', key, 'body') or '')
        redis.call('DEL', key)
    end,
    release = function(r)
        requeue(r.mid, r.channel, r.class)
    end,
}

local function settle(r)
    local key = P .. ':message:' .. r.mid
    local stream = outbox(r.channel, r.class)
    local m = redis.call('HMGET', key, 'owner', 'entry', 'customer')
    if redis.call('EXISTS', key) == 0 then
        return 2 * remove(stream, r.entry)
    end
    if m[1] ~= consumer or m[2] ~= r.entry then
        return 0
    end
    r.customer = m[3]
    remove(stream, r.entry)
    finish[r.outcome](r, key)
    if r.trace ~= '' and r.customer then
        push_trace(r.customer, r.trace, keep)
    end
    if r.event ~= '' then
        redis.call('XADD', P .. ':events', '*', 'event', r.event)
    end
    if r.suppress ~= '' then
        redis.call('HSETNX', P .. ':suppressed', r.suppress, string.format(
            '{"reason":%s,"at":%s}', cjson.encode(r.suppress_reason), ms(now)))
    end
    return 1
end

local out = {}
for i = 4, #ARGV, WIDTH do
    local entry, mid, channel, class, outcome, at, charge, reason, detail, trace, event, suppress,
        suppress_reason = unpack(ARGV, i, i + WIDTH - 1)
    out[#out + 1] = settle({entry = entry, mid = mid, channel = channel, class = class,
        outcome = outcome, at = at, charge = charge, reason = reason, detail = detail,
        trace = trace, event = event, suppress = suppress, suppress_reason = suppress_reason})
end
return out
