#!lua flags=allow-oom
-- Customers were asked at a tick, and nothing came of it: they are in work no longer. Of those whose
-- document is gone, or has another zone than the index knew, the index is put right.
-- ARGV: P, count, ticks, then customer, zone as the index has it, place, zone ('' where there is no
-- document), …
-- Returns 1. Safe to run twice.
local P, count = ARGV[1], tonumber(ARGV[2])
--with shared_type
--with shared_zones
local wrong = wrong_key({CLOCKS, 'hash', ZONES, 'zset', SWEPT, 'hash', TICKS, 'zset'})
if wrong then
    return wrong
end
for i = 3, 2 + count, 1000 do
    redis.call('ZREM', TICKS, unpack(ARGV, i, math.min(i + 999, 2 + count)))
end
for i = 3 + count, #ARGV, 4 do
    local customer, there, place, zone = unpack(ARGV, i, i + 3)
    local known = redis.call('EXISTS', P .. ':customer:' .. customer) == 1
    if zone == '' and not known then
        leave_zone(customer, there)
    elseif zone ~= '' and known and zone ~= there then
        local asked = asked_in(customer, there, place)
        leave_zone(customer, there)
        move_in(customer, zone, place, asked)
    end
end
return 1
