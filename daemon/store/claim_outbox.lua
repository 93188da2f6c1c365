#!lua flags=allow-oom
-- What the consumers of dead daemons had taken from the outbox: each is uncertain now (see
-- shared_take_over.lua). A consumer is deleted only with nothing pending.
-- ARGV: P, consumer, count, ms that a trace lives, channels…
-- Returns {put back, parked, more (1 or 0)}; the error LEASE where the daemon's own lease ran out.
-- Safe to run twice.
local P, consumer, count, keep = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
--with shared_clock
--with shared_lease
--with shared_pending
--with shared_trace
--with shared_requeue
--with shared_take_over
local now = clock()
local done, left = {resend = 0, hold = 0}, count
if not alive(consumer) then
    return redis.error_reply('LEASE the lease of this daemon ran out')
end

-- A message that was withdrawn, or whose hash names another entry, needs this one no more.
local function claim(stream, owner, entry)
    local row = redis.call('XRANGE', stream, entry, entry)[1]
    local mid = row and row[2][2]
    local m = mid and redis.call('HMGET', P .. ':message:' .. mid, 'state', 'owner', 'entry',
        'channel', 'class')
    if m and m[1] == 'taken' and m[2] == owner and m[3] == entry then
        local verdict = take_over(stream, entry, mid, now, keep)
        done[verdict] = done[verdict] + 1
        return
    end
    redis.call('XACK', stream, 'nudged', entry)
    redis.call('XDEL', stream, entry)
    if m and m[1] == 'queued' then
        requeue(mid, m[4], m[5])
    end
end

for i = 5, #ARGV do
    for _, class in ipairs({'transactional', 'marketing'}) do
        local stream = P .. ':outbox:' .. ARGV[i] .. ':' .. class
        for _, owner in ipairs(dead_consumers(stream)) do
            local rows = left > 0 and pending(stream, owner, '-', '+', left) or {}
            for _, row in ipairs(rows) do
                claim(stream, owner, row[1])
            end
            left = left - #rows
            if left > 0 then
                redis.call('XGROUP', 'DELCONSUMER', stream, 'nudged', owner)
            end
        end
    end
end
return {done.resend, done.hold, left > 0 and 0 or 1}
