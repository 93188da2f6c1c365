#!lua flags=allow-oom
-- What became of messages that were taken. A result counts only while the message's hash names
-- this consumer and this entry (it names some only while it is taken): a daemon may have been
-- frozen past its lease, and others have the message now.
-- ARGV: P, consumer, ms that a trace lives, then for each result {entry, queue, mid, channel, class (all
-- as taken), outcome, at ms or +ms, charge, reason (of `lacking` the load of the daemon's files),
-- detail, lines of the trace, event, hash to suppress, its reason}, '' for what is absent
-- A message that was marked meanwhile must not be sent any more: whatever the outcome, it ends here.
-- Returns for each 1 (settled), 0 (no longer ours: nothing was written), 2 (its hash was deleted
-- by hand, so the entry is too: nobody can need it), 3 (it was marked, and has ended) or 4 (what
-- stands under its name is no message: the entry is deleted, and unless it was sent or is one
-- already, there is a dead letter); behind them a list of the dead letters that this made, each as the
-- place of its result, from 1, and its id. Safe to run twice: the second run finds them gone.
local P, consumer, keep = ARGV[1], ARGV[2], ARGV[3]
local WIDTH = 14
--with shared_type
--with shared_clock
--with shared_elsewhere
--with shared_trace
--with shared_outbox
--with shared_begun
--with shared_requeue
--with shared_message
--with shared_returns
--with shared_codes
--with shared_ending
--with shared_lacking
local now = clock()

local needed = {P .. ':later', 'zset', P .. ':uncertain', 'zset', P .. ':dead', 'stream',
    P .. ':events', 'stream', P .. ':suppressed', 'hash'}
local looked = {}
for i = 4, #ARGV, WIDTH do
    local stream = outbox(ARGV[i + 1], ARGV[i + 4])
    if not looked[stream] then
        looked[stream] = true
        needed[#needed + 1] = stream
        needed[#needed + 1] = 'stream'
        needed[#needed + 1] = begun(ARGV[i + 3], ARGV[i + 4])
        needed[#needed + 1] = 'hash'
        needed[#needed + 1] = lacking(ARGV[i + 3], ARGV[i + 4])
        needed[#needed + 1] = 'set'
    end
end
local wrong = wrong_key(needed) or words_are_wrong()
if wrong then
    return wrong
end

-- "+N" is so many ms from now.
local function at_ms(r)
    return string.sub(r.at, 1, 1) == '+' and now + tonumber(r.at) or tonumber(r.at)
end
local function later(r, key)
    redis.call('HSET', key, 'state', 'later', 'channel', r.channel, 'class', r.class, 'attempts',
        ms(count_of(r.attempts) + r.charge))
    redis.call('HDEL', key, 'owner', 'entry', 'queue')
    redis.call('ZADD', P .. ':later', ms(at_ms(r)), r.mid)
end

-- What goes at the end, all at once: keys of messages that are done with, and of those that were begun at
-- once what stands for them in place of an entry.
local ended, left = {}, {}
local function leave_later(r)
    if r.entry ~= BEGUN then
        remove(outbox(r.queue, r.class), r.entry)
        return
    end
    local from = begun(r.queue, r.class)
    left[from] = left[from] or {}
    table.insert(left[from], r.mid)
end
local function finish_all()
    if #ended > 0 then
        redis.call('DEL', unpack(ended))
    end
    for from, mids in pairs(left) do
        redis.call('HDEL', from, unpack(mids))
    end
end

local finish = {
    done = function(r, key)
        remember(r.mid, r.customer, r.hash, r.returns, r.told, now)
        ended[#ended + 1] = key
        ended[#ended + 1] = body_key(r.mid)
    end,
    later = later,
    resend = function(r, key)
        redis.call('HSET', key, 'bound', 1)
        later(r, key)
    end,
    hold = function(r, key)
        redis.call('HSET', key, 'state', 'uncertain', 'bound', 1, 'channel', r.channel, 'class',
            r.class, 'attempts', ms(count_of(r.attempts) + r.charge))
        redis.call('HDEL', key, 'owner', 'entry', 'queue')
        redis.call('ZADD', P .. ':uncertain', ms(now), r.mid)
    end,
    dead = function(r)
        r.letter = letter(message_of(r.mid, r.channel, r.class), r.reason, r.detail)
    end,
    lacking = function(r, key)
        redis.call('HSET', key, 'lacks', lacked_by(r.lacks, consumer .. '#' .. r.reason))
        put_aside(r.mid, r.channel, r.class, at_ms(r))
    end,
    release = function(r)
        requeue(r.mid, r.channel, r.class)
    end,
}

local function news(r, with_event)
    if r.customer and r.trace ~= '' and not string.find(r.trace, '\n', 1, true) then
        push_trace(r.customer, r.trace, keep) -- nearly always
    else
        for line in string.gmatch(r.customer and r.trace or '', '[^\n]+') do
            push_trace(r.customer, line, keep)
        end
    end
    if r.event ~= '' and with_event then
        redis.call('XADD', P .. ':events', '*', 'event', r.event, 'own', r.customer or '')
    end
    if r.suppress ~= '' then
        redis.call('HSETNX', P .. ':suppressed', r.suppress, string.format(
            '{"reason":%s,"at":%s}', cjson.encode(r.suppress_reason), ms(now)))
        pass_word('suppress', r.suppress, r.suppress_reason, ms(now))
    end
end

-- What a marked message was to become is told to the trace, but it becomes nothing of it. Delivered
-- all the same: that is told too. A bounce has an event of its own, for rules.
local function end_marked(r, why)
    local m = message_of(r.mid, r.channel, r.class)
    local done, bounced = r.outcome == 'done', r.reason == 'bounced'
    if why == 'erasure' then
        r.trace, r.event = '', ''
    end
    news(r, done or bounced)
    if not done then
        local arrived = m.bound or r.outcome == 'resend' or r.outcome == 'hold'
        withdraw(m, why, arrived, bounced, now, keep)
        return
    end
    m.returns = why ~= 'erasure' and m.returns
    delete(m, true, now)
    if m.customer and why ~= 'erasure' then
        line(m, 'too-late', why, now, keep)
    end
end

-- Its record was spoilt while a sender had it. That it was sent is all that can be known of it.
local function end_spoilt(r)
    if leave(r.queue, r.class, r.entry, r.mid) == 0 then
        return 0
    end
    if r.outcome ~= 'done' then
        r.letter = bury(message_of(r.mid, r.channel, r.class), 'not-whole', 'what Redis had of it was no message',
            now, keep)
    end
    return 4
end

local function settle(r)
    local key = message_key(r.mid)
    local m = fields(r.mid, 'owner', 'entry', 'customer', 'mark', 'attempts', 'lacks', 'hash', 'returns', 'told')
    if not m then
        return end_spoilt(r)
    elseif not m[1] and redis.call('EXISTS', key) == 0 then
        return 2 * leave(r.queue, r.class, r.entry, r.mid)
    elseif m[1] ~= consumer or m[2] ~= r.entry then
        return 0
    end
    r.customer, r.attempts, r.lacks, r.hash, r.returns, r.told = m[3], unpack(m, 5, 9)
    leave_later(r)
    if m[4] then
        end_marked(r, m[4])
        return 3
    end
    finish[r.outcome](r, key)
    news(r, true)
    return 1
end

local out, letters, failed = {}, {}, nil
for i = 4, #ARGV, WIDTH do
    local entry, queue, mid, channel, class, outcome, at, charge, reason, detail, trace, event, suppress,
        suppress_reason = unpack(ARGV, i, i + WIDTH - 1)
    local r = {entry = entry, queue = queue, mid = mid, channel = channel, class = class,
        outcome = outcome, at = at, charge = charge, reason = reason, detail = detail,
        trace = trace, event = event, suppress = suppress, suppress_reason = suppress_reason}
    local ran, answer = pcall(settle, r)
    if not ran then -- what was settled before stands
        failed = answer
        break
    end
    out[#out + 1] = answer
    if r.letter then
        letters[#letters + 1] = #out
        letters[#letters + 1] = r.letter
    end
end
finish_all()
if failed then
    error(failed)
end
out[#out + 1] = letters
return out
