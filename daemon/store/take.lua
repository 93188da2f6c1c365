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
-- 0, whether one is held for which this daemon has no connection (1 or 0), {entry, mid,
-- customer, channel, class, body, on_uncertain, gateway it is bound to or '', attempts, give_up,
-- topic, queue, domain}…}; the error LEASE where the daemon's lease ran out. Run twice, the second run takes
-- others: what the first took is put back by recover.lua, which knows it by the number.
local P, consumer, channel, most, number, keep = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local this, inbox = consumer .. '#' .. ARGV[7], ARGV[8]
--with shared_type
--with shared_clock
--with shared_lease
--with shared_decided
--with shared_trace
--with shared_outbox
--with shared_said
--with shared_requeue
--with shared_message
--with shared_returns
--with shared_ending
--with shared_lacking
--with shared_held
--with shared_objection
--with shared_rate
--with shared_bounds
local ASIDE_MOST = 100 -- of those that were put aside, looked at in one run
local BEFORE_END_MS = 1000 -- so long before its give_up it is a dead letter, which the daemon makes
local PASS_MOST = 1000 -- entries of messages that were withdrawn, end or are held, in one run
local HELD_LOOK = 8 -- domains for which messages are held, in one run
local HELD_MS, HELD_APART = 600000, 10
-- Events are behind when one is not decided that was accepted so many ms ago. In any traffic some
-- are on their way for a moment, and marketing would never go: who opts out within this last
-- second is as who does while a gateway has the message.
local BEHIND = 1000
local BEHIND_AGAIN, SAMPLE_EVERY = 100, 100 -- ms
local own_only = ARGV[9] == '1'
local now, bounds = clock(), bounds_read(10)
local gateway = bounds.gateway
local own = queue_at(channel, gateway)
local refused = no_lease(consumer)
if refused then
    return refused
end
local wrong = wrong_key({outbox(channel, CLASSES[1]), 'stream', outbox(channel, CLASSES[2]), 'stream',
    outbox(own, CLASSES[1]), 'stream', outbox(own, CLASSES[2]), 'stream',
    lacking(channel, CLASSES[1]), 'set', lacking(channel, CLASSES[2]), 'set', P .. ':later', 'zset',
    holding(channel, CLASSES[1]), 'zset', holding(channel, CLASSES[2]), 'zset',
    holding(own, CLASSES[1]), 'zset', holding(own, CLASSES[2]), 'zset',
    P .. ':suppressed', 'hash', P .. ':said', 'hash', P .. ':events', 'stream',
    P .. ':dead', 'stream'}) or wrong_key(bounds_keys(bounds))
if wrong then
    return wrong
end

if is_paused(bounds) then
    return {now, 0, {}, 0, 0, 1, 0, 0}
end
bounds_open(bounds, now)
local room = math.min(most, bounds.free)

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
    local why = objection(class, m[11], m[12], m[13], m[14])
    local give_up = tonumber(m[10] or nil)
    if why then
        withdraw(message_of(mid, channel, class), why, m[8], false, now, keep)
        withdrawn = withdrawn + 1
    elseif give_up and give_up <= now and not (m[8] and m[7] ~= gateway) then
        end_as_dead(mid, class, 'gave-up', 'its time was over before it could be sent')
    else
        return false
    end
    return true
end

local function take(queue, entry, mid, class, m)
    local bound = m[8] and m[7] or ''
    local key = message_key(mid)
    redis.call('HSET', key, 'state', 'taken', 'owner', consumer, 'entry', entry, 'take', number)
    if bound == '' then
        redis.call('HSET', key, 'gateway', gateway)
    end
    taken[#taken + 1] = {entry, mid, m[4], channel, class, body_of(mid, m[5]) or false, m[6], bound, m[9], m[10],
        m[14] or '', queue, m[16] or ''}
end

-- Whether it was put aside again, as this daemon lacks its template.
local function is_lacking(stream, entry, mid, class, m)
    local last = (tonumber(m[10] or nil) or 0) - BEFORE_END_MS
    if not lacks(m[15], this) or last <= now then
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
    return redis.call('XLEN', outbox(own, class)) + redis.call('ZCARD', holding(own, class)) > 0 or
        not own_only and redis.call('XLEN', outbox(channel, class)) +
        redis.call('SCARD', lacking(channel, class)) + redis.call('ZCARD', holding(channel, class)) > 0
end

-- Whether marketing waits. Also while a key is wrong without which no event, or no withdrawal, can be
-- committed: `health` tells of it, and transactional messages go on.
local function is_behind()
    local needed = decided_from(inbox)
    for _, key in ipairs({P .. ':due', P .. ':taken', P .. ':uncertain'}) do
        needed[#needed + 1] = key
        needed[#needed + 1] = 'zset'
    end
    for _, class in ipairs(CLASSES) do
        needed[#needed + 1] = P .. ':full:' .. class
        needed[#needed + 1] = 'zset'
    end
    local function wants(since)
        return not since or since <= now - SAMPLE_EVERY
    end
    return wrong_key(needed) or decided_until(inbox, now, wants) < now - BEHIND
end

-- Bound to another gateway in a former program's place for it: it goes into that one's queue.
local function move(stream, entry, mid, class)
    remove(stream, entry)
    requeue(mid, channel, class)
end

-- What waits for its domain: for its rate, or for a connection of this daemon.
local held_ms, crowded = 0, 0
local function note_held(d)
    local wait = domain_wait(d)
    if wait == 0 then
        crowded = 1
    elseif held_ms == 0 or wait < held_ms then
        held_ms = wait
    end
end

-- It comes back by P:later where nobody fetches it, and at its give_up; many that are held at once do
-- not come back at once.
local function hold(mid, queue, class, domain, give_up)
    local key, message = held(queue, class, domain), message_key(mid)
    if is_wrong(key, 'zset') then
        redis.call('DEL', key) -- what was in it comes back by P:later
    end
    local time = redis.call('TIME')
    redis.call('HSETNX', message, 'held', ms(time[1] * 1000000 + time[2] + passed)) -- in their order
    redis.call('HSET', message, 'state', 'later', 'channel', channel, 'class', class)
    redis.call('HDEL', message, 'owner', 'entry', 'queue')
    redis.call('ZADD', key, ms(tonumber(redis.call('HGET', message, 'held')) or 0), mid)
    redis.call('ZADD', holding(queue, class), 'NX', 0, domain)
    local back = now + HELD_MS + HELD_APART * redis.call('ZCARD', key)
    redis.call('ZADD', P .. ':later', ms(math.min(back, math.max(give_up, now))), mid)
end

local function take_or_hold(queue, class, entry, mid, m)
    local domain = bounds_domain(bounds, m[16])
    if not domain or domain_free(domain) > 0 then
        if domain then
            domain.used = domain.used + 1
        end
        return take(queue, entry, mid, class, m)
    end
    passed = passed + 1
    remove(outbox(queue, class), entry)
    hold(mid, m[8] and own or channel, class, m[16], count_of(m[10]))
    note_held(domain)
end

-- The oldest that are held for domains with room, at most `count`, into the own queue, from which they
-- are taken at once. Of many domains those are looked at that were longest not.
local function fetch_of(queue, class, domain, count)
    local key, fetched = held(queue, class, domain), 0
    for _, mid in ipairs(is_wrong(key, 'zset') and {} or redis.call('ZRANGE', key, 0, count - 1)) do
        local m = fields(mid, 'state')
        redis.call('ZREM', key, mid)
        if m and m[1] == 'later' then
            redis.call('ZREM', P .. ':later', mid)
            redis.call('HSET', message_key(mid), 'state', 'queued', 'queue', own)
            redis.call('XADD', outbox(own, class), '*', 'mid', mid)
            fetched = fetched + 1
        end
    end
    return fetched
end
local function fetch_held(queue, class, count)
    local index, fetched = holding(queue, class), 0
    local domains = redis.call('ZCARD', index) > 0 and redis.call('ZRANGE', index, 0, HELD_LOOK - 1) or {}
    for _, domain in ipairs(domains) do
        local bound = bounds_domain(bounds, domain)
        local room_left = math.min(count - fetched, bound and domain_free(bound) or math.huge)
        if room_left > 0 then
            fetched = fetched + fetch_of(queue, class, domain, room_left)
        elseif fetched < count then
            note_held(bound)
        end
        redis.call('ZADD', index, 'XX', ms(now), domain)
        forget_domain(queue, class, domain)
    end
    if fetched > 0 then
        redis.pcall('SADD', P .. ':queues', own)
    end
    return fetched
end

local STATES = {taken = true, later = true, uncertain = true}
local function offer(queue, class, entry, mid)
    local stream = outbox(queue, class)
    local m = fields(mid, 'state', 'owner', 'entry', 'customer', 'body', 'on_uncertain', 'gateway',
        'bound', 'attempts', 'give_up', 'mark', 'hash', 'said', 'topic', 'lacks', 'domain')
    local queued = m and m[1] == 'queued'
    if queued and not is_over(mid, class, m) and not is_lacking(stream, entry, mid, class, m) then
        if not m[8] or m[7] == gateway then
            return take_or_hold(queue, class, entry, mid, m)
        end
        passed = passed + 1
        return move(stream, entry, mid, class)
    end
    passed = passed + 1
    if m and m[1] == 'taken' and m[3] == entry and m[2] then
        -- The group was made anew, and with it the entry came again: it is its owner's, who may
        -- be sending it now. Of a dead one claim_outbox.lua takes it over.
        redis.call('XCLAIM', stream, 'nudged', m[2], 0, entry, 'JUSTID')
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

-- Those that are held are read as far as they were fetched: none is left in the own queue.
local function drain_held(class)
    local fetched
    repeat
        fetched = fetch_held(own, class, room - #taken)
        if not own_only then
            fetched = fetched + fetch_held(channel, class, room - #taken - fetched)
        end
        for _, entry in ipairs(fetched > 0 and read(outbox(own, class), fetched) or {}) do
            offer(own, class, entry[1], entry[2][2])
        end
    until fetched == 0 or not wants()
end

local behind = 0
for _, class in ipairs(CLASSES) do
    if class == 'marketing' and #taken < room and is_there(class) and is_behind() then
        behind = BEHIND_AGAIN
    else
        repeat
            drain(own, class)
            if wants() then
                drain_held(class)
            end
            if own_only then
                break
            end
            drain(channel, class)
        until not wants() or not fetch(class, room - #taken)
    end
end

local wait = #taken < most and #taken == room and bounds_wait(bounds, #taken) or 0
bounds_use(bounds, #taken)
if passed >= PASS_MOST and wait == 0 then
    wait = 1 -- there may be messages behind
end
return {now, wait, buried, withdrawn, behind, 0, held_ms, crowded, unpack(taken)}
