#!lua
-- Says that a daemon is there, or leaves, and who else is: those of whom it was not said for too long are
-- forgotten.
-- ARGV: P, name of the daemon, ms that it counts as there from now on (0: it leaves), how many shards it
-- knows of
-- Returns the names of all that are there; where the installation has another number of shards that
-- number, and nothing is said. Safe to run twice.
local P, name, lease, shards = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
--with shared_type
local members, meta = P .. ':members', P .. ':meta'
local wrong = wrong_key({members, 'hash', meta, 'hash'})
if wrong then
    return wrong
end
local there = redis.call('HGET', meta, 'shards')
if there and there ~= shards then
    return tonumber(there)
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
