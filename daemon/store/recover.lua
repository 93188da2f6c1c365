#!lua flags=allow-oom
-- Puts back what this daemon took without knowing: the answer to the take was lost. Nothing of
-- it was begun, so nothing is uncertain.
-- ARGV: P, consumer, count of channels, channels…, numbers of the lost takes…
-- Returns how many messages were put back. Safe to run twice.
local P, consumer, channels = ARGV[1], ARGV[2], tonumber(ARGV[3])
--with shared_outbox
--with shared_pending
--with shared_requeue
local MOST = 10000
local lost, count = {}, 0
for i = 4 + channels, #ARGV do
    lost[ARGV[i]] = true
end

local function put_back(channel, class, stream, entry)
    local row = redis.call('XRANGE', stream, entry, entry)[1]
    local mid = row and row[2][2]
    local m = mid and redis.call('HMGET', P .. ':message:' .. mid, 'owner', 'entry', 'take')
    if m and m[1] == consumer and m[2] == entry and lost[m[3]] then
        remove(stream, entry)
        requeue(mid, channel, class)
        count = count + 1
    end
end

for i = 4, 3 + channels do
    for _, class in ipairs(CLASSES) do
        local stream = outbox(ARGV[i], class)
        for _, row in ipairs(pending(stream, consumer, '-', '+', MOST)) do
            put_back(ARGV[i], class, stream, row[1])
        end
    end
end
return count
