#!lua flags=allow-oom
-- Wakes customers whose sends wait for room in the outbox: as many as there is room for, those
-- that wait longest first, transactional ones before the others. They are due at once; their
-- commits take them out of the queue, or leave them where they stand.
-- ARGV: P, room for transactional messages, room for marketing, most
-- Returns how many were made due. Safe to run twice: who is due already, or being decided, is
-- woken and takes up room. So many daemons wake no more than one.
local P, most = ARGV[1], tonumber(ARGV[4])
local room = {transactional = tonumber(ARGV[2]), marketing = tonumber(ARGV[3])}
local due, taken = P .. ':due', P .. ':taken'
--with shared_clock
--with shared_outbox
--with shared_type
local now, woken, used = clock(), 0, 0
local wrong = wrong_key({due, 'zset', taken, 'zset'})
for _, class in ipairs(CLASSES) do
    wrong = wrong or wrong_key({P .. ':full:' .. class, 'zset'})
end
if wrong then
    return wrong
end

for _, class in ipairs(CLASSES) do
    local queue = P .. ':full:' .. class
    local last = math.min(room[class] - used, most) - 1
    local customers = last >= 0 and redis.call('ZRANGE', queue, 0, last) or {}
    for _, customer in ipairs(customers) do
        local at = tonumber(redis.call('ZSCORE', due, customer) or math.huge)
        if redis.call('EXISTS', P .. ':customer:' .. customer) == 0 then
            redis.call('ZREM', queue, customer) -- expired, or another's now: it waits no more
        elseif at > now and not redis.call('ZSCORE', taken, customer) then
            redis.call('ZADD', due, ms(now), customer)
            woken = woken + 1
        end
        used = used + 1
    end
end
return woken
