#!lua
-- Says that a daemon is there, or leaves, and who else is: those of whom it was not said for too long are
-- forgotten.
-- ARGV: P, name of the daemon, ms that it counts as there from now on (0: it leaves)
-- Returns the names of all that are there. Safe to run twice.
local P, name, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
--with shared_type
local members = P .. ':members'
local wrong = wrong_key({members, 'hash'})
if wrong then
    return wrong
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if lease > 0 then
    redis.call('HSET', members, name, now + lease)
else
    redis.call('HDEL', members, name)
end
local names, rows = {}, redis.call('HGETALL', members)
for i = 1, #rows, 2 do
    local until_ms = tonumber(rows[i + 1])
    -- What lies far ahead was written before the clock was set back.
    if until_ms and until_ms > now and until_ms <= now + 60000 then
        names[#names + 1] = rows[i]
    else
        redis.call('HDEL', members, rows[i])
    end
end
return names
