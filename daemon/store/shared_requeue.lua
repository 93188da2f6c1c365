-- Puts a message into the outbox, by its class: into the queue of its channel or, where it is bound,
-- of its gateway, which its hash tells from then on. One whose stream is spoilt goes by the channel's.
local function requeue(mid, channel, class)
    local key, queue = P .. ':message:' .. mid, channel
    local row = redis.call('HMGET', key, 'bound', 'gateway')
    redis.call('HSET', key, 'state', 'queued', 'channel', channel, 'class', class)
    redis.call('HDEL', key, 'owner', 'entry', 'take', 'queue')
    if row[1] and row[2] and not is_wrong(outbox(queue_at(channel, row[2]), class), 'stream') then
        queue = queue_at(channel, row[2])
        redis.call('HSET', key, 'queue', queue)
        redis.pcall('SADD', P .. ':queues', queue)
    end
    redis.call('XADD', outbox(queue, class), '*', 'mid', mid)
end
