#!lua flags=allow-oom
-- Housekeeping of the outbox: moves retries that are due back into it, and drops dead letters
-- that were kept long enough.
-- ARGV: P, count, poll ms, ms that dead letters are kept
-- Returns {moved, ask again after ms, mid of a dead letter…}. Safe to run twice. A message whose hash
-- lost channel or class (by hand) can go nowhere: it is a dead letter.
local P, count, poll, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local later = P .. ':later'
--with shared_clock
--with shared_requeue
local now = clock()
local out = {0, 0}

local function bury(mid)
    local key = P .. ':message:' .. mid
    local row = redis.call('HMGET', key, 'customer', 'channel', 'class', 'body')
    redis.call('XADD', P .. ':dead', '*', 'kind', 'message', 'reason', 'not-whole', 'detail',
        'what Redis had of it lacked its channel or class', 'customer', row[1] or '', 'mid', mid,
        'channel', row[2] or '', 'class', row[3] or '', 'body', row[4] or '')
    redis.call('DEL', key)
    out[#out + 1] = mid
end

local mids = redis.call('ZRANGE', later, '-inf', ms(now), 'BYSCORE', 'LIMIT', 0, count)
for _, mid in ipairs(mids) do
    local row = redis.call('HMGET', P .. ':message:' .. mid, 'state', 'channel', 'class')
    redis.call('ZREM', later, mid)
    if row[1] == 'later' and not (row[2] and row[3]) then
        bury(mid)
    elseif row[1] == 'later' then
        requeue(mid, row[2], row[3])
    end
end
redis.call('XTRIM', P .. ':dead', 'MINID', '~', ms(math.max(0, now - keep)))
local wait = 0
if #mids < count then
    local first = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')[2]
    wait = math.max(1, math.min(first and tonumber(first) - now or poll, poll))
end
out[1], out[2] = #mids, math.floor(wait)
return out
