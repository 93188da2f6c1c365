-- What leads from a mail that was sent to whom it went to, for a bounce or a complaint that comes
-- later. A day has a counter, P:mailed:<day>, and hashes, P:returns:<day>:<level>:<prefix>: while a
-- message is on the way its own hash tells all this (`returns`); then it is one field of one of
-- these. Small hashes are packed (listpack), so a level, which begins when the one before has had 128
-- messages for each of its hashes, has twice as many as that: by so many first bits of the mid.
-- A field is the first 6 bytes of the mid; its value a byte (8 times the hops, and what has been told
-- of it), 16 bytes of the address' hash, the customer, and where there is room a NUL and the rule,
-- and where it is not `email` a NUL and the channel. `!` before the rule, or in its place, is of a mail
-- that went to an address of its own, not to the customer.
local RETURN_DAYS, DAY, LEVEL, LEVELS_MOST, VALUE_MOST = 14, 86400000, 128, 24, 56
local TOLD = {bounced = 1, failed = 1, complained = 2, delayed = 4}

local function bytes_of(hex)
    return (string.gsub(hex, '..', function(two) return string.char(tonumber(two, 16)) end))
end

local function is_hex(text, length)
    return type(text) == 'string' and #text == length and not string.find(text, '[^0-9a-f]')
end

local function is_elsewhere(rule)
    return string.sub(rule, 1, 1) == '!'
end

local function returns_key(day, level, mid)
    local prefix = math.floor(tonumber(string.sub(mid, 1, 8), 16) / 2 ^ (32 - level))
    return P .. ':returns:' .. string.format('%d:%d:%d', day, level, prefix)
end

local function level_of(count)
    local level = 0
    while count > LEVEL * 2 ^ level and level < LEVELS_MOST do
        level = level + 1
    end
    return level
end

-- A message's hash has as `returns` "<hops> <rule>", and the channel where it is not `email`. Where a key
-- is of another type it is not remembered, and nothing else is harmed.
local function remember(mid, customer, hash, returns, told, now)
    if not (returns and customer and is_hex(mid, 32) and is_hex(hash, 32)) then
        return
    end
    local day = math.floor(now / DAY)
    local hops, rule, channel = string.match(returns, '^(%d+) (%S+) ?(%S*)$')
    local value = string.char(8 * math.min(tonumber(hops or 0), 8) + tonumber(told or 0)) .. bytes_of(hash) ..
        customer
    if rule and #value + 2 + #rule + #channel <= VALUE_MOST then
        value = value .. '\0' .. rule .. (channel ~= '' and '\0' .. channel or '')
    elseif rule and is_elsewhere(rule) then
        value = value .. '\0!'
    end
    local counter = P .. ':mailed:' .. day
    local count = redis.pcall('INCR', counter)
    if type(count) ~= 'number' then
        return
    end
    local key = returns_key(day, level_of(count), mid)
    redis.pcall('HSET', key, bytes_of(string.sub(mid, 1, 12)), value)
    local last = ms((day + RETURN_DAYS + 2) * DAY)
    if count == 1 then
        redis.call('PEXPIREAT', counter, last)
    end
    if redis.pcall('HLEN', key) == 1 then
        redis.call('PEXPIREAT', key, last)
    end
end

-- Where it stands, and its value; nil where it is not there.
local function find_returned(mid, now)
    local field = bytes_of(string.sub(mid, 1, 12))
    for day = math.floor(now / DAY), math.floor(now / DAY) - RETURN_DAYS - 1, -1 do
        local count = tonumber(redis.pcall('GET', P .. ':mailed:' .. day) or 0)
        for level = 0, count and count > 0 and level_of(count) or -1 do
            local key = returns_key(day, level, mid)
            local value = redis.pcall('HGET', key, field)
            if type(value) == 'string' then
                return {key = key, field = field, value = value, day = day}
            end
        end
    end
    return nil
end
