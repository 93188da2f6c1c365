#!lua flags=allow-oom
-- Renews a daemon's lease, or gives it up (lease 0): a daemon that ends in order gives back the
-- events that it has, each with one delivery less, as who claims it counts one more.
-- ARGV: P, name, epoch, lease ms
-- Returns 'renewed', or 'replaced' where a newer daemon has the name. A lease that ran out is
-- taken again: what others claimed meanwhile is theirs, entry by entry, and the rest is pending
-- anew. Safe to run twice.
local P, name, epoch, lease = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
--with shared_pending
local events, STEP = P .. ':events', 500
local key, meta = P .. ':instance:' .. name, P .. ':meta'
local there = tonumber(redis.call('GET', key) or 0)

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
    return 'replaced'
end
if lease == 0 then
    if there == epoch then -- not in a second run
        claim_own(name .. ':' .. ARGV[3], 1)
    end
    redis.call('DEL', key)
    return 'renewed'
end
if there < epoch then -- the time without a lease is none for take_due.lua to count
    claim_own(name .. ':' .. ARGV[3], 0)
end
redis.call('HDEL', P .. ':gone', name .. ':' .. ARGV[3]) -- see claim_outbox.lua
redis.call('SET', key, ARGV[3], 'PX', lease)
-- A Redis that lost its last seconds must not give our epoch out again.
if tonumber(redis.call('HGET', meta, 'epoch') or 0) < epoch then
    redis.call('HSET', meta, 'epoch', ARGV[3])
end
return 'renewed'
