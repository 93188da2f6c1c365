#!lua flags=allow-oom
-- What an operator says of uncertain messages. `resend` puts one back into
-- the outbox, still bound to the gateway that may have taken it, and gives it as long again as
-- its rule gave it at first; `drop` makes it a dead letter.
-- ARGV: P, `resend` or `drop`, ms that a trace lives, mids…
-- Returns for each 'done', 'gone' (it is not uncertain) or 'unsubscribed' (not resent: the customer
-- has unsubscribed from it since); nothing is written but for 'done'. Safe to run twice: the
-- second run finds them gone.
local P, verb, keep = ARGV[1], ARGV[2], ARGV[3]
--with shared_clock
--with shared_trace
--with shared_outbox
--with shared_requeue
local now = clock()

local function decoded(text)
    local good, value = pcall(cjson.decode, text or '')
    return good and type(value) == 'table' and value or {}
end

local function unsubscribed(customer, class, topic)
    local optouts = decoded(redis.call('GET', P .. ':customer:' .. customer)).optouts
    return class == 'marketing' and type(optouts) == 'table' and
        (optouts.all or optouts[topic or 'all'])
end

local function resend(m, body)
    if unsubscribed(m.customer, m.class, body.topic) then
        return 'unsubscribed'
    end
    local decided, expires = tonumber(body.decided), tonumber(body.expires)
    local until_ms = decided and expires and now + expires - decided or now
    redis.call('HSET', m.key, 'give_up', ms(math.max(until_ms, tonumber(m.give_up) or 0)))
    requeue(m.mid, m.channel, m.class)
    return 'done', 'resent'
end

local function drop(m)
    redis.call('XADD', P .. ':dead', '*', 'kind', 'message', 'reason', 'dropped', 'detail',
        'it was uncertain, and dropped by hand', 'customer', m.customer or '', 'mid', m.mid,
        'channel', m.channel or '', 'class', m.class or '', 'body', m.body or '')
    redis.call('DEL', m.key)
    return 'done', 'dropped'
end

local verbs = {resend = resend, drop = drop}

local function settle(mid)
    local m = {mid = mid, key = P .. ':message:' .. mid}
    local row = redis.call('HMGET', m.key, 'state', 'customer', 'channel', 'class', 'body', 'give_up')
    if row[1] ~= 'uncertain' then
        redis.call('ZREM', P .. ':uncertain', mid)
        return 'gone'
    end
    m.customer, m.channel, m.class, m.body, m.give_up = unpack(row, 2)
    local body = decoded(m.body)
    local verdict, what = verbs[verb](m, body)
    if verdict == 'done' then
        local line = '{"at":%s,"did":[{"rule":%s,"what":"%s","why":"by hand","mid":%s}]}'
        redis.call('ZREM', P .. ':uncertain', mid)
        if m.customer then
            push_trace(m.customer, string.format(line, ms(now), cjson.encode(body.rule or ''),
                what, cjson.encode(mid)), keep)
        end
    end
    return verdict
end

local out = {}
for i = 4, #ARGV do
    out[#out + 1] = settle(ARGV[i])
end
return out
