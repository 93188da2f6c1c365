#!lua flags=allow-oom
-- What an operator says of uncertain messages. `resend` puts one back into
-- the outbox, still bound to the gateway that may have taken it, and gives it as long again as
-- its rule gave it at first, or ends it where it was withdrawn; `drop` makes it a dead letter.
-- ARGV: P, `resend` or `drop`, ms that a trace lives, mids…
-- Returns for each 'done', 'gone' (it is not uncertain), 'withdrawn' (it has ended instead) or
-- 'unsubscribed' (not resent: the address has declined it since); of the last, and of what is gone,
-- nothing is written. Safe to run twice: the second run finds them gone.
local P, verb, keep = ARGV[1], ARGV[2], ARGV[3]
--with shared_type
--with shared_clock
--with shared_trace
--with shared_outbox
--with shared_requeue
--with shared_said
--with shared_message
--with shared_ending
local now = clock()
local wrong = wrong_key({P .. ':uncertain', 'zset', P .. ':later', 'zset', P .. ':dead', 'stream',
    P .. ':said', 'hash'})
if wrong then
    return wrong
end

local function resend(m, row)
    if m.mark then
        withdraw(m, m.mark, true, true, now, keep)
        return 'withdrawn'
    end
    if not (m.channel and m.class) or is_wrong(outbox(m.channel, m.class), 'stream') then
        return 'gone'
    end
    local record = m.class == 'marketing' and row[3] and redis.call('HGET', P .. ':said', row[3])
    if record and said_declines(record, row[4] or 'all') then
        return 'unsubscribed'
    end
    local decided, expires = tonumber(m.about.decided), tonumber(m.about.expires)
    local until_ms = decided and expires and now + expires - decided or now
    redis.call('HSET', m.key, 'give_up', ms(math.max(until_ms, count_of(row[2]))))
    requeue(m.mid, m.channel, m.class)
    return 'done', 'resent'
end

local function drop(m)
    letter(m, 'dropped', 'it was uncertain, and dropped by hand')
    return 'done', 'dropped'
end

local verbs = {resend = resend, drop = drop}

local function settle(mid)
    local row = fields(mid, 'state', 'give_up', 'said', 'topic')
    if not row or row[1] ~= 'uncertain' then
        redis.call('ZREM', P .. ':uncertain', mid)
        return 'gone'
    end
    local m = message_of(mid)
    local verdict, what = verbs[verb](m, row)
    if m.mark then
        redis.call('ZREM', P .. ':later', mid)
    end
    if verdict == 'done' or verdict == 'withdrawn' then
        redis.call('ZREM', P .. ':uncertain', mid)
    end
    if verdict == 'done' and m.customer then
        line(m, what, 'by hand', now, keep)
    end
    return verdict
end

local out = {}
for i = 4, #ARGV do
    out[#out + 1] = settle(ARGV[i])
end
return out
