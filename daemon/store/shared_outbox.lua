-- The outbox: a stream for each channel and class, in the order in which they are taken from. An
-- entry that is done with is acknowledged and deleted together.
local CLASSES = {'transactional', 'marketing'}
local function outbox(channel, class)
    return P .. ':outbox:' .. channel .. ':' .. class
end
local function remove(stream, entry)
    local acknowledged = redis.call('XACK', stream, 'nudged', entry)
    redis.call('XDEL', stream, entry)
    return acknowledged
end
