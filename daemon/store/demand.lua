#!lua
-- What a take would find for a gateway whose bounds are counted in another shard: so much is asked for
-- there before it is taken here. Writes nothing.
-- ARGV: P, consumer, channel, count, load of the daemon's files, the list's key ('': none), whether it is
-- for its own queue alone (1 or 0), gateway, whether domains bound it (1 or 0)
-- Returns {now, ms after which to ask again for marketing that waits for events or 0, whether the gateway
-- is paused (1 or 0), how many messages there are, at most `count` or (where domains bound it) DEEP, whether
-- some of them are not held (1 or 0), the domain of each in the order of take.lua, '' for none: only where
-- domains bound it…}; the error LEASE where the daemon's lease ran out.
local P, consumer, channel, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local this, inbox, own_only, gateway = consumer .. '#' .. ARGV[5], ARGV[6], ARGV[7] == '1', ARGV[8]
local by_domain = ARGV[9] == '1'
--with shared_type
--with shared_clock
--with shared_lease
--with shared_decided
--with shared_outbox
--with shared_message
--with shared_lacking
--with shared_behind
--with shared_held
local DEEP, HELD_LOOK, ASIDE_MOST, BEHIND_AGAIN = 250, 8, 100, 100
local now, own = clock(), queue_at(channel, gateway)
local refused = no_lease(consumer)
if refused then
    return refused
end
local needed = {P .. ':paused', 'hash'}
for _, class in ipairs(CLASSES) do
    for _, queue in ipairs({own, channel}) do
        needed[#needed + 1], needed[#needed + 2] = outbox(queue, class), 'stream'
        needed[#needed + 1], needed[#needed + 2] = holding(queue, class), 'zset'
    end
    needed[#needed + 1], needed[#needed + 2] = lacking(channel, class), 'set'
end
local wrong = wrong_key(needed)
if wrong then
    return wrong
elseif redis.call('HEXISTS', P .. ':paused', gateway) == 1 then
    return {now, 0, 1, 0, 0}
end
local deep = by_domain and math.max(most, DEEP) or most

local found, domains, fresh = 0, {}, 0
local function note(domain)
    found = found + 1
    domains[found] = by_domain and (domain or '') or nil
end

-- Those that nobody has read.
local function look_at_queue(queue, class)
    local stream, from = outbox(queue, class), '-'
    if found >= deep or redis.call('XLEN', stream) == 0 then
        return
    end
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        if field(group, 'name') == 'nudged' then
            from = '(' .. field(group, 'last-delivered-id')
        end
    end
    for _, entry in ipairs(redis.call('XRANGE', stream, from, '+', 'COUNT', deep - found)) do
        local m = by_domain and fields(entry[2][2], 'domain')
        note(m and m[1])
        fresh = 1
    end
end

local function look_at_held(queue, class)
    local index = holding(queue, class)
    for _, domain in ipairs(redis.call('ZCARD', index) > 0 and redis.call('ZRANGE', index, 0, HELD_LOOK - 1) or {}) do
        local key = held(queue, class, domain)
        for _ = 1, is_wrong(key, 'zset') and 0 or math.min(most, redis.call('ZCARD', key)) do
            note(domain)
        end
    end
end

-- Those that others have put aside, and this daemon may have the template of.
local function look_at_lacking(class)
    for _, mid in ipairs(found < deep and redis.call('SRANDMEMBER', lacking(channel, class), ASIDE_MOST) or {}) do
        local m = fields(mid, 'state', 'lacks', 'domain')
        if found < deep and m and m[1] == 'later' and m[2] and not lacks(m[2], this) then
            note(m[3])
            fresh = 1
        end
    end
end

local function look(class)
    look_at_queue(own, class)
    look_at_held(own, class)
    if not own_only then
        look_at_held(channel, class)
        look_at_queue(channel, class)
        look_at_lacking(class)
    end
end

look(CLASSES[1])
local behind, others, others_fresh = 0, found, fresh
look(CLASSES[2])
if found > others and events_are_behind(inbox, now) then
    behind, found, fresh = BEHIND_AGAIN, others, others_fresh
end
found = math.min(found, deep)
return {now, behind, 0, found, fresh, unpack(domains, 1, by_domain and found or 0)}
