#!lua flags=allow-oom
-- What the consumers of dead daemons had taken from the outbox: each is uncertain now (see
-- shared_take_over.lua). A consumer is deleted only with nothing pending.
--
-- A daemon whose lease is gone may only have been kept from renewing it: Redis was away, or its
-- clock was set forward. What it has just handed over it will settle in a moment, so that is left
-- to it until its lease was seen gone for some time (P:gone). One that was replaced under its name
-- is dead at once.
-- ARGV: P, consumer, count, ms that a trace lives, channels…
-- Returns {put back, left uncertain, more (1 or 0), ended, as they were marked}; the error LEASE where the daemon's own lease ran out.
-- Safe to run twice.
local P, consumer, count, keep = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
--with shared_clock
--with shared_lease
--with shared_pending
--with shared_trace
--with shared_outbox
--with shared_requeue
--with shared_ending
--with shared_take_over
local GRACE, MINDED = 10000, 3600000
local now, gone = clock(), P .. ':gone'
local done, left = {resend = 0, hold = 0, withdrawn = 0}, count
if not alive(consumer) then
    return redis.error_reply('LEASE the lease of this daemon ran out')
end

local function is_dead(owner)
    local name = string.match(owner, '^(.*):%d+$')
    if not name or redis.call('EXISTS', P .. ':instance:' .. name) == 1 then
        return true
    end
    local since = tonumber(redis.call('HGET', gone, owner) or now + 1)
    if since > now then -- seen for the first time, or before the clock was set back
        redis.call('HSET', gone, owner, ms(now))
        redis.call('PEXPIRE', gone, MINDED)
        return false
    end
    return now - since >= GRACE
end

-- A message that was withdrawn, or whose hash names another entry, needs this one no more.
local function claim(channel, class, stream, owner, entry)
    local row = redis.call('XRANGE', stream, entry, entry)[1]
    local mid = row and row[2][2]
    local m = mid and redis.call('HMGET', P .. ':message:' .. mid, 'state', 'owner', 'entry')
    if m and m[1] == 'taken' and m[2] == owner and m[3] == entry then
        local verdict = take_over(channel, class, entry, mid, now, keep)
        done[verdict] = done[verdict] + 1
        return
    end
    remove(stream, entry)
    if m and m[1] == 'queued' then
        requeue(mid, channel, class)
    end
end

-- Claims what is pending at a dead consumer, as far as there is room.
local function claim_all(channel, class, stream, owner)
    local rows = left > 0 and pending(stream, owner, '-', '+', left) or {}
    for _, row in ipairs(rows) do
        claim(channel, class, stream, owner, row[1])
    end
    left = left - #rows
    if left > 0 then
        redis.call('XGROUP', 'DELCONSUMER', stream, 'nudged', owner)
    end
end

for i = 5, #ARGV do
    for _, class in ipairs(CLASSES) do
        local stream = outbox(ARGV[i], class)
        for _, owner in ipairs(dead_consumers(stream)) do
            if is_dead(owner) then
                claim_all(ARGV[i], class, stream, owner)
            end
        end
    end
end
return {done.resend, done.hold, left > 0 and 0 or 1, done.withdrawn}
