-- Up to when all that Redis accepted was decided, for what must not overtake it: deadlines, and
-- marketing. docs/redis.md says how that is known.
local AT_LIVING, SAMPLES, KEEP = 30000, 32, 7 * 86400000

-- The keys that it is known from: {key, kind…}, which the caller looks at first.
local function decided_from(inbox)
    local keys = {P .. ':events', 'stream', P .. ':accepted:' .. inbox, 'hash'}
    if inbox ~= '' then
        keys[5], keys[6] = inbox, 'list'
    end
    return keys
end

--with shared_ids

-- The oldest entry that is pending at a dead daemon, or at one that lives for less than 30 s.
local function oldest_pending(events)
    local from, step, lives, asked, rows = '-', 1, {}, nil, nil -- the first one, nearly always
    repeat
        asked, step = step, 200
        rows = redis.call('XPENDING', events, 'nudged', from, '+', asked)
        for _, row in ipairs(rows) do
            local id, consumer, idle = row[1], row[2], row[3]
            if lives[consumer] == nil then
                lives[consumer] = alive(consumer) or false
            end
            if idle < AT_LIVING or not lives[consumer] then
                return id
            end
            from = '(' .. id
        end
    until #rows < asked
end

-- The oldest entry that holds back: one that was read, or else the first that was not. All are
-- unread where the group is gone.
local function oldest_holding(events)
    local read, pending = '0-0', 0
    if redis.call('EXISTS', events) == 0 then
        return nil
    end
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', events)) do
        if field(group, 'name') == 'nudged' then
            read, pending = field(group, 'last-delivered-id'), field(group, 'pending')
        end
    end
    local unread = function()
        local entry = redis.call('XRANGE', events, '(' .. read, '+', 'COUNT', 1)[1]
        return entry and entry[1]
    end
    return pending > 0 and oldest_pending(events) or unread()
end

local function last_id(events)
    return redis.call('EXISTS', events) == 1 and
        field(redis.call('XINFO', 'STREAM', events), 'last-generated-id') or '0-0'
end

-- Where an entry's id does not tell when Redis accepted the event (it came by the list, or the
-- clock was set back since), samples do: {time, how many elements had ever been in the list,
-- the stream's last id when so many were moved, '-' before}. Once the stream is decided up to
-- there, everything that was accepted until that time is. Returns the newest such time, and the
-- samples that stay. Of a time that has not come they were made before the clock was set back.
local function read_samples(text, now, moved, length, last, holding)
    local samples, known = {}, -1
    for time, position, id in string.gmatch(text, '(%d+) (%d+) (%S+)') do
        time, position = tonumber(time), math.min(tonumber(position), moved + length)
        if id == '-' and position <= moved then
            id = last
        end
        if time <= now and id ~= '-' and not (holding and not is_after(holding, id)) then
            known, samples = time, {}
        end
        if time <= now then
            samples[#samples + 1] = {time, position, id}
        end
    end
    return known, samples
end

-- Of too many every second one goes, the first and the last stay: what needs one that went waits
-- for the next one.
local function write_samples(accepted, samples, text)
    local kept = {}
    for i, sample in ipairs(samples) do
        if #samples <= SAMPLES or i % 2 == 1 then
            kept[#kept + 1] = ms(sample[1]) .. ' ' .. ms(sample[2]) .. ' ' .. sample[3]
        end
    end
    local new = table.concat(kept, ' ')
    if new ~= text then
        redis.call('HSET', accepted, 'samples', new)
        redis.call('PEXPIRE', accepted, KEEP)
    end
end

-- All that was accepted until this time was decided; `now` where nothing is left. Where samples are
-- needed and `wants(time of the newest one, or nil)`, another begins.
local function decided_until(inbox, now, wants)
    local events, accepted = P .. ':events', P .. ':accepted:' .. inbox
    local holding = oldest_holding(events)
    local row = redis.call('HMGET', accepted, 'moved', 'samples')
    local length = inbox == '' and 0 or redis.call('LLEN', inbox)
    if not holding and length == 0 then
        if row[2] then
            redis.call('HDEL', accepted, 'samples')
        end
        return now
    end
    local at = holding and parts(holding) or math.huge
    if not (row[1] or row[2] or length > 0 or at > now) then
        return at - 1
    end
    local moved, last = tonumber(row[1] or 0), last_id(events)
    local known, samples = read_samples(row[2] or '', now, moved, length, last, holding)
    local newest = samples[#samples]
    if wants(newest and newest[1]) then
        samples[#samples + 1] = {now, moved + length, length == 0 and last or '-'}
    end
    write_samples(accepted, samples, row[2] or '')
    return math.min(at - 1, known)
end
