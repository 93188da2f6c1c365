#!lua flags=allow-oom
-- Dead letters go back to where they came from, each all or nothing. A message is made again, and
-- waits for `wait` ms; an event tells deciding, which counts it anew, and takes it back where
-- something has happened since that forbids it (decide/requeued.c). An event is pushed again. The
-- customer of a timer is due.
-- ARGV: P, wait, `anew` (a message has its time once more) or `same` (what is left of it), why, `dry`
-- (only the answer) or '', then for each letter {id, the hashes of its address in P:suppressed and
-- P:said (for a letter of a former program, which lacks them), the event that is to be pushed instead
-- of its body}, '' for what is absent
-- Returns for each `done`; `gone`: there is no such letter; or why nothing was written: `waits` (the
-- message is there already), `withdrawn`, `suppressed`, `unsubscribed`, `erased`, `late` (its time is
-- over), `no-code` (none is left), `broken` (it lacks what it needs), `nobody` (the customer of a
-- timer is not, or no more, known here: their deadlines went with them), `never` (of its kind none can go back).
-- Safe to run twice: the second run finds the letters gone.
local P, wait, again, why, dry = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5] == 'dry'
local WIDTH = 4
local BODY_MOST = 100000 -- bytes that the event has of it; of a larger one deciding knows less
local DAY = 86400000
local HOPS_MOST = 8      -- of an event
--with shared_type
--with shared_clock
--with shared_trace
--with shared_outbox
--with shared_said
--with shared_message
--with shared_returns
--with shared_codes
--with shared_ending
--with shared_elsewhere
local now = clock()
local wrong = wrong_key({P .. ':dead', 'stream', P .. ':later', 'zset', P .. ':events', 'stream',
    P .. ':suppressed', 'hash', P .. ':said', 'hash', P .. ':due', 'zset'})
if wrong then
    return wrong
end

-- Its fields; nil where it is gone.
local function read(id)
    local found = redis.pcall('XRANGE', P .. ':dead', id, id)
    local row = not found.err and found[1] and found[1][2]
    local letter = row and {}
    for i = 1, row and #row or 0, 2 do
        letter[row[i]] = row[i + 1]
    end
    return letter
end

local function is_filled(letter, ...)
    for _, name in ipairs({...}) do
        if not letter[name] or letter[name] == '' then
            return false
        end
    end
    return true
end

-- What was said under its address since, against it. Of a topic that is not known any no is.
local function said_against(letter, about)
    local words, erased = said_read(redis.call('HGET', P .. ':said', letter.said or ''))
    if erased and erased.at >= (tonumber(about.decided) or 0) then
        return 'erased'
    elseif letter.class ~= 'marketing' then
        return nil
    end
    local against = letter.topic and said_speaks_against(words, letter.topic)
    for _, word in pairs(letter.topic and {} or words) do
        against = against or word.no
    end
    return against and 'unsubscribed' or nil
end

local function objection(letter, about, give_up)
    if redis.call('EXISTS', message_key(letter.mid), body_key(letter.mid)) > 0 then
        return 'waits'
    elseif letter.mark then
        return 'withdrawn'
    elseif letter.hash and redis.call('HEXISTS', P .. ':suppressed', letter.hash) == 1 then
        return 'suppressed'
    end
    return said_against(letter, about) or give_up <= now and 'late' or nil
end

-- Until when it may be begun.
local function give_up_of(letter, about)
    local decided, expires = tonumber(about.decided), tonumber(about.expires)
    if again == 'same' then
        return tonumber(letter.give_up) or expires or 0
    end
    return decided and expires and now + math.max(0, expires - decided) or 0
end

-- Until that event is decided the message waits (requeue.lua).
local function tell_requeued(id, letter, about)
    return redis.call('XADD', P .. ':events', '*', 'event', cjson.encode({type = 'message.requeued',
        source = 'nudged', id = letter.mid .. '.requeued.' .. id,
        hops = math.min(HOPS_MOST, count_of(about.hops) + 1), customer = {key = letter.customer},
        message = {id = letter.mid, rule = about.rule, template = about.template,
            channel = letter.channel, class = letter.class, topic = letter.topic, reason = why,
            give_up = letter.give_up, decided = count_of(about.decided), died = count_of(string.match(id, '^%d+')),
            body = #letter.body <= BODY_MOST and letter.body or nil}}), 'own', letter.customer)
end

-- Whoever does not stand here by now stands in another shard, where the event will be decided. What it takes
-- back must be there: the message goes before it, by the same way, as those that a customer brings along.
local function send_after(letter)
    local mid, run = letter.mid, letter.run and redis.call('HGETALL', given_key(letter.run)) or {}
    local parcel = {key = letter.customer, messages = {{mid = mid, body = letter.body, state = 'later',
        row = redis.call('HGETALL', message_key(mid)), due = redis.call('ZSCORE', P .. ':later', mid)}},
        runs = #run > 0 and {{run = letter.run, row = run}} or nil}
    redis.call('ZREM', P .. ':later', mid)
    delete_message(mid)
    if #run > 0 then
        redis.call('DEL', given_key(letter.run))
    end
    redis.call('XADD', P .. ':events', '*', 'event', cjson.encode({type = 'customer.moved', source = 'nudged',
        by = letter.customer}), 'own', letter.customer, 'parcel', cjson.encode(parcel))
end

local KEPT = {'topic', 'hash', 'said', 'domain', 'gateway', 'bound', 'returns', 'code', 'codes', 'run', 'had'}
local function message(id, letter)
    local about = decoded(letter.body)
    local classes = {transactional = 'resend', marketing = 'hold'}
    if not is_filled(letter, 'mid', 'customer', 'channel', 'class') or not classes[letter.class] or
        type(about.rule) ~= 'string' or type(about.to) ~= 'string' then
        return 'broken'
    end
    local give_up = give_up_of(letter, about)
    local against = objection(letter, about, give_up)
    local anew = letter.codes and letter.run and not letter.code -- the one it had went back
    if anew and not run_has(letter.run, 'code') and codes_left(letter.codes) == 0 then
        against = against or 'no-code'
    end
    if against or dry then
        return against or 'done'
    end
    letter.give_up = give_up
    local row = {'state', 'later', 'customer', letter.customer, 'channel', letter.channel, 'class',
        letter.class, 'on_uncertain', letter.on_uncertain or classes[letter.class], 'give_up',
        ms(give_up), 'attempts', 0}
    for _, name in ipairs(KEPT) do
        if letter[name] then
            row[#row + 1] = name
            row[#row + 1] = letter[name]
        end
    end
    redis.call('HSET', message_key(letter.mid), unpack(row))
    if anew then
        give_code(letter.mid, letter.codes, letter.run, ms(give_up + DAY))
    end
    redis.call('SET', body_key(letter.mid), letter.body)
    redis.call('ZADD', P .. ':later', ms(now + wait), letter.mid)
    if elsewhere and redis.call('EXISTS', P .. ':customer:' .. letter.customer) == 0 then
        redis.call('HSET', message_key(letter.mid), 'requeued', '@')
        send_after(letter)
    end
    local event = tell_requeued(id, letter, about)
    if redis.call('EXISTS', message_key(letter.mid)) == 1 then
        redis.call('HSET', message_key(letter.mid), 'requeued', event)
    end
    return 'done'
end

local kinds = {message = message}

-- Whose it is where nudged made it; '': its body says so, as it did in a former program.
local function own_of(id, letter)
    local marked = count_of(redis.call('HGET', P .. ':meta', 'own'))
    local former = count_of(string.match(id, '^%d+')) <= marked and decoded(letter.body).source == 'nudged'
    return letter.own or former and '' or nil
end

function kinds.event(id, letter)
    local event = letter.instead ~= '' and letter.instead or letter.body
    if not event or event == '' then
        return 'broken'
    elseif dry then
        return 'done'
    end
    local own = own_of(id, letter)
    redis.call('XADD', P .. ':events', '*', 'event', event, unpack(own and {'own', own} or {}))
    return 'done'
end

function kinds.timer(_, letter)
    if not is_filled(letter, 'customer') then
        return 'broken'
    elseif redis.call('EXISTS', P .. ':customer:' .. letter.customer) == 0 then
        return 'nobody'
    elseif dry then
        return 'done'
    end
    redis.call('ZADD', P .. ':due', 'LT', ms(now), letter.customer)
    return 'done'
end

local function revive(id, hash, said, instead)
    local letter = read(id)
    if not letter then
        return 'gone'
    elseif not kinds[letter.kind] then
        return 'never'
    end
    letter.hash = letter.hash or hash ~= '' and hash or nil
    letter.said = letter.said or said ~= '' and said or nil
    letter.instead = instead
    local verdict = kinds[letter.kind](id, letter)
    if verdict == 'done' and not dry then
        redis.call('XDEL', P .. ':dead', id)
    end
    return verdict
end

local out = {}
for i = 6, #ARGV, WIDTH do
    out[#out + 1] = revive(unpack(ARGV, i, i + WIDTH - 1))
end
return out
