-- What becomes of a message that was not simply sent (settle.lua).
--with shared_requeue
--with shared_returns
--with shared_codes
--with shared_ending

-- "+N" is so many ms from now.
local function at_ms(r)
    return string.sub(r.at, 1, 1) == '+' and now + tonumber(r.at) or tonumber(r.at)
end
local function later(r)
    put_fields(r.mid, 'state', 'later', 'channel', r.channel, 'class', r.class, 'attempts',
        ms(count_of(r.attempts) + r.charge))
    drop_fields(r.mid, 'owner', 'entry', 'queue')
    redis.call('ZADD', P .. ':later', ms(at_ms(r)), r.mid)
end

local finish = {
    done = function(r)
        remember(r.mid, r.customer, r.hash, r.returns, r.told, now)
        end_later(r.mid)
    end,
    later = later,
    resend = function(r)
        put_fields(r.mid, 'bound', 1)
        later(r)
    end,
    hold = function(r)
        put_fields(r.mid, 'state', 'uncertain', 'bound', 1, 'channel', r.channel, 'class',
            r.class, 'attempts', ms(count_of(r.attempts) + r.charge))
        drop_fields(r.mid, 'owner', 'entry', 'queue')
        redis.call('ZADD', P .. ':uncertain', ms(now), r.mid)
    end,
    dead = function(r)
        if r.charge == '1' then
            put_fields(r.mid, 'bound', 1)
        end
        r.letter = letter(message_of(r.mid, r.channel, r.class), r.reason, r.detail)
    end,
    lacking = function(r)
        put_fields(r.mid, 'lacks', lacked_by(r.lacks, consumer .. '#' .. r.reason))
        put_aside(r.mid, r.channel, r.class, at_ms(r))
    end,
    release = function(r)
        requeue(r.mid, r.channel, r.class)
    end,
}

local function news(r, with_event)
    tell_trace(r.customer, r.trace)
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
        local lost = r.outcome == 'dead' and r.charge == '1' or r.outcome == 'resend' or r.outcome == 'hold'
        local arrived = m.bound or lost
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

local function read_result(g, first)
    local is_begun = g.entry == BEGUN
    local r = {entry = is_begun and BEGUN or ARGV[first + 2], queue = g.queue, mid = ARGV[first], channel = g.channel,
        class = g.class, outcome = g.outcome, trace = ARGV[first + 1], event = '', suppress = ''}
    if g.more then
        r.at, r.charge, r.reason, r.detail, r.event, r.suppress, r.suppress_reason =
            unpack(ARGV, first + g.width - MORE, first + g.width - 1)
    end
    return r
end

-- `m` is what settle() has read of it.
settle_other = function(g, first, m, is_ours)
    local r = read_result(g, first)
    if not m then
        local answer = end_spoilt(r)
        return answer, r.letter
    elseif not m[1] and redis.call('EXISTS', message_key(r.mid)) == 0 then
        return 2 * leave(r.queue, r.class, r.entry, r.mid)
    elseif not is_ours then
        return 0
    end
    r.customer = m[3]
    r.returns, r.attempts, r.lacks, r.hash, r.told = unpack(m, 5, 9)
    leave_later(r.entry, r.queue, r.class, r.mid)
    if m[4] then
        end_marked(r, m[4])
        return 3
    end
    finish[r.outcome](r)
    news(r, true)
    return 1, r.letter
end
