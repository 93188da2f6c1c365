#!lua flags=allow-oom
-- Takes messages for a gateway: transactional ones first, no more than its rate allows. Marketing
-- waits while events are behind: one that is not decided may be an order or an opt-out. One that
-- must not be begun ends here: marked, to an address that is suppressed or (marketing) declined, or
-- after its give_up. So does one whose record was spoilt by hand. One whose template this daemon lacks
-- is put aside unread; when the outbox is empty, those follow that others have put aside.
-- ARGV: P, consumer, channel, gateway, count, tokens per period (0: no limit), period ms, number
-- of this take, ms that a trace lives, load of the daemon's files, the list's key ('': none)
-- Returns {now, ms after which to ask again or 0, {mid, reason of a dead letter…}, how many were
-- withdrawn, ms after which to ask again for marketing that waits for events or 0, {entry, mid,
-- customer, channel, class, body, on_uncertain, gateway it is bound to or '', attempts, give_up,
-- topic}…}; the error LEASE where the daemon's lease ran out. Run twice, the second run takes
-- others: what the first took is put back by recover.lua, which knows it by the number.
local P, consumer, channel, gateway, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local per_period, per, number, keep = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
local this, inbox = consumer .. '#' .. ARGV[10], ARGV[11]
--with shared_type
--with shared_clock
--with shared_lease
--with shared_decided
--with shared_trace
--with shared_outbox
--with shared_said
--with shared_requeue
--with shared_message
--with shared_ending
--with shared_lacking
--with shared_objection
--with shared_rate
local ASIDE_MOST = 100 -- of those that were put aside, looked at in one run
local BEFORE_END_MS = 1000 -- so long before its give_up it is a dead letter, which the daemon makes
local PASS_MOST = 1000 -- entries of messages that were withdrawn or end, in one run
-- Events are behind when one is not decided that was accepted so many ms ago. In any traffic some
-- are on their way for a moment, and marketing would never go: who opts out within this last
-- second is as who does while a gateway has the message.
local BEHIND = 1000
local BEHIND_AGAIN, SAMPLE_EVERY = 100, 100 -- ms
local now, bucket = clock(), P .. ':rate:' .. gateway
local refused = no_lease(consumer)
if refused then
    return refused
end
local wrong = wrong_key({outbox(channel, CLASSES[1]), 'stream', outbox(channel, CLASSES[2]), 'stream',
    lacking(channel, CLASSES[1]), 'set', lacking(channel, CLASSES[2]), 'set', P .. ':later', 'zset',
    bucket, 'hash', P .. ':suppressed', 'hash', P .. ':said', 'hash', P .. ':events', 'stream',
    P .. ':dead', 'stream'})
if wrong then
    return wrong
end

local rate = rate_open(bucket, per_period, per, now)
local room = math.min(most, rate.free)

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
end

-- True where a queued message ends instead of being taken. Past its time, one that may have arrived
-- through another gateway is handed over all the same: delivery knows that one, and says more.
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

local function take(entry, mid, class, m)
    local bound = m[8] and m[7] or ''
    local key = message_key(mid)
    redis.call('HSET', key, 'state', 'taken', 'owner', consumer, 'entry', entry, 'take', number)
    if bound == '' then
        redis.call('HSET', key, 'gateway', gateway)
    end
    taken[#taken + 1] = {entry, mid, m[4], channel, class, body_of(mid, m[5]) or false, m[6], bound, m[9], m[10],
        m[14] or ''}
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
    return redis.call('XLEN', outbox(channel, class)) + redis.call('SCARD', lacking(channel, class)) > 0
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

local STATES = {taken = true, later = true, uncertain = true}
local function offer(stream, class, entry, mid)
    local m = fields(mid, 'state', 'owner', 'entry', 'customer', 'body', 'on_uncertain', 'gateway',
        'bound', 'attempts', 'give_up', 'mark', 'hash', 'said', 'topic', 'lacks')
    local over = m and m[1] == 'queued' and is_over(mid, class, m)
    if m and m[1] == 'queued' and not over and not is_lacking(stream, entry, mid, class, m) then
        return take(entry, mid, class, m)
    end
    passed = passed + 1
    if m and m[1] == 'taken' and m[3] == entry and m[2] then
        -- The group was made anew, and with it the entry came again: it is its owner's, who may
        -- be sending it now. Of a dead one claim_outbox.lua takes it over.
        redis.call('XCLAIM', stream, 'nudged', m[2], 0, entry, 'JUSTID')
        return
    end
    remove(stream, entry)
    if not m or m[1] ~= 'queued' and not STATES[m[1]] and redis.call('EXISTS', message_key(mid)) == 1 then
        end_as_dead(mid, class, 'not-whole', 'what Redis had of it was no message')
    end
end

local behind = 0
for _, class in ipairs(CLASSES) do
    local stream = outbox(channel, class)
    local empty = false
    if class == 'marketing' and #taken < room and is_there(class) and is_behind() then
        empty, behind = true, BEHIND_AGAIN
    end
    while not empty and #taken < room and passed < PASS_MOST do
        local entries = read(stream, room - #taken)
        for _, entry in ipairs(entries) do
            offer(stream, class, entry[1], entry[2][2])
        end
        empty = #entries == 0 and not fetch(class, room - #taken)
    end
end

local wait = #taken < most and #taken == room and rate_wait(rate, #taken) or 0
rate_use(rate, #taken)
if passed >= PASS_MOST and wait == 0 then
    wait = 1 -- there may be messages behind
end
return {now, wait, buried, withdrawn, behind, unpack(taken)}
