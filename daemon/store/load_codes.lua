#!lua
-- Codes for a list, of which nobody was given any yet: those that the list ever had are passed over. At
-- the end of a file it is noted at how many that are left it is told that they are few.
-- ARGV: P, list, 'end' or '', codes…
-- Returns {how many were new, how many are left}. Safe to run twice: the second run finds none new.
local P, list, last = ARGV[1], ARGV[2], ARGV[3] == 'end'
local codes, loaded, lists = P .. ':codes:' .. list, P .. ':loaded:' .. list, P .. ':lists'
--with shared_type
local wrong = wrong_key({codes, 'list', loaded, 'set', lists, 'hash'})
if wrong then
    return wrong
end

local new = 0
for i = 4, #ARGV do
    if redis.call('SADD', loaded, ARGV[i]) == 1 then
        redis.call('RPUSH', codes, ARGV[i])
        new = new + 1
    end
end
local left = redis.call('LLEN', codes)
redis.call('HSETNX', lists, list, 0)
if last then
    redis.call('HSET', lists, list, math.floor(left / 10))
end
return {new, left}
