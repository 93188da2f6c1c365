#!lua flags=allow-oom
-- Takes customers whose deadline is due. A deadline T is due once `settle` has passed, and
-- everything that Redis accepted until T was decided; docs/redis.md says how that is known.
-- ARGV: P, consumer, the list's key ('' where there is none), count, settle ms, lease ms, poll ms
-- Returns {ask again after ms, customer, deadline, customer, deadline …}.
-- Safe to run twice: what the first run took stays under its lease, then is due again.
local P, consumer, inbox, count = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local settle, lease, poll = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local due, taken, events = P .. ':due', P .. ':taken', P .. ':events'
local accepted = P .. ':accepted:' .. inbox
local AT_LIVING, BLOCKED, SAMPLES, KEEP = 30000, 50, 32, 7 * 86400000
--with shared_clock
--with shared_lease
--with shared_type
local now = clock()
local wrong = no_lease(consumer) or wrong_key({due, 'zset', taken, 'zset', events, 'stream', accepted, 'hash'}) or
    inbox ~= '' and wrong_key({inbox, 'list'})
if wrong then
    return wrong
end

-- Leases that ran out, and those that end later than any given now: the clock was set back since.
-- The deadline itself stands in the document; to be due at once it is enough that it is in the
-- past.
local function give_back(from, to)
    local back = redis.call('ZRANGE', taken, from, to, 'BYSCORE', 'LIMIT', 0, 1000, 'WITHSCORES')
    for i = 1, #back, 2 do
        local since = tonumber(back[i + 1]) - lease - settle
        redis.call('ZADD', due, 'NX', ms(math.min(since, now - settle)), back[i])
        redis.call('ZREM', taken, back[i])
    end
end

-- The ids of entries.
local function parts(id)
    local time, number = string.match(id, '^(%d+)%-(%d+)$')
    return tonumber(time), tonumber(number)
end
local function is_after(id, other)
    local time, number = parts(id)
    local other_time, other_number = parts(other)
    return time > other_time or (time == other_time and number > other_number)
end

-- A field of what XINFO answers.
local function field(row, name)
    for i = 1, #row, 2 do
        if row[i] == name then
            return row[i + 1]
        end
    end
end

-- The oldest entry that is pending at a dead daemon, or at one that lives for less than 30 s.
local function oldest_pending()
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

-- The oldest entry that holds deadlines back: one that was read, or else the first that was not.
-- All are unread where the group is gone.
local function oldest_holding()
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
    return pending > 0 and oldest_pending() or unread()
end

local function last_id()
    return redis.call('EXISTS', events) == 1 and
        field(redis.call('XINFO', 'STREAM', events), 'last-generated-id') or '0-0'
end

-- Where an entry's id does not tell when Redis accepted the event (it came by the list, or the
-- clock was set back since), samples do: {time, how many elements had ever been in the list,
-- the stream's last id when so many were moved, '-' before}. Once the stream is decided up to
-- there, everything that was accepted until that time is. Returns the newest such time. Where there
-- is none, a first sample begins, for all that is due now; others follow as deadlines need them.
-- Of too many every second one goes: its deadlines wait for the next one.
local function decided_until(text, moved, length, holding)
    local samples, last, known = {}, last_id(), -1
    for time, position, id in string.gmatch(text, '(%d+) (%d+) (%S+)') do
        time, position = tonumber(time), math.min(tonumber(position), moved + length)
        if id == '-' and position <= moved then
            id = last
        end
        if time <= now and id ~= '-' and not (holding and not is_after(holding, id)) then
            known, samples = time, {}
        end
        if time <= now then -- else the clock was set back
            samples[#samples + 1] = {time, position, id}
        end
    end
    local newest = samples[#samples]
    local from = newest and '(' .. ms(newest[1]) or '-inf'
    if #redis.call('ZRANGE', due, from, ms(now), 'BYSCORE', 'LIMIT', 0, 1) > 0 then
        samples[#samples + 1] = {now, moved + length, length == 0 and last or '-'}
    end
    local kept = {}
    for i, sample in ipairs(samples) do
        if #samples <= SAMPLES or i % 2 == 1 then -- the first and the last stay
            kept[#kept + 1] = ms(sample[1]) .. ' ' .. ms(sample[2]) .. ' ' .. sample[3]
        end
    end
    local new = table.concat(kept, ' ')
    if new ~= text then
        redis.call('HSET', accepted, 'samples', new)
        redis.call('PEXPIRE', accepted, KEEP)
    end
    return known
end

-- Deadlines up to here are due.
local function horizon()
    local holding = oldest_holding()
    local row = redis.call('HMGET', accepted, 'moved', 'samples')
    local length = inbox == '' and 0 or redis.call('LLEN', inbox)
    local settled = now - settle
    if not holding and length == 0 then
        if row[2] then
            redis.call('HDEL', accepted, 'samples')
        end
        return settled
    end
    local at = holding and parts(holding) or math.huge
    local bound = math.min(settled, at - 1)
    if row[1] or row[2] or length > 0 or at > now then
        bound = math.min(bound, decided_until(row[2] or '', tonumber(row[1] or 0), length, holding))
    end
    return bound
end

give_back('-inf', ms(now))
give_back('(' .. ms(now + lease), '+inf')

local first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
local rows = {}
if first and tonumber(first) <= now then
    rows = redis.call('ZRANGE', due, '-inf', ms(horizon()), 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
end
local out = {0}
for i = 1, #rows, 2 do
    redis.call('ZREM', due, rows[i])
    redis.call('ZADD', taken, ms(now + lease), rows[i])
    out[#out + 1] = rows[i]
    out[#out + 1] = ms(tonumber(rows[i + 1]))
end

-- When to ask again: at once for more, soon where only undecided events hold one back.
if #rows < 2 * count then
    first = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2]
    local wait = first and tonumber(first) + settle - now or poll
    out[1] = math.max(math.min(wait, poll), BLOCKED)
end
return out
