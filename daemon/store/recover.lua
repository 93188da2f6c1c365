#!lua flags=allow-oom
-- Puts back what this daemon took without knowing: the answer to the take was lost, or to the commit that
-- begins it at once. Nothing of it was begun, so nothing is uncertain. One that was marked meanwhile ends instead; one whose record
-- was spoilt is left to claim_outbox.lua.
-- ARGV: P, consumer, ms that a trace lives, count of channels, channels…, numbers of the lost takes…
-- Returns how many messages were put back. Safe to run twice.
local P, consumer, keep, channels = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
--with shared_type
--with shared_clock
--with shared_trace
--with shared_outbox
--with shared_pending
--with shared_message
--with shared_queues
--with shared_leave
--with shared_requeue
--with shared_returns
--with shared_codes
--with shared_ending
local MOST = 10000
local lost, count, now = {}, 0, clock()
for i = 5 + channels, #ARGV do
    lost[ARGV[i]] = true
end

local wrong = wrong_key({P .. ':events', 'stream', P .. ':queues', 'set'})
local queues = wrong or all_queues(5, 4 + channels)
wrong = wrong or wrong_key(need_queues(queues, need_begun(5, 4 + channels, {})))
if wrong then
    return wrong
end

local function put_back(queue, channel, class, entry, mid)
    local m = mid and fields(mid, 'owner', 'entry', 'take', 'mark', 'bound')
    if m and m[1] == consumer and m[2] == entry and lost[m[3]] then
        leave(queue, class, entry, mid)
        if m[4] then
            withdraw(message_of(mid, channel, class), m[4], m[5], false, now, keep)
        else
            requeue(mid, channel, class)
        end
        count = count + 1
    end
end

for _, q in ipairs(queues) do
    for _, class in ipairs(CLASSES) do
        local stream = outbox(q[1], class)
        for _, row in ipairs(pending(stream, consumer, '-', '+', MOST)) do
            local entry = redis.call('XRANGE', stream, row[1], row[1])[1]
            put_back(q[1], q[2], class, row[1], entry and entry[2][2])
        end
    end
end
for i = 5, 4 + channels do
    for _, class in ipairs(CLASSES) do
        for _, mid in ipairs(redis.call('HKEYS', begun(ARGV[i], class))) do
            put_back(ARGV[i], ARGV[i], class, BEGUN, mid)
        end
    end
end
return count
