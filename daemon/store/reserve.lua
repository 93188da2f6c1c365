#!lua
-- A request from the web whose events may go to several shards is known by its name in one, that of the
-- name: nobody uses the name for another request while any shard remembers it. So it is remembered here a
-- little longer than there, and there until the same moment, whenever the request is repeated.
-- Refused when Redis is full: it takes new work in.
-- ARGV: P, name (a hash), digest of the request, ms that the shards are to remember it
-- Returns for how many ms they may still remember it, at least 1; 0 where it is another request's name. Safe
-- to run twice.
local P, digest, keep = ARGV[1], ARGV[3], tonumber(ARGV[4])
local once = P .. ':once:' .. ARGV[2]
local LONGER = 60000 -- no answer of a shard takes as long
--with shared_type
local wrong = wrong_key({once, 'string'})
if wrong then
    return wrong
end
local there = redis.call('GET', once)
if there and there ~= digest then
    return 0
end
local left = there and redis.call('PTTL', once) - LONGER or 0
if left <= 0 then
    redis.call('SET', once, digest, 'PX', keep + LONGER)
    left = keep
end
return left
