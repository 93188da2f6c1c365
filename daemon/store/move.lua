#!lua
-- Moves elements of the shop's list into the stream, oldest first, and counts all that ever were.
-- Refused as a whole when Redis is full: it takes new work in.
-- ARGV: P, consumer, the list's key, side of the oldest ('right' for LPUSH, 'left' for RPUSH), count
-- Returns {moved, left in the list}. Running it again moves the next ones.
local P, consumer, list, side, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local accepted, KEEP = P .. ':accepted:' .. list, 7 * 86400000
--with shared_lease
--with shared_type
local wrong = no_lease(consumer) or wrong_key({list, 'list', P .. ':events', 'stream', accepted, 'hash'})
if wrong then
    return wrong
end
local elements
if side == 'left' then
    elements = redis.call('LRANGE', list, 0, count - 1)
else
    elements = redis.call('LRANGE', list, -count, -1)
end
-- First into the stream, then off the list: an error in between loses nothing.
for i = 1, #elements do
    local element = elements[side == 'left' and i or #elements + 1 - i]
    redis.call('XADD', P .. ':events', '*', 'event', element)
end
if #elements > 0 then
    if side == 'left' then
        redis.call('LTRIM', list, #elements, -1)
    else
        redis.call('LTRIM', list, 0, -#elements - 1)
    end
    redis.call('HINCRBY', accepted, 'moved', #elements)
    redis.call('PEXPIRE', accepted, KEEP)
end
return {#elements, redis.call('LLEN', list)}
