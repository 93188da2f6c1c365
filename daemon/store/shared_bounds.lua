-- What bounds a gateway, as ARGV says from `first` on: its name, tokens per period (0: no limit), period
-- ms. bounds_read() tells it, bounds_open() what that leaves now.
local PAUSED_AGAIN = 1000 -- ms
local function bounds_read(first)
    return {gateway = ARGV[first], most = tonumber(ARGV[first + 1]), per = tonumber(ARGV[first + 2])}
end
-- The keys that it is known from: {key, kind…}, which the caller looks at first.
local function bounds_keys(bounds)
    return {P .. ':paused', 'hash', P .. ':rate:' .. bounds.gateway, 'hash'}
end
local function is_paused(bounds)
    return redis.call('HEXISTS', P .. ':paused', bounds.gateway) == 1
end
local function bounds_open(bounds, now)
    bounds.rate = rate_open(P .. ':rate:' .. bounds.gateway, bounds.most, bounds.per, now)
    bounds.free = bounds.rate.free
end
-- Ms until another may go, had `more` gone now; 0: at once.
local function bounds_wait(bounds, more)
    return rate_wait(bounds.rate, more)
end
local function bounds_use(bounds, count)
    rate_use(bounds.rate, count)
end
