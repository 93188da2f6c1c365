#!lua flags=allow-oom
-- What came back of a mail: a bounce, a delay or a complaint, which a signed address or the mail's own
-- id has led to. `find` only looks whom it is about; any other verb is what became of the mail:
-- `bounced` and `complained` suppress its address; these and `failed` are events; `delayed` stands in
-- the trace alone. Each once for a mail. `unsubscribed` is a no to all of its customer's, an event whose
-- id keeps it from being another one. `spend` is no news: what is told once is told all the same.
-- ARGV: P, verb, mid, ms that a trace lives, the customer as a trace names them now ('': nobody is
-- told, as they were erased), reason of the suppression, words, enhanced code, code;
-- and of a delivery that may be told once: its name (a hash), ms that it is remembered, who tells it (a word)
-- Returns of `find` {customer, hash of the address, first ms of the day on which it was sent; 0: it is
-- on the way}, or {}; else `done`, `twice`, or `gone`; `spent` where another had told the delivery, which does
-- nothing. Safe to run twice: the second finds it told.
local P, verb, mid, keep, person, why, words, enhanced, code, once, once_keep, teller = unpack(ARGV)
--with shared_type
--with shared_elsewhere
--with shared_clock
--with shared_trace
--with shared_message
--with shared_returns
local now = clock()
local wrong = wrong_key({P .. ':events', 'stream', P .. ':suppressed', 'hash'}) or words_are_wrong()
if wrong then
    return wrong
end

local function hex_of(bytes)
    return (string.gsub(bytes, '.', function(c) return string.format('%02x', string.byte(c)) end))
end

-- Who it went to is not the customer: what they say of it is no word of theirs.
local function mark(m)
    if m.rule and is_elsewhere(m.rule) then
        m.elsewhere = true
        m.rule = string.sub(m.rule, 2)
    end
    if m.rule == '' then
        m.rule, m.channel = nil, nil
    end
    return m
end

-- A mail that is on the way (it may bounce before the answer to its end has come), or was.
local function look_up()
    local row = fields(mid, 'customer', 'hash', 'returns', 'told', 'gateway', 'class', 'topic', 'channel')
    if row and row[1] and row[3] then
        local hops, rule = string.match(row[3], '^(%d+) (%S+)')
        return mark({customer = row[1], hash = row[2], hops = tonumber(hops or 0), rule = rule, day = 0,
            told = count_of(row[4]), gateway = row[5], class = row[6], topic = row[7], channel = row[8]})
    end
    local found = find_returned(mid, now)
    if not found then
        return nil
    end
    local state = string.byte(found.value)
    local parts = {}
    for part in string.gmatch(string.sub(found.value, 18), '[^%z]+') do
        parts[#parts + 1] = part
    end
    return mark({customer = parts[1], hash = hex_of(string.sub(found.value, 2, 17)), hops = math.floor(state / 8),
        told = state % 8, rule = parts[2], channel = parts[2] and (parts[3] or 'email'),
        day = found.day * DAY, found = found})
end

local function note(m)
    m.told = m.told + TOLD[verb]
    if m.found then
        local value = string.char(8 * m.hops + m.told) .. string.sub(m.found.value, 2)
        redis.call('HSET', m.found.key, m.found.field, value)
    else
        put_fields(mid, 'told', m.told)
    end
end

local function trace(m)
    local form = '{"at":%s,"did":[{"rule":%s,"what":"%s",%s"why":%s,"mid":"%s"}]}'
    local what = {bounced = 'returned', failed = 'returned', delayed = 'delayed', complained = 'complained'}
    local reason = TOLD[verb] == 1 and '"reason":"' .. verb .. '",' or ''
    push_trace(person, string.format(form, ms(now), cjson.encode(m.rule or ''), what[verb], reason,
        cjson.encode(words), mid), keep)
end

local function tell(m)
    redis.call('XADD', P .. ':events', '*', 'event', cjson.encode({type = 'message.' .. verb,
        source = 'nudged', id = mid .. '.' .. verb, hops = m.hops + 1, customer = {key = m.customer},
        message = {id = mid, rule = m.rule or nil, channel = m.channel or nil, class = m.class or nil,
            topic = m.topic or nil, gateway = m.gateway or nil, elsewhere = m.elsewhere, cause = verb == 'bounced' and verb or nil,
            reason = words, enhanced = enhanced ~= '' and enhanced or nil, code = tonumber(code)}}), 'own', m.customer)
end

local function decline(m)
    redis.call('XADD', P .. ':events', '*', 'event', cjson.encode({type = 'customer.unsubscribed',
        source = 'nudged', id = mid .. '.unsubscribed', hops = m.hops + 1, customer = {key = m.customer},
        message = {id = mid, rule = m.rule or nil, gateway = m.gateway or nil}}), 'own', m.customer)
end

if once then
    local name = P .. ':once:' .. once
    local wrong_name = wrong_key({name, 'string'})
    if wrong_name then
        return wrong_name
    end
    local there = redis.call('GET', name)
    if there and there ~= teller then
        return 'spent'
    end
    redis.call('SET', name, teller, 'PX', once_keep)
end

local m = is_hex(mid, 32) and look_up()
if verb == 'spend' then
    return 'done'
elseif verb == 'find' then
    return m and {m.customer, m.hash, m.day} or {}
elseif not m then
    return 'gone'
elseif verb == 'unsubscribed' then
    if person ~= '' and not m.elsewhere then
        decline(m)
    end
    return 'done'
elseif math.floor(m.told / TOLD[verb]) % 2 == 1 then
    return 'twice'
end
note(m)
if why ~= '' then
    redis.call('HSETNX', P .. ':suppressed', m.hash, string.format('{"reason":%s,"at":%s}', cjson.encode(why),
        ms(now)))
    pass_word('suppress', m.hash, why, ms(now))
end
if person ~= '' then
    trace(m)
    if verb ~= 'delayed' then
        tell(m)
    end
end
return 'done'
