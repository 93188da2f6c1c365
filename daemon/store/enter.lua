#!lua flags=allow-oom
-- A daemon enters: compares what must agree, gets an epoch and its lease.
-- ARGV: P, name, lease ms, then (field, value) of P:meta any number of times
-- Returns {'differs', field, value there} or {'entered', epoch}. Not safe to run twice in the
-- sense that the second run gives a new epoch; that is harmless, the first was never used.
local P, name, lease = ARGV[1], ARGV[2], ARGV[3]
--with shared_clock
local meta = P .. ':meta'
for i = 4, #ARGV, 2 do
    local there = redis.call('HGET', meta, ARGV[i])
    if there and there ~= ARGV[i + 1] then
        return {'differs', ARGV[i], there}
    end
end
for i = 4, #ARGV, 2 do
    redis.call('HSET', meta, ARGV[i], ARGV[i + 1])
end
local epoch = ms(math.max(tonumber(redis.call('HGET', meta, 'epoch') or 0) + 1, clock()))
redis.call('HSET', meta, 'epoch', epoch)
redis.call('SET', P .. ':instance:' .. name, epoch, 'PX', lease)
return {'entered', epoch}
