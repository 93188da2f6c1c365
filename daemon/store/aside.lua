#!lua flags=allow-oom
-- Puts entries aside that belong to another shard: they leave the stream for a place of their own, from
-- which they are moved (events/mover). One that is not pending any more somebody else has dealt with.
-- ARGV: P, consumer, ids…
-- Returns how many. Safe to run twice.
local P, consumer = ARGV[1], ARGV[2]
local stream, strays = P .. ':events', P .. ':strays'
--with shared_lease
--with shared_type
local wrong = no_lease(consumer) or wrong_key({stream, 'stream', strays, 'stream'})
if wrong then
    return wrong
end
local count = 0
for i = 3, #ARGV do
    local entry = redis.call('XRANGE', stream, ARGV[i], ARGV[i])[1]
    if redis.call('XACK', stream, 'nudged', ARGV[i]) == 1 and entry then
        redis.call('XADD', strays, '*', unpack(entry[2]))
        redis.call('XDEL', stream, ARGV[i])
        count = count + 1
    end
end
return count
