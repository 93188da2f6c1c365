#!lua flags=allow-oom
-- Housekeeping of the outbox: moves retries that are due back into it, and drops dead letters
-- that were kept long enough. A dead letter that went back waits until deciding has heard of it. A
-- message whose record was spoilt by hand can go nowhere: it is a dead letter. So is, from its give_up
-- on, what waits in a channel that this daemon has not: nobody may have it any more; and what a dead
-- daemon had in hand there, that nobody has claimed. Likewise what is
-- bound to a gateway that is not configured, or that takes nothing (its breaker is open, it was paused).
-- What is held and was withdrawn ends at its give_up; that it was withdrawn was told.
-- ARGV: P, consumer, count, poll ms, ms that dead letters are kept, ms that a trace lives, count of channels
-- of this daemon, those, its gateways…
-- Returns {moved, ask again after ms, {mid, reason of a dead letter, gateway or '-'…}}. Safe to run twice.
local P, consumer, count, poll = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local letters_keep, keep = tonumber(ARGV[5]), ARGV[6]
local later = P .. ':later'
--with shared_type
--with shared_clock
--with shared_lease
--with shared_pending
--with shared_trace
--with shared_outbox
--with shared_message
--with shared_queues
--with shared_leave
--with shared_requeue
--with shared_returns
--with shared_codes
--with shared_ending
--with shared_gone
--with shared_lacking
--with shared_held
local GRACE = 30000 -- a daemon that has the channel claims after 10 s
local UNDECIDED_AGAIN = 100 -- ms
local LOOK_MOST = 100 -- in the queue of a gateway that may be at work
local now, buried, ours, gateways = clock(), {}, {}, {}
local needed = {later, 'zset', P .. ':events', 'stream', P .. ':dead', 'stream', P .. ':channels',
    'set', P .. ':queues', 'set', P .. ':gone', 'hash'}
for i = 8, #ARGV do
    local into = i <= 7 + tonumber(ARGV[7]) and ours or gateways
    into[ARGV[i]] = true
end
local wrong = no_lease(consumer) or wrong_key(needed)
if wrong then
    return wrong
end

local function end_as_dead(mid, channel, class, reason, detail, gateway)
    bury(message_of(mid, channel, class), reason, detail, now, keep)
    buried[#buried + 1] = mid
    buried[#buried + 1] = reason
    buried[#buried + 1] = gateway or '-'
end

-- Whether the event by which deciding hears of a dead letter that went back is still to be decided: that may
-- take it back. Of one that followed its person from another shard nobody knows the entry: it waits until then, or
-- until the time that stands in its place.
local function is_undecided(event)
    local until_ms = event and string.match(event, '^@(%d+)$')
    if until_ms then
        return tonumber(until_ms) > now
    end
    local found = event and redis.pcall('XRANGE', P .. ':events', event, event)
    return found and not found.err and #found > 0
end

local mids = redis.call('ZRANGE', later, '-inf', ms(now), 'BYSCORE', 'LIMIT', 0, count)
for _, mid in ipairs(mids) do
    local m = fields(mid, 'state', 'channel', 'class', 'mark', 'requeued')
    local whole = m and m[2] and m[3] and not is_wrong(outbox(m[2], m[3]), 'stream')
    redis.call('ZREM', later, mid)
    if not m or m[1] == 'later' and not whole then
        end_as_dead(mid, nil, nil, 'not-whole', 'what Redis had of it lacked its channel or class')
    elseif m[1] == 'later' and is_undecided(m[5]) then
        redis.call('ZADD', later, ms(now + UNDECIDED_AGAIN), mid)
    elseif m[1] == 'later' then
        redis.pcall('SREM', lacking(m[2], m[3]), mid)
        unhold(mid, m[2], m[3])
        requeue(mid, m[2], m[3])
    elseif m[1] == 'uncertain' and m[4] then
        redis.pcall('ZREM', P .. ':uncertain', mid)
        delete_message(mid)
    end
end

-- Why it ends, and what is said of one that its daemon had in hand.
local REASONS = {
    ['no-channel'] = {'no daemon had its channel until its time was over',
        'its daemon ended over it, and no other had its channel until its time was over'},
    ['no-gateway'] = {'it may have arrived through `%s`, and by no other gateway may it be sent again; that ' ..
        'one is not configured'},
    ['gave-up'] = {'it may have arrived through `%s`, and by no other gateway may it be sent again; that ' ..
        'one did not take part any more'},
}

-- What stands in a queue that nobody of this daemon takes from, or not now.
local function look_at(q, class, reason, entry, mid)
    local channel, stream = q[2], outbox(q[1], class)
    local m = fields(mid, 'state', 'give_up', 'owner', 'entry')
    if not m then
        remove(stream, entry)
        end_as_dead(mid, channel, class, 'not-whole', 'what Redis had of it was no message')
    elseif m[1] ~= 'queued' and (m[1] ~= 'taken' or m[4] ~= entry) then
        remove(stream, entry) -- withdrawn, or elsewhere
    elseif count_of(m[2]) > now then
        return
    elseif m[1] == 'queued' then
        remove(stream, entry)
        end_as_dead(mid, channel, class, reason, string.format(REASONS[reason][1], q[3]), q[3])
    elseif reason == 'no-channel' and not alive(m[3] or '') and is_gone(m[3] or '', GRACE, now) then
        remove(stream, entry)
        end_as_dead(mid, channel, class, reason, REASONS[reason][2], q[3])
    end
end

-- What a dead daemon had begun at once.
local function look_at_begun(channel)
    for _, class in ipairs(CLASSES) do
        local all = redis.pcall('HGETALL', begun(channel, class))
        for i = 1, all.err and 0 or #all, 2 do
            local mid, owner = all[i], begun_by(all[i + 1]) or ''
            local m = fields(mid, 'state', 'give_up', 'owner', 'entry')
            local is_its = m and m[1] == 'taken' and m[3] == owner and m[4] == BEGUN
            if not is_its then
                redis.call('HDEL', begun(channel, class), mid)
            elseif count_of(m[2]) <= now and not alive(owner) and is_gone(owner, GRACE, now) then
                redis.call('HDEL', begun(channel, class), mid)
                end_as_dead(mid, channel, class, 'no-channel', REASONS['no-channel'][2])
            end
        end
    end
end

-- Whether nothing is left in it.
local function look_through(q, reason, most)
    local empty = true
    for _, class in ipairs(CLASSES) do
        local stream = outbox(q[1], class)
        local entries = redis.pcall('XRANGE', stream, '-', '+', 'COUNT', most)
        for _, entry in ipairs(entries.err and {} or entries) do
            look_at(q, class, reason, entry[1], entry[2][2])
        end
        empty = empty and not entries.err and #entries == 0
        for _, owner in ipairs(#entries == 0 and not entries.err and dead_consumers(stream) or {}) do
            redis.call('XGROUP', 'DELCONSUMER', stream, 'nudged', owner)
        end
    end
    return empty
end

for _, channel in ipairs(redis.call('SMEMBERS', P .. ':channels')) do
    if not ours[channel] then
        look_through({channel, channel}, 'no-channel', count)
        look_at_begun(channel)
    end
end
for _, q in ipairs(gateway_queues()) do
    local reason = not ours[q[2]] and 'no-channel' or not gateways[q[3]] and 'no-gateway' or 'gave-up'
    if look_through(q, reason, reason == 'gave-up' and LOOK_MOST or count) then
        for _, class in ipairs(CLASSES) do
            redis.call('DEL', outbox(q[1], class))
        end
        redis.call('SREM', P .. ':queues', q[1])
    end
end

redis.call('XTRIM', P .. ':dead', 'MINID', '~', ms(math.max(0, now - letters_keep)))
local wait = 0
if #mids < count then
    local first = redis.call('ZRANGE', later, 0, 0, 'WITHSCORES')[2]
    wait = math.max(1, math.min(first and tonumber(first) - now or poll, poll))
end
return {#mids, math.floor(wait), buried}
