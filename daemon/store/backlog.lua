#!lua flags=no-writes
-- How much is left to be done: events, deadlines, messages. Dead letters and uncertain messages
-- wait for people, and do not count.
-- ARGV: P
-- Returns the number. Writes nothing.
local P = ARGV[1]
--with shared_outbox
--with shared_begun
--with shared_queues
local left = redis.call('XLEN', P .. ':events')
for _, key in ipairs({P .. ':due', P .. ':taken', P .. ':later'}) do
    left = left + redis.call('ZCARD', key)
end
local queues = redis.call('SMEMBERS', P .. ':channels')
for _, channel in ipairs(queues) do
    for _, class in ipairs(CLASSES) do
        left = left + redis.call('HLEN', begun(channel, class))
    end
end
for _, q in ipairs(gateway_queues()) do
    queues[#queues + 1] = q[1]
end
for _, queue in ipairs(queues) do
    for _, class in ipairs(CLASSES) do
        left = left + redis.call('XLEN', outbox(queue, class))
    end
end
return left
