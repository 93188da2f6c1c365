#!lua flags=allow-oom
-- Takes customers whose deadline is due. A deadline T is due once `settle` has passed, and
-- everything that Redis accepted until T was decided: acknowledged entries are deleted, so the
-- first entry of the stream is the oldest that was not. After 30 s it is due in any case.
-- ARGV: P, the list's key ('' where there is none), count, settle ms, lease ms, poll ms
-- Returns {ask again after ms, customer, deadline, customer, deadline …}.
-- Safe to run twice: what the first run took stays under its lease, then is due again.
local P, inbox, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local settle, lease, poll = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local due, taken, MOST, BLOCKED = P .. ':due', P .. ':taken', 30000, 50
--with shared_clock
local now = clock()

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
give_back('-inf', ms(now))
give_back('(' .. ms(now + lease), '+inf')

local horizon = now - settle
local oldest = redis.call('XRANGE', P .. ':events', '-', '+', 'COUNT', 1)[1]
if inbox ~= '' and redis.call('EXISTS', inbox) == 1 then
    horizon = math.min(horizon, now - MOST)
elseif oldest then
    local at = tonumber(string.match(oldest[1], '^%d+'))
    horizon = math.max(math.min(horizon, at - 1), now - MOST)
end

local rows = redis.call('ZRANGE', due, '-inf', ms(horizon), 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
local out = {0}
for i = 1, #rows, 2 do
    redis.call('ZREM', due, rows[i])
    redis.call('ZADD', taken, ms(now + lease), rows[i])
    out[#out + 1] = rows[i]
    out[#out + 1] = ms(tonumber(rows[i + 1]))
end

-- When to ask again: at once for more, soon where only undecided events hold one back.
if #rows < 2 * count then
    local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
    local wait = first and tonumber(first) + settle - now or poll
    out[1] = math.max(math.min(wait, poll), BLOCKED)
end
return out
