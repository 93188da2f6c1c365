-- Every queue of a gateway that anything was ever put into, as {queue, channel, gateway}, of those
-- channels (a set) alone where they are given.
local function gateway_queues(channels)
    local found = {}
    for _, queue in ipairs(redis.call('SMEMBERS', P .. ':queues')) do
        local channel, gateway = string.match(queue, '^([^@]*)@(.*)$')
        if channel and (not channels or channels[channel]) then
            found[#found + 1] = {queue, channel, gateway}
        end
    end
    return found
end
-- The same and the channels themselves: what ARGV names from `first` to `last`.
local function all_queues(first, last)
    local channels, found = {}, {}
    for i = first, last do
        channels[ARGV[i]] = true
        found[#found + 1] = {ARGV[i], ARGV[i]}
    end
    for _, q in ipairs(gateway_queues(channels)) do
        found[#found + 1] = q
    end
    return found
end
-- What is to be looked at first, for wrong_key().
local function need_queues(queues, needed)
    for _, q in ipairs(queues) do
        for _, class in ipairs(CLASSES) do
            needed[#needed + 1] = outbox(q[1], class)
            needed[#needed + 1] = 'stream'
        end
    end
    return needed
end
-- Likewise what stands for messages that were begun at once: of the channels that ARGV names from `first` to `last`.
local function need_begun(first, last, needed)
    for i = first, last do
        for _, class in ipairs(CLASSES) do
            needed[#needed + 1] = begun(ARGV[i], class)
            needed[#needed + 1] = 'hash'
        end
    end
    return needed
end
