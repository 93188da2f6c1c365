#!lua flags=no-writes
-- What waits, and for how long, on one prefix: for `nudgectl status`, which is to say as much as it
-- can. Of a key that is of another type nothing is told; daemons say of it that it is wrong.
-- ARGV: P, key of the list that shops push to or ''
-- Returns now, then of events: waiting, since when, in the list; of timers: all, due, since when,
-- being decided; of messages: for another try, uncertain, since when, of these withdrawn, customers for
-- room, those of receipts and of marketing, dead letters, the newest; and {channel, class, how many, since
-- when}… All times in ms; 0 where there is none.
-- Writes nothing.
local P = ARGV[1]
--with shared_outbox
--with shared_begun
--with shared_queues
local function ask(...)
    local answer = redis.pcall(...)
    if type(answer) == 'table' and answer.err then
        return nil
    end
    return answer
end
local function count(command, key)
    return ask(command, key) or 0
end
local function entry_ms(entries)
    local id = entries and entries[1] and entries[1][1]
    return id and tonumber(string.match(id, '^%d+')) or 0
end
local function oldest(stream)
    return entry_ms(ask('XRANGE', stream, '-', '+', 'COUNT', 1))
end
local function first(set, most)
    local found = ask('ZRANGE', set, '-inf', most, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    return found and found[2] and math.floor(tonumber(found[2])) or 0
end
local function oldest_begun(key)
    local first, all = 0, ask('HGETALL', key) or {}
    for i = 2, #all, 2 do
        local _, since = begun_by(all[i])
        first = since and (first == 0 or since < first) and since or first
    end
    return first
end
-- What is held and was withdrawn waits in P:later too, for its end: for no other try.
local function count_withdrawn(later, uncertain)
    local marked, some = 0, count('ZCARD', later) > 0
    for _, mid in ipairs(some and ask('ZRANGE', uncertain, 0, -1) or {}) do
        marked = marked + (ask('ZSCORE', later, mid) and 1 or 0)
    end
    return marked
end
local function add(rows, channel, class, length, since)
    for _, row in ipairs(rows) do
        if row[1] == channel and row[2] == class then
            row[3] = row[3] + length
            row[4] = since > 0 and (row[4] == 0 or since < row[4]) and since or row[4]
            return
        end
    end
    rows[#rows + 1] = {channel, class, length, since}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local events, dead, due = P .. ':events', P .. ':dead', P .. ':due'
local later, uncertain = P .. ':later', P .. ':uncertain'
local rows, full, withdrawn = {}, {}, count_withdrawn(later, uncertain)
for _, class in ipairs(CLASSES) do
    full[class] = count('ZCARD', P .. ':full:' .. class)
end
for _, channel in ipairs(ask('SMEMBERS', P .. ':channels') or {}) do
    for _, class in ipairs(CLASSES) do
        local stream, at_once = outbox(channel, class), begun(channel, class)
        add(rows, channel, class, count('XLEN', stream), oldest(stream))
        add(rows, channel, class, count('HLEN', at_once), oldest_begun(at_once))
    end
end
if ask('SCARD', P .. ':queues') then
    for _, q in ipairs(gateway_queues()) do
        for _, class in ipairs(CLASSES) do
            local stream = outbox(q[1], class)
            add(rows, q[2], class, count('XLEN', stream), oldest(stream))
        end
    end
end
return {
    now,
    count('XLEN', events),
    oldest(events),
    ARGV[2] == '' and 0 or count('LLEN', ARGV[2]),
    count('ZCARD', due),
    ask('ZCOUNT', due, '-inf', now) or 0,
    first(due, now),
    count('ZCARD', P .. ':taken'),
    count('ZCARD', later) - withdrawn,
    count('ZCARD', uncertain),
    first(uncertain, '+inf'),
    withdrawn,
    full.transactional,
    full.marketing,
    count('XLEN', dead),
    entry_ms(ask('XREVRANGE', dead, '+', '-', 'COUNT', 1)),
    rows,
}
