#!lua flags=allow-oom
-- What the consumers of dead daemons had taken from the outbox, or begun at once: each is uncertain now (see
-- shared_take_over.lua). A consumer is deleted only with nothing pending. So is what this daemon has settled
-- itself, and stands here all the same: a Redis that lost its last moments (it died, or a replica took over) has
-- forgotten that. Of what one had whose place this daemon has taken it may know more.
-- ARGV: P, consumer, count, ms that a trace lives, '1' where somebody asks for message.uncertain (else
-- ''), likewise for message.sent, the number up to which this daemon has settled all that it took (0: it
-- cannot say), how many messages it knows more of, each {mid, whose it was, who is dead for certain,
-- `waiting` (no sender had begun it), `begun` (nobody can have it) or `taken` (its gateway took it)}, channels…
-- Returns {put back, left uncertain, more (1 or 0), {mid, reason of a dead letter, gateway…}, of what was
-- known to be sent {channel, gateway…}}; the error LEASE where the daemon's own lease ran out. Safe to run
-- twice.
local P, consumer, count, keep, asked = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5] == '1'
local asked_sent, settled = ARGV[6] == '1', tonumber(ARGV[7])
local KNOWN, STEP = 9, 500
local CHANNELS = KNOWN + 3 * tonumber(ARGV[KNOWN - 1])
--with shared_type
--with shared_clock
--with shared_lease
--with shared_pending
--with shared_trace
--with shared_outbox
--with shared_message
--with shared_queues
--with shared_leave
--with shared_requeue
--with shared_returns
--with shared_codes
--with shared_ending
--with shared_take_over
--with shared_gone
local GRACE = 10000
local now = clock()
local done, left, buried, sent = {resend = 0, hold = 0, withdrawn = 0, sent = 0}, count, {}, {}
local refused = no_lease(consumer)
if refused then
    return refused
end
local needed = {P .. ':events', 'stream', P .. ':dead', 'stream', P .. ':uncertain', 'zset', P .. ':gone',
    'hash', P .. ':queues', 'set'}
local wrong = wrong_key(needed)
local queues = wrong or all_queues(CHANNELS, #ARGV)
wrong = wrong or wrong_key(need_queues(queues, need_begun(CHANNELS, #ARGV, {})))
if wrong then
    return wrong
end

local function end_as_dead(mid, channel, class)
    bury(message_of(mid, channel, class), 'not-whole', 'what Redis had of it was no message', now, keep)
    buried[#buried + 1] = mid
    buried[#buried + 1] = 'not-whole'
    buried[#buried + 1] = '-'
end

-- By mid and owner.
local known, ended = {}, {}
for i = KNOWN, CHANNELS - 1, 3 do
    known[ARGV[i] .. ' ' .. ARGV[i + 1]] = ARGV[i + 2]
    if not ended[ARGV[i + 1]] then
        note_gone(ARGV[i + 1])
        ended[ARGV[i + 1]] = true
    end
end

local function end_taken(queue, channel, class, entry, mid, owner)
    local why, stage = owner == consumer and WHY_LOST or WHY_ENDED, known[mid .. ' ' .. owner]
    local gateway = fields(mid, 'gateway')[1]
    local verdict = stage and take_back(queue, channel, class, entry, mid, stage, now, keep, asked_sent)
        or take_over(queue, channel, class, entry, mid, why, now, keep, asked)
    done[verdict] = done[verdict] + 1
    if verdict == 'sent' then
        sent[#sent + 1] = channel
        sent[#sent + 1] = gateway or ''
    end
end

-- What is this daemon's own is left to it, but for what it has settled.
local function is_left(owner, m)
    return owner == consumer and not (m and m[2] == owner and count_of(m[4]) <= settled)
end

-- A message that was withdrawn, or whose hash names another entry, needs this one no more. False: it is left.
local function claim(queue, channel, class, owner, entry)
    local stream = outbox(queue, class)
    local row = redis.call('XRANGE', stream, entry, entry)[1]
    local mid = row and row[2][2]
    local m = mid and fields(mid, 'state', 'owner', 'entry', 'take')
    if is_left(owner, m) then
        return false
    elseif m and m[1] == 'taken' and m[2] == owner and m[3] == entry then
        end_taken(queue, channel, class, entry, mid, owner)
        return true
    end
    remove(stream, entry)
    if m and m[1] == 'queued' then
        requeue(mid, channel, class)
    elseif mid and not m then
        end_as_dead(mid, channel, class)
    end
    return true
end

-- What was begun at once by one who is dead, or by this daemon, where it has settled something.
local gone = {[consumer] = settled > 0}
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
            local m = fields(mid, 'state', 'owner', 'entry', 'take')
            if not is_left(owner, m) then
                left = left - 1
                if m and m[1] == 'taken' and m[2] == owner and m[3] == BEGUN then
                    end_taken(channel, channel, class, BEGUN, mid, owner)
                else
                    redis.call('HDEL', begun(channel, class), mid)
                    if not m then
                        end_as_dead(mid, channel, class)
                    end
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

-- Claims what is pending at this daemon, and was settled.
local function claim_own(queue, channel, class)
    local from, rows = '-', nil
    repeat
        rows = pending(outbox(queue, class), consumer, from, '+', STEP)
        for _, row in ipairs(rows) do
            if left > 0 and claim(queue, channel, class, consumer, row[1]) then
                left = left - 1
            end
            from = '(' .. row[1]
        end
    until #rows < STEP
end

for i = CHANNELS, #ARGV do
    for _, class in ipairs(CLASSES) do
        claim_begun(ARGV[i], class)
    end
end
for _, q in ipairs(queues) do
    for _, class in ipairs(CLASSES) do
        if settled > 0 then
            claim_own(q[1], q[2], class)
        end
        for _, owner in ipairs(dead_consumers(outbox(q[1], class))) do
            if is_gone(owner, GRACE, now) then
                claim_all(q[1], q[2], class, owner)
            end
        end
    end
end
return {done.resend, done.hold, left > 0 and 0 or 1, buried, sent}
