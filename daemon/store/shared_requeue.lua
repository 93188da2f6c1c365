-- Puts a message into the outbox of its channel and class, which its hash tells from then on.
local function requeue(mid, channel, class)
    local key = P .. ':message:' .. mid
    redis.call('HSET', key, 'state', 'queued', 'channel', channel, 'class', class)
    redis.call('HDEL', key, 'owner', 'entry', 'take')
    redis.call('XADD', outbox(channel, class), '*', 'mid', mid)
end
