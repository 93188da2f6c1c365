-- What take.lua does where domains bound its gateway, or messages are held for one: it takes a message or
-- holds it back, and fetches those that are held.
local HELD_LOOK = 8 -- domains, in one run
local HELD_MS, HELD_APART = 600000, 10
local HELD_COSTS = 4 -- as many entries that are only passed

-- What waits for its domain: for its rate, or for a connection of this daemon.
local function note_held(d)
    local wait = d:wait()
    if wait == 0 then
        crowded = 1
    elseif held_ms == 0 or wait < held_ms then
        held_ms = wait
    end
end

-- It comes back by P:later where nobody fetches it, and at its give_up; many that are held at once do
-- not come back at once.
local function hold(mid, queue, class, domain, give_up)
    local key = held(queue, class, domain)
    if is_wrong(key, 'zset') then
        redis.call('DEL', key) -- what was in it comes back by P:later
    end
    local time = redis.call('TIME')
    redis.call('HSETNX', message_key(mid), 'held', ms(time[1] * 1000000 + time[2] + passed)) -- in their order
    put_fields(mid, 'state', 'later', 'channel', channel, 'class', class)
    drop_fields(mid, 'owner', 'entry', 'queue')
    redis.call('ZADD', key, ms(tonumber(redis.call('HGET', message_key(mid), 'held')) or 0), mid)
    redis.call('ZADD', holding(queue, class), 'NX', 0, domain)
    local back = now + HELD_MS + HELD_APART * redis.call('ZCARD', key)
    redis.call('ZADD', P .. ':later', ms(math.min(back, math.max(give_up, now))), mid)
end

take_or_hold = function(queue, entry, mid, class, m)
    local domain = bounds and bounds:domain(m[14])
    if not domain or domain.free > domain.used then
        if domain then
            domain.used = domain.used + 1
        end
        return take(queue, entry, mid, class, m)
    end
    passed = passed + HELD_COSTS
    remove(outbox(queue, class), entry)
    hold(mid, m[6] and own or channel, class, m[14], count_of(m[8]))
    note_held(domain)
end

-- The oldest that are held for domains with room, at most `count`, into the own queue, from which they
-- are taken at once. Of many domains those are looked at that were longest not.
local function fetch_of(queue, class, domain, count)
    local key, fetched = held(queue, class, domain), 0
    for _, mid in ipairs(is_wrong(key, 'zset') and {} or redis.call('ZRANGE', key, 0, count - 1)) do
        local m = fields(mid, 'state')
        redis.call('ZREM', key, mid)
        if m and m[1] == 'later' then
            redis.call('ZREM', P .. ':later', mid)
            put_fields(mid, 'state', 'queued', 'queue', own)
            redis.call('XADD', outbox(own, class), '*', 'mid', mid)
            fetched = fetched + 1
        end
    end
    return fetched
end
local function fetch_held(queue, class, count)
    local index, fetched = holding(queue, class), 0
    local domains = redis.call('ZCARD', index) > 0 and redis.call('ZRANGE', index, 0, HELD_LOOK - 1) or {}
    for _, domain in ipairs(domains) do
        local bound = bounds and bounds:domain(domain)
        local room_left = math.min(count - fetched, bound and bound.free - bound.used or count)
        if room_left > 0 then
            fetched = fetched + fetch_of(queue, class, domain, room_left)
        elseif fetched < count then
            note_held(bound)
        end
        redis.call('ZADD', index, 'XX', ms(now), domain)
        forget_domain(queue, class, domain)
    end
    if fetched > 0 then
        redis.pcall('SADD', P .. ':queues', own)
    end
    return fetched
end

-- Those that are held are read as far as they were fetched: none is left in the own queue.
drain_held = function(class)
    local fetched
    repeat
        fetched = fetch_held(own, class, room - #taken)
        if not own_only then
            fetched = fetched + fetch_held(channel, class, room - #taken - fetched)
        end
        for _, entry in ipairs(fetched > 0 and read(outbox(own, class), fetched) or {}) do
            offer(own, class, entry[1], entry[2][2])
        end
    until fetched == 0 or not wants()
end
