-- A message that can begin at once does not go through the outbox: it is this daemon's in the step that
-- decides it, as take.lua would make it, for a gateway that has nothing but its connections to bound it.
-- So it goes only where that gateway would take nothing before it: its own queue and its channel's have
-- nothing that nobody has read, nothing is held or lacks a template, and it is not paused. Marketing
-- besides not while events are behind. That its address is not suppressed and has not declined it was
-- asked just now.
local kinds_of_messages = {} -- by their number, as a text
local begun_value = now_ms .. ' ' .. consumer

-- Returns where what follows begins.
local function read_kinds(at)
    local count = tonumber(ARGV[at])
    for i = 1, count do
        local channel, class, gateway, is_plain = unpack(ARGV, at + 1, at + KIND)
        kinds_of_messages[string.format('%d', i)] = {channel = channel, class = class, gateway = gateway,
            is_plain = is_plain == '1', stream = outbox(channel, class), begun = {}}
        at = at + KIND
    end
    return at + 1
end

local is_behind
local function behind()
    if is_behind == nil then
--with shared_decided
--with shared_behind
        is_behind = events_are_behind(inbox, now) and true or false
    end
    return is_behind
end

local function has_unread(channel, class)
    local stream = outbox(channel, class)
    if kind_of(stream) ~= 'stream' or redis.call('XLEN', stream) == 0 then
        return false
    end
--with shared_ids
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
        (class == CLASSES[1] or not has_unread(channel, class) and not behind())
end

local function may_begin(kind)
    if kind.is_free == nil then
        kind.is_free = kind.gateway ~= '' and is_way_free(kind.channel, kind.class, kind.gateway)
    end
    return kind.is_free
end

-- What is begun is noted for many at once.
local function note_begun()
    for _, kind in pairs(kinds_of_messages) do
        if #kind.begun > 0 then
            redis.call('HSET', begun(kind.channel, kind.class), unpack(kind.begun))
            kind.begun = {}
        end
    end
end
