#!lua flags=allow-oom
-- Housekeeping of the outbox: moves retries that are due back into it, and drops dead letters
-- that were kept long enough.
-- ARGV: P, count, poll ms, ms that dead letters are kept
-- Returns {moved, ask again after ms}. Safe to run twice.
local P, count, poll, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local later = P .. ':later'
--with shared_clock
--with shared_requeue
local now = clock()
local mids = redis.call('ZRANGE', later, '-inf', ms(now), 'BYSCORE', 'LIMIT', 0, count)
for _, mid in ipairs(mids) do
    local row = redis.call('HMGET', P .. ':message:' .. mid, 'state', 'channel', 'class')
    redis.call('ZREM', later, mid)
    if row[1] == 'later' then
        requeue(mid, row[2], row[3])
    end
end
redis.call('XTRIM', P .. ':dead', 'MINID', '~', ms(math.max(0, now - keep)))
local wait = 0
if #mids < count then
    local first = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')[2]
    wait = math.max(1, math.min(first and tonumber(first) - now or poll, poll))
end
return {#mids, math.floor(wait)}
