#!lua flags=allow-oom
-- A daemon enters: compares what must agree, gets an epoch and its lease, and its rule set a number.
-- ARGV: P, name, lease ms, digest of its rule set, the number that it knows of it (0: none), whether
-- a reload has just made it the daemon's (1 or 0), then (field, value) of P:meta any number of times
-- Returns {'differs', field, value there}; {'older', consumer, format} where the data are of an
-- older format and a daemon of that format lives; or {'entered', epoch, number, 1 where P:set:<digest> is missing,
-- {digest, number, …} of other living daemons, `own` of P:meta}. Not safe to run twice in the sense that the second
-- run gives a new epoch; that is harmless, the first was never used.
local P, name, lease, digest = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local number, changed = tonumber(ARGV[5]), ARGV[6] == '1'
--with shared_clock
--with shared_lease
--with shared_type
--with shared_rules
--with shared_agreement
local meta = P .. ':meta'
local wrong = wrong_key({meta, 'hash', rules, 'hash', sets, 'hash'})
if wrong then
    return wrong
end
-- Data of an older format become this daemon's where none of that format lives. One that is only frozen
-- must not wake up among what it cannot read: it finds its name taken, and ends.
local FENCE = 86400000
local format, moves = redis.call('HGET', meta, 'format'), false
for i = 7, #ARGV, 2 do
    moves = moves or (ARGV[i] == 'format' and (tonumber(format) or math.huge) < tonumber(ARGV[i + 1]))
end
local differs = differing(meta, 7, moves)
if differs then
    return differs
end
local there = moves and redis.call('EXISTS', P .. ':events') == 1
local consumers = there and redis.pcall('XINFO', 'CONSUMERS', P .. ':events', 'nudged') or {}
for _, row in ipairs(consumers) do
    if alive(row[2]) then
        return {'older', row[2], format}
    end
end
-- What nudged makes bears a mark in its entry (`own`). Where a former program has been here, its entries
-- have none, those of daemons that are still to be upgraded neither: until that time the event's own
-- word counts.
local UPGRADE = 3600000
if redis.call('HEXISTS', meta, 'own') == 0 then
    local former = redis.call('HEXISTS', meta, 'format') == 1
    redis.call('HSET', meta, 'own', former and ms(clock() + UPGRADE) or 0)
end
agree(meta, 7)
local epoch = ms(math.max(tonumber(redis.call('HGET', meta, 'epoch') or 0) + 1, clock()))
redis.call('HSET', meta, 'epoch', epoch)
redis.call('SET', P .. ':instance:' .. name, epoch, 'PX', lease)
for _, row in ipairs(consumers) do
    local old = string.match(row[2], '^(.*):%d+$')
    if old and old ~= name then
        redis.call('SET', P .. ':instance:' .. old, epoch, 'PX', FENCE)
    end
end
local others = other_digests(name, digest)
number = number_of(digest, number, changed or not next(others))
local marked = redis.call('HGET', meta, 'own')
local rank, missing, theirs = note_set(name, epoch, digest, number, others)
return {'entered', epoch, rank, missing, theirs, marked}
