#!lua flags=allow-oom
-- What the consumers of dead daemons had taken from the outbox, or begun at once: each is uncertain now (see
-- shared_take_over.lua). A consumer is deleted only with nothing pending.
-- ARGV: P, consumer, count, ms that a trace lives, '1' where somebody asks for message.uncertain (else
-- ''), channels…
-- Returns {put back, left uncertain, more (1 or 0), {mid, reason of a dead letter, gateway…}}; the error
-- LEASE where the daemon's own lease ran out. Safe to run twice.
local P, consumer, count, keep, asked = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5] == '1'
--with shared_type
--with shared_clock
--with shared_lease
--with shared_pending
--with shared_trace
--with shared_outbox
--with shared_begun
--with shared_queues
--with shared_requeue
--with shared_message
--with shared_returns
--with shared_codes
--with shared_ending
--with shared_take_over
--with shared_gone
local GRACE = 10000
local now = clock()
local done, left, buried = {resend = 0, hold = 0, withdrawn = 0}, count, {}
local refused = no_lease(consumer)
if refused then
    return refused
end
local needed = {P .. ':events', 'stream', P .. ':dead', 'stream', P .. ':uncertain', 'zset', P .. ':gone',
    'hash', P .. ':queues', 'set'}
local wrong = wrong_key(needed)
local queues = wrong or all_queues(6, #ARGV)
wrong = wrong or wrong_key(need_queues(queues, need_begun(6, #ARGV, {})))
if wrong then
    return wrong
end

local function end_as_dead(mid, channel, class)
    bury(message_of(mid, channel, class), 'not-whole', 'what Redis had of it was no message', now, keep)
    buried[#buried + 1] = mid
    buried[#buried + 1] = 'not-whole'
    buried[#buried + 1] = '-'
end

-- A message that was withdrawn, or whose hash names another entry, needs this one no more.
local function claim(queue, channel, class, owner, entry)
    local stream = outbox(queue, class)
    local row = redis.call('XRANGE', stream, entry, entry)[1]
    local mid = row and row[2][2]
    local m = mid and fields(mid, 'state', 'owner', 'entry')
    if m and m[1] == 'taken' and m[2] == owner and m[3] == entry then
        local verdict = take_over(queue, channel, class, entry, mid, now, keep, asked)
        done[verdict] = done[verdict] + 1
        return
    end
    remove(stream, entry)
    if m and m[1] == 'queued' then
        requeue(mid, channel, class)
    elseif mid and not m then
        end_as_dead(mid, channel, class)
    end
end

-- What was begun at once by one who is dead.
local gone = {}
local function is_dead(owner)
    if gone[owner] == nil then
        gone[owner] = not alive(owner) and is_gone(owner, GRACE, now)
    end
    return gone[owner]
end
local function claim_begun(channel, class)
    local all = redis.call('HGETALL', begun(channel, class))
    for i = 1, left > 0 and #all or 0, 2 do
        local mid, owner = all[i], begun_by(all[i + 1]) or ''
        if left > 0 and is_dead(owner) then
            local m = fields(mid, 'state', 'owner', 'entry')
            left = left - 1
            if m and m[1] == 'taken' and m[2] == owner and m[3] == BEGUN then
                local verdict = take_over(channel, channel, class, BEGUN, mid, now, keep, asked)
                done[verdict] = done[verdict] + 1
            else
                redis.call('HDEL', begun(channel, class), mid)
                if not m then
                    end_as_dead(mid, channel, class)
                end
            end
        end
    end
end

-- Claims what is pending at a dead consumer, as far as there is room.
local function claim_all(queue, channel, class, owner)
    local stream = outbox(queue, class)
    local rows = left > 0 and pending(stream, owner, '-', '+', left) or {}
    for _, row in ipairs(rows) do
        claim(queue, channel, class, owner, row[1])
    end
    left = left - #rows
    if left > 0 then
        redis.call('XGROUP', 'DELCONSUMER', stream, 'nudged', owner)
    end
end

for i = 6, #ARGV do
    for _, class in ipairs(CLASSES) do
        claim_begun(ARGV[i], class)
    end
end
for _, q in ipairs(queues) do
    for _, class in ipairs(CLASSES) do
        for _, owner in ipairs(dead_consumers(outbox(q[1], class))) do
            if is_gone(owner, GRACE, now) then
                claim_all(q[1], q[2], class, owner)
            end
        end
    end
end
return {done.resend, done.hold, left > 0 and 0 or 1, buried}
