-- The outbox: a stream for each queue and class, in the order in which they are taken from. A queue is
-- a channel's, or that of what only one of its gateways may send: `<channel>@<gateway>`. An entry that
-- is done with is acknowledged and deleted together.
local CLASSES = {'transactional', 'marketing'}
local function outbox(queue, class)
    return P .. ':outbox:' .. queue .. ':' .. class
end
local function queue_at(channel, gateway)
    return channel .. '@' .. gateway
end
local function remove(stream, entry)
    local acknowledged = redis.call('XACK', stream, 'nudged', entry)
    redis.call('XDEL', stream, entry)
    return acknowledged
end
