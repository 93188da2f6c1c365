#!lua flags=allow-oom
-- Wakes customers whose sends wait for a rule that is paused no more: due at once, those that wait
-- longest first. Who is woken leaves the rule's queue; a commit that lets them wait on puts them back.
-- ARGV: P, most of each rule
-- Returns how many were made due. Safe to run twice: the second run wakes the next ones.
local P, most = ARGV[1], tonumber(ARGV[2])
local due, taken, halts = P .. ':due', P .. ':taken', P .. ':halts'
--with shared_clock
--with shared_type
local now, woken = clock(), 0
local wrong = wrong_key({due, 'zset', taken, 'zset', halts, 'set', P .. ':halted', 'hash'})
if wrong then
    return wrong
end

for _, rule in ipairs(redis.call('SMEMBERS', halts)) do
    local queue = P .. ':halt:' .. rule
    local goes_on = not is_wrong(queue, 'zset') and redis.call('HEXISTS', P .. ':halted', rule) == 0
    for _, customer in ipairs(goes_on and redis.call('ZRANGE', queue, 0, most - 1) or {}) do
        local at = tonumber(redis.call('ZSCORE', due, customer) or math.huge)
        if redis.call('EXISTS', P .. ':customer:' .. customer) == 0 then
            redis.call('ZREM', queue, customer) -- expired, or another's now
        elseif not redis.call('ZSCORE', taken, customer) then -- else after that decision
            redis.call('ZREM', queue, customer)
            redis.call('ZADD', due, ms(math.min(at, now)), customer)
            woken = woken + 1
        end
    end
    if redis.call('EXISTS', queue) == 0 then
        redis.call('SREM', halts, rule)
    end
end
return woken
