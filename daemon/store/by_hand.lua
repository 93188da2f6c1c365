#!lua flags=allow-oom
-- What an operator says of messages that are not sent yet, by where each is. `retry`: one that is
-- held goes back into the outbox, still bound to the gateway that may have taken it, with as much time
-- as its rule gave it at first; one that waits for its next try is due. `drop`: it becomes a dead
-- letter, and unless it may have arrived its place under limits and caps is given back; one in a
-- sender's hand is marked, and ends when it comes back undelivered.
-- ARGV: P, `outbox` or `uncertain` (a message of the other is none), `retry` or `drop`, `dry` (only the
-- answer) or '', ms that a trace lives, mids…
-- Returns for each `done`; `marked`; or why nothing was done: `gone` (there is none, any more), `queued`
-- (it is to be taken next), `taken` (a sender has it), `suppressed`, `unsubscribed` (its address by
-- now); or `withdrawn` (it was, and of the held ones has ended now instead). Safe to run twice.
local P, pile, verb, dry, keep = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == 'dry', ARGV[5]
--with shared_type
--with shared_clock
--with shared_trace
--with shared_outbox
--with shared_said
--with shared_objection
--with shared_message
--with shared_requeue
--with shared_returns
--with shared_codes
--with shared_ending
--with shared_held
local now = clock()
local wrong = wrong_key({P .. ':uncertain', 'zset', P .. ':later', 'zset', P .. ':dead', 'stream',
    P .. ':events', 'stream', P .. ':said', 'hash', P .. ':suppressed', 'hash'})
if wrong then
    return wrong
end

local function objection_to(m, row)
    return objection(m.class, m.mark, row.hash, row.said, row.topic)
end

-- ---- Retry ----

local function due(m, row)
    local against = objection_to(m, row)
    if not against and not dry then
        redis.call('ZADD', P .. ':later', 'XX', 'LT', ms(now), m.mid)
    end
    return against and (m.mark and 'withdrawn' or against) or 'done'
end

local function give_up_anew(m, row)
    local decided, expires = tonumber(m.about.decided), tonumber(m.about.expires)
    local until_ms = decided and expires and now + expires - decided or now
    put_fields(m.mid, 'give_up', ms(math.max(until_ms, count_of(row.give_up))))
end

local function resend(m, row)
    local against = objection_to(m, row)
    if m.mark and not dry then
        withdraw(m, m.mark, true, true, now, keep)
        redis.call('ZREM', P .. ':later', m.mid)
        redis.call('ZREM', P .. ':uncertain', m.mid)
    end
    if against then
        return m.mark and 'withdrawn' or against
    elseif not (m.channel and m.class) or is_wrong(outbox(m.channel, m.class), 'stream') then
        return 'gone'
    elseif not dry then
        give_up_anew(m, row)
        requeue(m.mid, m.channel, m.class)
        redis.call('ZREM', P .. ':uncertain', m.mid)
        if m.customer then
            line(m, 'resent', 'by hand', now, keep)
        end
    end
    return 'done'
end

-- ---- Drop ----

-- Its entry in the outbox stays: who takes it finds nothing.
local function drop(m, row)
    if dry then
        return 'done'
    end
    local arrived = m.bound or row.state == 'uncertain'
    unhold(m.mid, m.channel, m.class)
    letter(m, 'dropped', arrived and 'it was uncertain, and dropped by hand' or 'dropped by hand')
    redis.call('ZREM', P .. ':later', m.mid)
    redis.call('ZREM', P .. ':uncertain', m.mid)
    if m.customer then
        line(m, 'dropped', 'by hand', now, keep)
        if not arrived then
            tell(m, 'message.withdrawn', m.mid .. '.withdrawn.' .. ms(now), 'dropped')
        end
    end
    return 'done'
end

local function mark(m)
    if not dry and not m.mark then
        put_fields(m.mid, 'mark', 'dropped')
        if m.customer then
            line(m, 'marked', 'by hand', now, keep)
        end
    end
    return 'marked'
end

-- ---- By where it is ----

local function refuse(word)
    return function()
        return word
    end
end
local verbs = {
    outbox = {
        retry = {later = due, queued = refuse('queued'), taken = refuse('taken')},
        drop = {later = drop, queued = drop, taken = mark},
    },
    uncertain = {retry = {uncertain = resend}, drop = {uncertain = drop}},
}

local function settle(mid)
    local m = fields(mid, 'state', 'give_up', 'hash', 'said', 'topic')
    local row = m and {state = m[1], give_up = m[2], hash = m[3], said = m[4], topic = m[5]} or {}
    if pile == 'uncertain' and row.state ~= 'uncertain' and not dry then
        redis.call('ZREM', P .. ':uncertain', mid)
    end
    local act = verbs[pile][verb][row.state]
    return act and act(message_of(mid), row) or 'gone'
end

local out = {}
for i = 6, #ARGV do
    out[#out + 1] = settle(ARGV[i])
end
return out
