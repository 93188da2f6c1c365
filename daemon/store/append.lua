#!lua
-- Appends events that came from the web, all or none, and remembers the request that brought them: one
-- that is known by any of its names is a duplicate, and adds nothing.
-- Refused as a whole when Redis is full: it takes new work in.
-- ARGV: P, ms that names are remembered, who pushed them ('': nobody is named), digest of the request
-- ('': not compared), how many names, names (hashes), events…
-- Returns {'taken', id…}; {'duplicate', id…}, the ids as they were; {'conflict'} where a name stands for a
-- request of another digest. Safe to run twice where there is a name.
local P, keep, login, digest, names = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local FIRST = 6
--with shared_type
local wrong = wrong_key({P .. ':events', 'stream'})
if wrong then
    return wrong
end
for i = FIRST, FIRST + names - 1 do
    local once = P .. ':once:' .. ARGV[i]
    local wrong_name = wrong_key({once, 'string'})
    if wrong_name then
        return wrong_name
    end
    local there = redis.call('GET', once)
    if there then
        local words = {}
        for word in string.gmatch(there, '%S+') do
            words[#words + 1] = word
        end
        if digest ~= '' and words[1] ~= '-' and words[1] ~= digest then
            return {'conflict'}
        end
        words[1] = 'duplicate'
        return words
    end
end
local ids, by = {}, login ~= '' and {'login', login} or {}
for i = FIRST + names, #ARGV do
    ids[#ids + 1] = redis.call('XADD', P .. ':events', '*', 'event', ARGV[i], unpack(by))
end
for i = FIRST, FIRST + names - 1 do
    local words = (digest == '' and '-' or digest) .. ' ' .. table.concat(ids, ' ')
    redis.call('SET', P .. ':once:' .. ARGV[i], words, 'PX', keep)
end
return {'taken', unpack(ids)}
