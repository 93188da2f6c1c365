#!lua flags=allow-oom
-- Renews a daemon's lease, or gives it up (lease 0): a daemon that ends in order gives back the
-- events that it has, each with one delivery less, as who claims it counts one more.
-- ARGV: P, name, epoch, lease ms, then, but for lease 0, what enter.lua is given from the digest on
-- Returns {'replaced'} where a newer daemon has the name; {'differs', field, value there} where
-- P:meta was lost, and a daemon that does not agree has entered; or {'renewed', number, 1 where
-- P:set:<digest> is missing, {digest, number, …} of other living daemons, 1 where P:meta was lost and
-- is written anew, errors that name keys of a wrong type: the lease needs none of these, 1 where the
-- lease was over}. A lease that ran out is taken again: what others claimed meanwhile is theirs, entry
-- by entry, and the rest is pending anew. Safe to run twice.
local P, name, epoch, lease = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local digest, number, changed = ARGV[5], tonumber(ARGV[6] or 0), ARGV[7] == '1'
--with shared_clock
--with shared_lease
--with shared_pending
--with shared_type
--with shared_rules
--with shared_agreement
local events, STEP = P .. ':events', 500
local key, meta = P .. ':instance:' .. name, P .. ':meta'
local there = is_wrong(key, 'string') and 0 or tonumber(redis.call('GET', key) or 0) or 0
local errors = {}
local function is_good(wrong, kind)
    local told = wrong_key({wrong, kind})
    if told then
        errors[#errors + 1] = told.err
    end
    return not told
end

-- Counts `less` deliveries less; and the events are pending since now.
local function claim_own(consumer, less)
    local from, rows = '-', nil
    repeat
        rows = pending(events, consumer, from, '+', STEP)
        for _, row in ipairs(rows) do
            redis.call('XCLAIM', events, 'nudged', consumer, 0, row[1], 'RETRYCOUNT',
                math.max(0, row[4] - less), 'JUSTID')
            from = '(' .. row[1]
        end
    until #rows < STEP
end

if there > epoch then
    return {'replaced'}
end
if lease == 0 then
    if there == epoch and not is_wrong(events, 'stream') then -- not in a second run
        claim_own(name .. ':' .. ARGV[3], 1)
    end
    redis.call('DEL', key)
    if not is_wrong(sets, 'hash') then
        redis.call('HDEL', sets, name)
    end
    return {'renewed'}
end
local anew, over = 0, there < epoch and 1 or 0
if is_good(meta, 'hash') then
    local differs = differing(meta, 8)
    if differs then
        return differs
    end
    anew = redis.call('HEXISTS', meta, 'format') == 0 and 1 or 0 -- others may have noted something since
    if anew == 1 then -- nothing of a former program is left: see enter.lua
        redis.call('HSET', meta, 'own', 0)
    end
    agree(meta, 8)
    -- A Redis that lost its last seconds must not give our epoch out again.
    if tonumber(redis.call('HGET', meta, 'epoch') or 0) < epoch then
        redis.call('HSET', meta, 'epoch', ARGV[3])
    end
end
if over == 1 and is_good(events, 'stream') then -- the time without a lease is none for take_due.lua to count
    claim_own(name .. ':' .. ARGV[3], 0)
end
if is_good(P .. ':gone', 'hash') then
    redis.call('HDEL', P .. ':gone', name .. ':' .. ARGV[3]) -- see claim_outbox.lua
end
redis.call('SET', key, ARGV[3], 'PX', lease)
-- What the others have is not known while these are wrong: what was known goes on.
if not (is_good(rules, 'hash') and is_good(sets, 'hash')) then
    return {'renewed', number, 0, false, anew, errors, over}
end
local others = other_digests(name, digest)
number = number_of(digest, number, changed or is_alone(digest, others, clock()))
local noted, missing, known = note_set(name, ARGV[3], digest, number, others)
return {'renewed', noted, missing, known, anew, errors, over}
