-- A message that can begin at once does not go through the outbox: it is this daemon's in the step that
-- decides it, as take.lua would make it, for a gateway that has nothing but its connections to bound it.
-- So it goes only where that gateway would take nothing before it: its own queue and its channel's have
-- nothing that nobody has read, nothing is held or lacks a template, and it is not paused. Marketing
-- besides not while events are behind. That its address is not suppressed and has not declined it was
-- asked just now.
local ways, begun_now = {}, {} -- answers of this run; key -> mid, value, …

local function has_unread(channel, class)
    local stream = outbox(channel, class)
    if kind_of(stream) ~= 'stream' or redis.call('XLEN', stream) == 0 then
        return false
    end
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        if field(group, 'name') == 'nudged' then
            return #redis.call('XRANGE', stream, '(' .. field(group, 'last-delivered-id'), '+', 'COUNT', 1) > 0
        end
    end
    return true
end

local function is_way_free(channel, class, gateway)
    local own, aside = queue_at(channel, gateway), {}
    for _, each in ipairs(CLASSES) do
        aside[#aside + 1] = outbox(own, each)
        aside[#aside + 1] = P .. ':lacking:' .. channel .. ':' .. each
        aside[#aside + 1] = P .. ':holding:' .. own .. ':' .. each
        aside[#aside + 1] = P .. ':holding:' .. channel .. ':' .. each
    end
    local paused, into = kind_of(P .. ':paused'), kind_of(begun(channel, class))
    return (paused == 'none' or paused == 'hash' and redis.call('HEXISTS', P .. ':paused', gateway) == 0) and
        (into == 'none' or into == 'hash') and redis.call('EXISTS', unpack(aside)) == 0 and
        not has_unread(channel, CLASSES[1]) and
        (class == CLASSES[1] or not has_unread(channel, class) and not events_are_behind(inbox, now))
end

local function may_begin(channel, class, gateway)
    local way = table.concat({channel, class, gateway}, '\n')
    if ways[way] == nil then
        ways[way] = is_way_free(channel, class, gateway)
    end
    return ways[way]
end

-- What its hash has besides, and what is noted of it at the end.
local function begin(c, mid, channel, class, gateway)
    local key = begun(channel, class)
    local list = begun_now[key] or {}
    list[#list + 1] = mid
    list[#list + 1] = ms(now) .. ' ' .. consumer
    begun_now[key] = list
    return {'state', 'taken', 'owner', consumer, 'entry', BEGUN, 'take', c.number, 'gateway', gateway}
end
local function note_begun()
    for key, list in pairs(begun_now) do
        redis.call('HSET', key, unpack(list))
    end
end
