#!lua flags=allow-oom
-- Takes customers whose deadline is due. A deadline T is due once `settle` has passed, and
-- everything that Redis accepted until T was decided; docs/redis.md says how that is known.
-- ARGV: P, consumer, the list's key ('' where there is none), count, settle ms, lease ms, poll ms
-- Returns {ask again after ms, customer, deadline, customer, deadline …}.
-- Safe to run twice: what the first run took stays under its lease, then is due again.
local P, consumer, inbox, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local settle, lease, poll = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local due, taken = P .. ':due', P .. ':taken'
local BLOCKED = 50
--with shared_clock
--with shared_lease
--with shared_type
--with shared_decided
local now = clock()
local wrong = no_lease(consumer) or wrong_key({due, 'zset', taken, 'zset'}) or
    wrong_key(decided_from(inbox))
if wrong then
    return wrong
end

-- Leases that ran out, and those that end later than any given now: the clock was set back since.
-- The deadline itself stands in the document; to be due at once it is enough that it is in the
-- past.
local function give_back(from, to)
    local back = redis.call('ZRANGE', taken, from, to, 'BYSCORE', 'LIMIT', 0, 1000, 'WITHSCORES')
    for i = 1, #back, 2 do
        local since = tonumber(back[i + 1]) - lease - settle
        redis.call('ZADD', due, 'NX', ms(math.min(since, now - settle)), back[i])
        redis.call('ZREM', taken, back[i])
    end
end

-- Deadlines up to here are due. A sample is needed for what is due later than the newest one.
local function horizon()
    local function wants(since)
        local from = since and '(' .. ms(since) or '-inf'
        return #redis.call('ZRANGE', due, from, ms(now), 'BYSCORE', 'LIMIT', 0, 1) > 0
    end
    return math.min(now - settle, decided_until(inbox, now, wants))
end

give_back('-inf', ms(now))
give_back('(' .. ms(now + lease), '+inf')

local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
local rows = {}
if first and tonumber(first) <= now then
    rows = redis.call('ZRANGE', due, '-inf', ms(horizon()), 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
end
local out = {0}
for i = 1, #rows, 2 do
    redis.call('ZREM', due, rows[i])
    redis.call('ZADD', taken, ms(now + lease), rows[i])
    out[#out + 1] = rows[i]
    out[#out + 1] = ms(tonumber(rows[i + 1]))
end

-- When to ask again: at once for more, soon where only undecided events hold one back.
if #rows < 2 * count then
    first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
    local wait = first and tonumber(first) + settle - now or poll
    out[1] = math.max(math.min(wait, poll), BLOCKED)
end
return out
