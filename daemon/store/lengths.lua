#!lua flags=no-writes
-- How many messages stand in the queues of channels, those that are being sent included.
-- ARGV: P, channels…
-- Returns the number. Writes nothing.
local P = ARGV[1]
--with shared_type
--with shared_outbox
--with shared_begun
--with shared_queues
local wrong = wrong_key({P .. ':queues', 'set'})
if wrong then
    return wrong
end
local queues, length = all_queues(2, #ARGV), 0
wrong = wrong_key(need_queues(queues, need_begun(2, #ARGV, {})))
if wrong then
    return wrong
end
for _, q in ipairs(queues) do
    for _, class in ipairs(CLASSES) do
        length = length + redis.call('XLEN', outbox(q[1], class))
    end
end
for i = 2, #ARGV do
    for _, class in ipairs(CLASSES) do
        length = length + redis.call('HLEN', begun(ARGV[i], class))
    end
end
return length
