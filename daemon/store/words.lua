#!lua flags=allow-oom
-- Learns what was said of addresses in another shard.
-- ARGV: P, and of each {word, name, what, at}, in the order in which they were said:
--   suppress  the hash of the address, the reason, ms since when
--   lift      likewise, of that reason alone
--   no, yes   its short hash, a topic, ms
--   erased    likewise, the identity of the event, ms
--   record    likewise, what stands of it in another P:said, ''
-- Returns how many. Safe to run twice: what stands already is met again.
local P = ARGV[1]
local WIDTH = 4
--with shared_type
--with shared_said
--with shared_said_merge
local suppressed, said = P .. ':suppressed', P .. ':said'
local wrong = wrong_key({suppressed, 'hash', said, 'hash'})
if wrong then
    return wrong
end

local function suppress(hash, reason, at)
    redis.call('HSETNX', suppressed, hash, string.format('{"reason":%s,"at":%s}', cjson.encode(reason), at))
end

local function lift(hash, reason)
    local read, value = pcall(cjson.decode, redis.call('HGET', suppressed, hash) or '')
    if read and type(value) == 'table' and value.reason == reason then
        redis.call('HDEL', suppressed, hash)
    end
end

local function merge(words, erased, word, what, at)
    if word == 'erased' then
        return said_erase(words, erased, what, tonumber(at))
    elseif word ~= 'record' then
        said_merge(words, word == 'no', what == 'all' and '' or what, tonumber(at))
        return erased
    end
    return said_unite(words, erased, what)
end

local function say(word, name, what, at)
    local words, erased = said_read(redis.call('HGET', said, name))
    local record = said_print(words, merge(words, erased, word, what, at))
    if record == '' then
        redis.call('HDEL', said, name)
    else
        redis.call('HSET', said, name, record)
    end
end

for i = 2, #ARGV, WIDTH do
    local word, name, what, at = unpack(ARGV, i, i + WIDTH - 1)
    if word == 'suppress' then
        suppress(name, what, at)
    elseif word == 'lift' then
        lift(name, what)
    else
        say(word, name, what, at)
    end
end
return (#ARGV - 1) / WIDTH
