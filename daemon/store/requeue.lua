#!lua flags=allow-oom
-- Housekeeping of the outbox: moves retries that are due back into it, and drops dead letters
-- that were kept long enough.
-- ARGV: P, count, poll ms, ms that dead letters are kept, channels of this daemon…
-- Returns {moved, ask again after ms, mid and reason of a dead letter…}. Safe to run twice. A message
-- whose hash lost channel or class (by hand) can go nowhere: it is a dead letter. So is, from its
-- give_up on, what waits in a channel that this daemon has not: nobody may have it any more.
local P, count, poll, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local later = P .. ':later'
--with shared_clock
--with shared_outbox
--with shared_requeue
local now = clock()
local out = {0, 0}

local function told(body, mid, customer)
    local good, message = pcall(cjson.decode, body or '')
    message = good and type(message) == 'table' and message or {}
    return cjson.encode({type = 'message.failed', source = 'nudged', id = mid .. '.failed',
        hops = (tonumber(message.hops) or 0) + 1, customer = {key = customer},
        message = {id = mid, rule = message.rule, template = message.template,
            channel = message.channel}})
end

local function bury(mid, reason, detail)
    local key = P .. ':message:' .. mid
    local row = redis.call('HMGET', key, 'customer', 'channel', 'class', 'body')
    redis.call('XADD', P .. ':dead', '*', 'kind', 'message', 'reason', reason, 'detail', detail,
        'customer', row[1] or '', 'mid', mid, 'channel', row[2] or '', 'class', row[3] or '',
        'body', row[4] or '')
    redis.call('DEL', key)
    if row[1] then -- gives a cap its place back
        redis.call('XADD', P .. ':events', '*', 'event', told(row[4], mid, row[1]))
    end
    out[#out + 1] = mid
    out[#out + 1] = reason
end

local mids = redis.call('ZRANGE', later, '-inf', ms(now), 'BYSCORE', 'LIMIT', 0, count)
for _, mid in ipairs(mids) do
    local row = redis.call('HMGET', P .. ':message:' .. mid, 'state', 'channel', 'class')
    redis.call('ZREM', later, mid)
    if row[1] == 'later' and not (row[2] and row[3]) then
        bury(mid, 'not-whole', 'what Redis had of it lacked its channel or class')
    elseif row[1] == 'later' then
        requeue(mid, row[2], row[3])
    end
end

local ours = {}
for i = 5, #ARGV do
    ours[ARGV[i]] = true
end
for _, channel in ipairs(redis.call('SMEMBERS', P .. ':channels')) do
    for _, class in ipairs(ours[channel] and {} or CLASSES) do
        local stream = outbox(channel, class)
        for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', count)) do
            local mid = entry[2][2]
            local row = redis.call('HMGET', P .. ':message:' .. mid, 'state', 'give_up')
            if not row[1] then -- withdrawn
                redis.call('XDEL', stream, entry[1])
            elseif row[1] == 'queued' and (tonumber(row[2]) or 0) <= now then
                redis.call('XDEL', stream, entry[1])
                bury(mid, 'no-channel', 'no daemon had its channel until its time was over')
            end
        end
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
