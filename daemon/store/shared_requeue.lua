-- Puts a message into the outbox of its channel and class.
local function requeue(mid, channel, class)
    local key = P .. ':message:' .. mid
    redis.call('HSET', key, 'state', 'queued')
    redis.call('HDEL', key, 'owner', 'entry', 'take')
    redis.call('XADD', P .. ':outbox:' .. channel .. ':' .. class, '*', 'mid', mid)
end
