-- The index of known customers, for clocks: P:zone:<zone> has the customers whose local time is that
-- of the zone, by their places within every spread. It is there only while some rule has a clock.
-- P:swept has of each rule and zone "<tick> <ms> <place> <tick before>": everybody below that place
-- was asked at the tick, all others at the one before.
local CLOCKS, INDEX, ZONES, SWEPT, TICKS = P .. ':clocks', P .. ':index', P .. ':zones', P .. ':swept', P .. ':ticks'
local ASKED_KEEP = 30 * 86400000

local function zone_key(zone)
    return P .. ':zone:' .. zone
end
local function asked_key(customer)
    return P .. ':asked:' .. customer
end
local function is_indexed()
    return redis.call('TYPE', INDEX).ok == 'hash'
end

-- Names of the same kind, dates or hours, are in order; of another kind nothing is known.
local function is_newer(name, other)
    return not other or #name ~= #other or name > other
end

-- "<rule>=<tick>" in lines: at which tick a customer was asked who has changed their zone since.
local function read_asked(text)
    local asked = {}
    for rule, name in string.gmatch(text or '', '([^=\n]+)=([^\n]+)') do
        asked[rule] = name
    end
    return asked
end
local function write_asked(customer, asked)
    local lines = {}
    for rule, name in pairs(asked) do
        lines[#lines + 1] = rule .. '=' .. name
    end
    if #lines > 0 then
        redis.call('SET', asked_key(customer), table.concat(lines, '\n'), 'PX', ASKED_KEEP)
    end
end

local function read_swept(rule, zone)
    local name, at, place, before = string.match(redis.call('HGET', SWEPT, rule .. ' ' .. zone) or '',
        '^(%S+) (%d+) (%d+) (%S+)$')
    return name and {name = name, at = at, place = tonumber(place), before = before ~= '-' and before or nil}
end

-- A tick that waits to be decided for a customer.
local function tick_of(at, zone, place, customer, rule)
    return table.concat({at, zone, place, customer, rule}, ' ')
end

-- The newest tick of each rule at which a customer was asked, or will be who is in work.
local function asked_in(customer, zone, place)
    local text = redis.pcall('GET', asked_key(customer))
    local asked = read_asked(type(text) == 'string' and text)
    for _, rule in ipairs(redis.call('HKEYS', CLOCKS)) do
        local swept = read_swept(rule, zone)
        local name = swept and (tonumber(place) < swept.place and swept.name or swept.before)
        if name and is_newer(name, asked[rule]) then
            asked[rule] = name
        end
    end
    return asked
end

local function enter_zone(customer, zone, place, since)
    if redis.call('ZADD', zone_key(zone), place, customer) == 1 then
        redis.call('ZADD', ZONES, 'NX', since, zone)
    end
end
local function leave_zone(customer, zone)
    redis.call('ZREM', zone_key(zone), customer)
end

-- They come into a zone, and were asked already as `asked` says. Where the zone's tick has gone past
-- their place, and they were not asked at it, they are now.
local function move_in(customer, zone, place, asked)
    enter_zone(customer, zone, place, 0)
    for _, rule in ipairs(redis.call('HKEYS', CLOCKS)) do
        local swept = read_swept(rule, zone)
        if swept and tonumber(place) < swept.place and is_newer(swept.name, asked[rule]) then
            redis.call('ZADD', TICKS, 0, tick_of(swept.at, zone, place, customer, rule))
            asked[rule] = swept.name
        end
    end
    write_asked(customer, asked)
end
