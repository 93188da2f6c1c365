-- The message's daemon died over it: an attempt may have been made, so it is uncertain. Under
-- `hold` it is parked, else it goes back into the outbox, bound to the gateway that had it.
-- The caller has seen that it was taken; the entry in the stream is deleted here. Returns what
-- was done: 'resend' or 'hold'.
local function take_over(stream, entry, mid, now, keep)
    local key = P .. ':message:' .. mid
    local row = redis.call('HMGET', key, 'channel', 'class', 'on_uncertain', 'customer')
    local verdict = row[3] == 'hold' and 'hold' or 'resend'
    redis.call('XACK', stream, 'nudged', entry)
    redis.call('XDEL', stream, entry)
    redis.call('HINCRBY', key, 'attempts', 1)
    redis.call('HSET', key, 'bound', 1)
    if verdict == 'hold' then
        redis.call('HSET', key, 'state', 'uncertain')
        redis.call('HDEL', key, 'owner', 'entry')
        redis.call('ZADD', P .. ':uncertain', ms(now), mid)
    else
        requeue(mid, row[1], row[2])
    end
    local line = '{"at":%s,"did":[{"what":"uncertain","why":"its daemon ended: %s","mid":%s}]}'
    push_trace(row[4], string.format(line, ms(now), verdict, cjson.encode(mid)), keep)
    return verdict
end
