#!lua flags=allow-oom
-- Makes the consumer groups that are missing, each from the stream's beginning: what was
-- acknowledged is deleted, so all that is there is still to be done. P:channels minds all channels
-- that any daemon ever had.
-- ARGV: P, channels…
-- Returns how many were made. Safe to run twice.
local P, made = ARGV[1], 0
--with shared_outbox
local streams = {P .. ':events'}
for i = 2, #ARGV do
    redis.call('SADD', P .. ':channels', ARGV[i])
    for _, class in ipairs(CLASSES) do
        streams[#streams + 1] = outbox(ARGV[i], class)
    end
end
for _, stream in ipairs(streams) do
    local reply = redis.pcall('XGROUP', 'CREATE', stream, 'nudged', '0', 'MKSTREAM')
    if not reply.err then
        made = made + 1
    elseif not string.find(reply.err, 'BUSYGROUP', 1, true) then
        error(reply)
    end
end
return made
