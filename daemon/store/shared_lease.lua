-- A consumer "<name>:<epoch>" lives while the lease of its name holds its epoch. A lease that
-- would hold for longer than any is given for is none: Redis' clock was set back since.
local LEASE = 10000 -- ms
local function alive(consumer)
    local name, epoch = string.match(consumer, '^(.*):(%d+)$')
    if not name or redis.pcall('GET', P .. ':instance:' .. name) ~= epoch then
        return false
    end
    local left = redis.call('PTTL', P .. ':instance:' .. name)
    return left >= 0 and left <= LEASE
end
-- The error LEASE where a daemon does not live: its lease ran out, or it was forgotten (FLUSHALL). Who
-- is not registered decides, takes and moves nothing.
local function no_lease(consumer)
    if not alive(consumer) then
        return redis.error_reply('LEASE the lease of this daemon ran out')
    end
end
