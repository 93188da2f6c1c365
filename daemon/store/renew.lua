#!lua flags=allow-oom
-- Renews a daemon's lease, or gives it up (lease 0).
-- ARGV: P, name, epoch, lease ms
-- Returns 'renewed', or 'replaced' where a newer daemon has the name. A lease that ran out is
-- taken again: what others claimed meanwhile is theirs, entry by entry. Safe to run twice.
local P, name, epoch, lease = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local key, meta = P .. ':instance:' .. name, P .. ':meta'
local there = tonumber(redis.call('GET', key) or 0)
if there > epoch then
    return 'replaced'
end
if lease == 0 then
    redis.call('DEL', key)
    return 'renewed'
end
redis.call('HDEL', P .. ':gone', name .. ':' .. ARGV[3]) -- see claim_outbox.lua
redis.call('SET', key, ARGV[3], 'PX', lease)
-- A Redis that lost its last seconds must not give our epoch out again.
if tonumber(redis.call('HGET', meta, 'epoch') or 0) < epoch then
    redis.call('HSET', meta, 'epoch', ARGV[3])
end
return 'renewed'
