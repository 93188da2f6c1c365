#!lua flags=allow-oom
-- Makes the consumer groups that are missing, each from the stream's beginning: what was
-- acknowledged is deleted, so all that is there is still to be done. P:channels minds all channels
-- that any daemon ever had.
-- ARGV: P, channels…
-- Returns {made, errors that name keys of a wrong type: the other groups are made}. Safe to run
-- twice.
local P, made, errors = ARGV[1], 0, {}
--with shared_outbox
--with shared_type
local channels = P .. ':channels'
local function is_good(key, kind)
    local wrong = wrong_key({key, kind})
    if wrong then
        errors[#errors + 1] = wrong.err
    end
    return not wrong
end
local minded = is_good(channels, 'set')
local streams = {P .. ':events'}
for i = 2, #ARGV do
    if minded then
        redis.call('SADD', channels, ARGV[i])
    end
    for _, class in ipairs(CLASSES) do
        streams[#streams + 1] = outbox(ARGV[i], class)
    end
end
for _, stream in ipairs(streams) do
    local reply = is_good(stream, 'stream') and
        redis.pcall('XGROUP', 'CREATE', stream, 'nudged', '0', 'MKSTREAM')
    if reply and not reply.err then
        made = made + 1
    elseif reply and not string.find(reply.err, 'BUSYGROUP', 1, true) then
        error(reply)
    end
end
return {made, errors}
