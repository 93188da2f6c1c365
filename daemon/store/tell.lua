#!lua
-- Tells some of those who watch a product of an event about it: each gets an event of their own in the
-- stream, in the step that takes them from the list of who is still to be told. So whoever is killed in
-- between, nobody is told twice, and nobody forgotten.
-- ARGV: P, consumer, how many at most, entries in the stream above which nobody is told
-- Returns how many were told, and how many lists are left. The error LEASE where the lease ran out.
local P, consumer, most, room = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
--with shared_lease
--with shared_type
local events, tell = P .. ':events', P .. ':tell'
local refused = no_lease(consumer) or wrong_key({events, 'stream', tell, 'hash'})
if refused then
    return refused
end
local entries = redis.call('HKEYS', tell)
table.sort(entries)
local entry = entries[1]
if not entry or redis.call('XLEN', events) >= room then
    return {0, #entries}
end
local telling = P .. ':telling:' .. entry
local product, event = string.match(redis.call('HGET', tell, entry), '^(.-)\n(.*)$')
if is_wrong(telling, 'zset') or not product then
    redis.call('DEL', telling) -- whatever stands there, it is no list of ours
    redis.call('HDEL', tell, entry)
    return {0, #entries - 1}
end
local some, told = redis.call('ZPOPMIN', telling, most), 0
for i = 1, #some, 2 do
    local since = redis.pcall('HGET', P .. ':watching:' .. some[i], product)
    if type(since) == 'string' and (tonumber(since) or 0) > 0 then
        redis.call('XADD', events, '*', 'event', event, 'own', some[i])
        told = told + 1
    elseif not is_wrong(P .. ':watch:' .. product, 'zset') then -- they watch it no more, or are gone
        redis.call('ZREM', P .. ':watch:' .. product, some[i])
    end
end
if redis.call('EXISTS', telling) == 0 then
    redis.call('HDEL', tell, entry)
    return {told, #entries - 1}
end
return {told, #entries}
