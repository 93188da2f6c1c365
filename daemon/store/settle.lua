#!lua flags=allow-oom
-- What became of messages that were taken. A result counts only while the message's hash names
-- this consumer and this entry (it names some only while it is taken): a daemon may have been
-- frozen past its lease, and others have the message now.
-- ARGV: P, consumer, ms that a trace lives, then the results in groups, each {queue, channel, class (all as
-- taken), outcome, '-' where they were begun at once, else '', 1 where more is told of each, else 0, how many}, and
-- behind it for each {mid, lines of the trace, '' for none, entry if not begun at once}, and where more is told
-- {at ms or +ms, charge (of `dead`: 1 where this attempt may have arrived), reason (of `lacking` the load of the
-- daemon's files), detail, event, hash to suppress, its reason}, '' for what is absent
-- A message that was marked meanwhile must not be sent any more: whatever the outcome, it ends here.
-- Returns for each 1 (settled), 0 (no longer ours: nothing was written), 2 (its hash was deleted
-- by hand, so the entry is too: nobody can need it), 3 (it was marked, and has ended) or 4 (what
-- stands under its name is no message: the entry is deleted, and unless it was sent or is one
-- already, there is a dead letter); behind them a list of the dead letters that this made, each as the
-- place of its result, from 1, and its id. Safe to run twice: the second run finds them gone.
local P, consumer, keep = ARGV[1], ARGV[2], ARGV[3]
--with shared_type
--with shared_clock
--with shared_elsewhere
--with shared_trace
--with shared_outbox
--with shared_message
--with shared_leave
--with shared_lacking
local now -- where it is needed
local HEAD, MORE = 7, 7
local groups, at = {}, 4
while at <= #ARGV do
    local queue, channel, class, outcome, entry, more, count = unpack(ARGV, at, at + HEAD - 1)
    local width = (entry == BEGUN and 2 or 3) + (more == '1' and MORE or 0)
    local first = at + HEAD
    at = first + width * tonumber(count)
    groups[#groups + 1] = {queue = queue, channel = channel, class = class, outcome = outcome, entry = entry,
        more = more == '1', is_plain = outcome == 'done' and more == '0', first = first, last = at - 1, width = width}
end

-- What is there seldom, and what always is, for wrong_key().
local seldom = {P .. ':later', 'zset', P .. ':uncertain', 'zset', P .. ':dead', 'stream', P .. ':suppressed', 'hash'}
local always, looked = {P .. ':events', 'stream'}, {}
for _, g in ipairs(groups) do
    local stream = outbox(g.queue, g.class)
    if not looked[stream] then
        looked[stream] = true
        seldom[#seldom + 1], seldom[#seldom + 2] = stream, 'stream'
        seldom[#seldom + 1], seldom[#seldom + 2] = lacking(g.channel, g.class), 'set'
        always[#always + 1], always[#always + 2] = begun(g.channel, g.class), 'hash'
    end
end
local function wrong_seldom()
    local keys = {}
    for i = 1, #seldom, 2 do
        keys[#keys + 1] = seldom[i]
    end
    return redis.call('EXISTS', unpack(keys)) > 0 and wrong_key(seldom)
end
local wrong = wrong_key(always) or wrong_seldom() or words_are_wrong()
if wrong then
    return wrong
end

-- What goes at the end, all at once: keys of messages that are done with, their entries, and of those that
-- were begun at once what stands for them in place of an entry.
local ended, entries, left = {}, {}, {}
local function put_later(lists, key, item)
    local list = lists[key] or {}
    lists[key], list[#list + 1] = list, item
end
local function leave_later(entry, queue, class, mid)
    if entry == BEGUN then
        put_later(left, begun(queue, class), mid)
    else
        put_later(entries, outbox(queue, class), entry)
    end
end
local function end_later(mid)
    ended[#ended + 1] = message_key(mid)
    ended[#ended + 1] = body_key(mid)
end
-- Whose the messages of a group are that this daemon has begun at once and sent, and of which nothing else is to be
-- known: by mid. What stands in their place says it.
local function plainly_sent(g)
    local mids, keys, whose = {}, {}, {}
    if g.entry ~= BEGUN or not g.is_plain then
        return whose
    end
    for first = g.first, g.last, g.width do
        mids[#mids + 1] = ARGV[first]
        keys[#keys + 1] = message_key(ARGV[first])
    end
    if redis.call('EXISTS', unpack(keys)) < #keys then
        return whose -- somebody has deleted one
    end
    for i, value in ipairs(redis.call('HMGET', begun(g.queue, g.class), unpack(mids))) do
        local owner, customer = string.match(value or '', '^%d+ (%S+) (.+)$')
        whose[mids[i]] = owner == consumer and customer or nil
    end
    return whose
end
local function finish_all()
    if #ended > 0 then
        redis.call('DEL', unpack(ended))
    end
    for stream, ids in pairs(entries) do
        redis.call('XACK', stream, 'nudged', unpack(ids))
        redis.call('XDEL', stream, unpack(ids))
    end
    for from, mids in pairs(left) do
        redis.call('HDEL', from, unpack(mids))
    end
end

local function tell_trace(customer, trace)
    if not customer or trace == '' then
        return
    elseif not string.find(trace, '\n', 1, true) then
        push_trace(customer, trace, keep, string.find(trace, '"what":"sent"', 1, true)) -- nearly always
        return
    end
    for line in string.gmatch(trace, '[^\n]+') do
        push_trace(customer, line, keep)
    end
end

-- All but a message that was sent and of which nothing more is told: made when one comes.
local settle_other
local function other()
    if not settle_other then
        now = clock()
--with shared_settle_other
    end
    return settle_other
end

-- Returns the answer, and the id of the dead letter that it became.
local function settle(g, first, whose)
    local mid, entry = ARGV[first], g.entry == BEGUN and BEGUN or ARGV[first + 2]
    if whose[mid] then -- nearly always
        put_later(left, begun(g.queue, g.class), mid)
        ended[#ended + 1] = message_key(mid)
        tell_trace(whose[mid], ARGV[first + 1])
        return 1
    end
    local m = fields(mid, 'owner', 'entry', 'customer', 'mark', 'returns', 'attempts', 'lacks', 'hash', 'told')
    local is_ours = m and m[1] == consumer and m[2] == entry
    if not is_ours or not g.is_plain or m[4] or m[5] then
        return other()(g, first, m, is_ours)
    end
    leave_later(entry, g.queue, g.class, mid)
    end_later(mid)
    tell_trace(m[3], ARGV[first + 1])
    return 1
end

local out, letters, failed = {}, {}, nil
local function settle_all(g)
    local whose = plainly_sent(g)
    for first = g.first, g.last, g.width do
        local ran, answer, letter = pcall(settle, g, first, whose)
        if not ran then -- what was settled before stands
            failed = answer
            return
        end
        out[#out + 1] = answer
        if letter then
            letters[#letters + 1] = #out
            letters[#letters + 1] = letter
        end
    end
end
for i = 1, #groups do
    if not failed then
        settle_all(groups[i])
    end
end
finish_all()
if failed then
    error(failed)
end
out[#out + 1] = letters
return out
