-- Puts a message into the outbox, by its class: into the queue of its channel or, where it is bound,
-- of its gateway, which its hash tells from then on. One whose stream is spoilt goes by the channel's.
local function requeue(mid, channel, class)
    local row, queue = fields(mid, 'bound', 'gateway'), channel
    put_fields(mid, 'state', 'queued', 'channel', channel, 'class', class)
    drop_fields(mid, 'owner', 'entry', 'take', 'queue')
    if row[1] and row[2] and not is_wrong(outbox(queue_at(channel, row[2]), class), 'stream') then
        queue = queue_at(channel, row[2])
        put_fields(mid, 'queue', queue)
        redis.pcall('SADD', P .. ':queues', queue)
    end
    redis.call('XADD', outbox(queue, class), '*', 'mid', mid)
end
