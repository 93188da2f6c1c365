-- Messages whose domain a gateway has no room for. They wait aside, by queue, class and domain, the
-- oldest first, and cost nobody a token or a place; take.lua fetches them when there is room. P:holding
-- has the domains. They stand in P:later too, in case nobody does.
local function held(queue, class, domain)
    return P .. ':held:' .. queue .. ':' .. class .. ':' .. domain
end
local function holding(queue, class)
    return P .. ':holding:' .. queue .. ':' .. class
end

local function forget_domain(queue, class, domain)
    if redis.call('EXISTS', held(queue, class, domain)) == 0 then
        redis.pcall('ZREM', holding(queue, class), domain)
    end
end
-- One that waits in P:later is held no more, if it was.
local function unhold(mid, channel, class)
    local m = fields(mid, 'held', 'domain', 'bound', 'gateway')
    if m and m[1] and m[2] and channel and class then
        local queue = m[3] and m[4] and queue_at(channel, m[4]) or channel
        redis.pcall('ZREM', held(queue, class, m[2]), mid)
        forget_domain(queue, class, m[2])
    end
end
