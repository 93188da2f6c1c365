#!lua flags=allow-oom
-- Takes messages for a gateway: transactional ones first, of each class first what stands in its own
-- queue, then what in its channel's; no more than its rate allows, nothing while it is paused. Marketing
-- waits while events are behind: one that is not decided may be an order or an opt-out. One that
-- must not be begun ends here: marked, to an address that is suppressed or (marketing) declined, or
-- after its give_up. So does one whose record was spoilt by hand. One whose template this daemon lacks
-- is put aside unread; when the outbox is empty, those follow that others have put aside. One whose
-- domain has no room waits aside until there is some (shared_held.lua).
-- ARGV: P, consumer, channel, count, number of this take, ms that a trace lives, load of the daemon's
-- files, the list's key ('': none), whether it is for its own queue alone (1 or 0), gateway with its
-- bounds (shared_bounds.lua)
-- Returns {now, ms after which to ask again or 0, {mid, reason of a dead letter, gateway…}, how many were
-- withdrawn, ms after which to ask again for marketing that waits for events or 0, whether the gateway
-- is paused (1 or 0: nothing was taken then), ms after which a domain has room for one that is held or
-- 0, whether one is held for which this daemon has no connection (1 or 0), {entry, mid, customer, channel,
-- class, body, on_uncertain, gateway it is bound to or '', attempts, give_up, topic, domain, queue where
-- it is not the channel's, the code that it was given}…}; the error LEASE where the daemon's lease ran out. Run twice, the second run
-- takes others: what the first took is put back by recover.lua, which knows it by the number.
local P, consumer, channel, most, number, keep = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local this, inbox = consumer .. '#' .. ARGV[7], ARGV[8]
--with shared_type
--with shared_clock
--with shared_lease
--with shared_decided
--with shared_trace
--with shared_outbox
--with shared_said
--with shared_message
--with shared_requeue
--with shared_returns
--with shared_codes
--with shared_ending
--with shared_lacking
--with shared_objection
--with shared_behind
local ASIDE_MOST = 100 -- of those that were put aside, looked at in one run
local BEFORE_END_MS = 1000 -- so long before its give_up it is a dead letter, which the daemon makes
local PASS_MOST = 1000 -- entries of messages that were withdrawn, end or are held, in one run
local BEHIND_AGAIN = 100 -- ms
local own_only, gateway, now = ARGV[9] == '1', ARGV[10], clock()
local own = queue_at(channel, gateway)
local refused = no_lease(consumer)
if refused then
    return refused
end
local wrong = wrong_key({outbox(channel, CLASSES[1]), 'stream', outbox(channel, CLASSES[2]), 'stream',
    lacking(channel, CLASSES[1]), 'set', lacking(channel, CLASSES[2]), 'set', P .. ':later', 'zset',
    P .. ':suppressed', 'hash', P .. ':said', 'hash', P .. ':events', 'stream', P .. ':dead', 'stream',
    P .. ':paused', 'hash'})
if wrong then
    return wrong
elseif redis.call('HEXISTS', P .. ':paused', gateway) == 1 then
    return {now, 0, {}, 0, 0, 1, 0, 0}
end

-- Most of the time nothing stands in the own queue, nothing is held, and nothing but its connections
-- bounds the gateway: then all that is for those is left out.
local function holding(queue, class)
    return P .. ':holding:' .. queue .. ':' .. class
end
local aside = {}
for i, class in ipairs(CLASSES) do
    aside[6 * i - 5], aside[6 * i - 4] = outbox(own, class), 'stream'
    aside[6 * i - 3], aside[6 * i - 2] = holding(own, class), 'zset'
    aside[6 * i - 1], aside[6 * i] = holding(channel, class), 'zset'
end
local is_aside = redis.call('EXISTS', aside[1], aside[3], aside[5], aside[7], aside[9], aside[11]) > 0
local by_domain, bounds = ARGV[16] ~= '0', nil
wrong = is_aside and wrong_key(aside)
if not wrong and (by_domain or ARGV[11] ~= '0' or ARGV[13] ~= '0') then
--with shared_rate
--with shared_bounds
    bounds, wrong = bounds_open(10, now)
end
if wrong then
    return wrong
end
local room = math.min(most, bounds and bounds.free or most)

local function read(stream, count)
    local function try()
        return redis.pcall('XREADGROUP', 'GROUP', 'nudged', consumer, 'COUNT', count, 'STREAMS',
            stream, '>')
    end
    local got = try()
    if got and got.err and string.find(got.err, 'NOGROUP', 1, true) then
        redis.call('XGROUP', 'CREATE', stream, 'nudged', '0', 'MKSTREAM')
        got = try()
    end
    if got and got.err then
        error(got)
    end
    return got and got[1][2] or {}
end

local buried, withdrawn, taken, passed = {}, 0, {}, 0
local function end_as_dead(mid, class, reason, detail)
    bury(message_of(mid, channel, class), reason, detail, now, keep)
    buried[#buried + 1] = mid
    buried[#buried + 1] = reason
    buried[#buried + 1] = '-'
end

-- True where a queued message ends instead of being taken. Past its time, what is bound to another
-- gateway is left to requeue.lua, which says more.
local function is_over(mid, class, m)
    local why = objection(class, m[9], m[10], m[11], m[12])
    local give_up = tonumber(m[8] or nil)
    if why then
        withdraw(message_of(mid, channel, class), why, m[6], false, now, keep)
        withdrawn = withdrawn + 1
    elseif give_up and give_up <= now and not (m[6] and m[5] ~= gateway) then
        end_as_dead(mid, class, 'gave-up', 'its time was over before it could be sent')
    else
        return false
    end
    return true
end

local function take(queue, entry, mid, class, m)
    local bound = m[6] and m[5] or ''
    put_fields(mid, 'state', 'taken', 'owner', consumer, 'entry', entry, 'take', number, 'gateway',
        bound == '' and gateway or bound)
    local row = {entry, mid, m[2], channel, class, body_of(mid, m[3]) or false, m[4], bound, m[7], m[8],
        m[12] or '', m[14] or '', queue ~= channel and queue or nil}
    if m[15] then
        note_had(mid, m[16])
        row[13], row[14] = row[13] or false, m[15]
    end
    taken[#taken + 1] = row
end

-- Whether it was put aside again, as this daemon lacks its template.
local function is_lacking(stream, entry, mid, class, m)
    local last = (tonumber(m[8] or nil) or 0) - BEFORE_END_MS
    if not lacks(m[13], this) or last <= now then
        return false
    end
    remove(stream, entry)
    put_aside(mid, channel, class, math.min(now + LACKING_MS, last))
    return true
end

-- Puts back into the outbox what others have put aside, and this daemon may have the template of.
-- At random, so that those which nobody can send do not hide the others.
local function fetch(class, count)
    local fetched = 0
    for _, mid in ipairs(count > 0 and redis.call('SRANDMEMBER', lacking(channel, class), ASIDE_MOST) or {}) do
        local m = fields(mid, 'state', 'lacks')
        local waits = m and m[1] == 'later' and m[2]
        if not waits or fetched < count and not lacks(m[2], this) then
            redis.call('SREM', lacking(channel, class), mid)
        end
        if waits and fetched < count and not lacks(m[2], this) then
            redis.call('ZREM', P .. ':later', mid)
            requeue(mid, channel, class)
            fetched = fetched + 1
        end
    end
    return fetched > 0
end

local function is_there(class)
    return is_aside and redis.call('XLEN', outbox(own, class)) + redis.call('ZCARD', holding(own, class)) > 0 or
        not own_only and (redis.call('XLEN', outbox(channel, class)) +
        redis.call('SCARD', lacking(channel, class)) > 0 or
        is_aside and redis.call('ZCARD', holding(channel, class)) > 0)
end

-- Bound to another gateway in a former program's place for it: it goes into that one's queue.
local function move(stream, entry, mid, class)
    remove(stream, entry)
    requeue(mid, channel, class)
end

local take_or_hold, drain_held = take, nil -- without bounds by domain
local STATES = {taken = true, later = true, uncertain = true}
local function offer(queue, class, entry, mid)
    local stream = outbox(queue, class)
    local m = fields(mid, 'state', 'customer', 'body', 'on_uncertain', 'gateway', 'bound', 'attempts',
        'give_up', 'mark', 'hash', 'said', 'topic', 'lacks', 'domain', 'code', 'run')
    local queued = m and m[1] == 'queued'
    if queued and not is_over(mid, class, m) and not is_lacking(stream, entry, mid, class, m) then
        if not m[6] or m[5] == gateway then
            return take_or_hold(queue, entry, mid, class, m)
        end
        passed = passed + 1
        return move(stream, entry, mid, class)
    end
    passed = passed + 1
    local hand = m and m[1] == 'taken' and fields(mid, 'owner', 'entry')
    if hand and hand[1] and hand[2] == entry then
        -- The group was made anew, and with it the entry came again: it is its owner's, who may
        -- be sending it now. Of a dead one claim_outbox.lua takes it over.
        redis.call('XCLAIM', stream, 'nudged', hand[1], 0, entry, 'JUSTID')
        return
    end
    remove(stream, entry)
    if not m or not queued and not STATES[m[1]] and redis.call('EXISTS', message_key(mid)) == 1 then
        end_as_dead(mid, class, 'not-whole', 'what Redis had of it was no message')
    end
end

local function wants()
    return #taken < room and passed < PASS_MOST
end
local function drain(queue, class)
    local entries
    while wants() and (queue == channel or redis.call('XLEN', outbox(queue, class)) > 0) do
        entries = read(outbox(queue, class), room - #taken)
        for _, entry in ipairs(entries) do
            offer(queue, class, entry[1], entry[2][2])
        end
        if #entries == 0 then
            return
        end
    end
end

local held_ms, crowded = 0, 0
if is_aside or by_domain then
--with shared_held
--with shared_hold
end

local behind = 0
for _, class in ipairs(CLASSES) do
    if class == 'marketing' and #taken < room and is_there(class) and events_are_behind(inbox, now) then
        behind = BEHIND_AGAIN
    else
        repeat
            if is_aside then
                drain(own, class)
            end
            if drain_held and wants() then
                drain_held(class)
            end
            if own_only then
                break
            end
            drain(channel, class)
            local fetched = wants() and fetch(class, room - #taken)
            is_aside = is_aside or fetched -- it may be bound
        until not fetched
    end
end

local wait = 0
if bounds then
    wait = #taken < most and #taken == room and bounds:wait(#taken) or 0
    bounds:use(#taken)
end
if passed >= PASS_MOST and wait == 0 then
    wait = 1 -- there may be messages behind
end
return {now, wait, buried, withdrawn, behind, 0, held_ms, crowded, unpack(taken)}
