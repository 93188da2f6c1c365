-- A consumer "<name>:<epoch>" lives while the lease of its name holds its epoch.
local function alive(consumer)
    local name, epoch = string.match(consumer, '^(.*):(%d+)$')
    return name and redis.call('GET', P .. ':instance:' .. name) == epoch
end
