-- A message ends, and no sender has it: its hash goes, its customer's trace has a line, and deciding
-- hears of it by an event, which gives its place under caps and limits back.
local function decoded(text)
    local good, value = pcall(cjson.decode, text or '')
    return good and type(value) == 'table' and value or {}
end

-- What is known of a message in a channel's outbox; of one whose record is none, no more than that.
local function message_of(mid, channel, class)
    local row = fields(mid, 'customer', 'channel', 'class', 'body', 'bound', 'mark', 'topic', 'gateway',
        'hash', 'returns', 'told')
    local m = {mid = mid, key = message_key(mid), spoilt = not row}
    m.customer, m.channel, m.class, m.body, m.bound, m.mark, m.topic, m.gateway, m.hash,
        m.returns, m.told = unpack(row or {}, 1, 11)
    m.channel, m.class, m.body = m.channel or channel, m.class or class, body_of(mid, m.body)
    m.about = decoded(m.body)
    return m
end

-- Its hash is deleted, and its body; what is no hash is somebody else's. Of what was sent, or may have
-- arrived, it is remembered whom a bounce is about.
local function delete(m, sent, now)
    if sent or m.bound then
        remember(m.mid, m.customer, m.hash, m.returns, m.told, now or clock())
    end
    if not m.spoilt then
        give_back(m.mid)
    end
    redis.call('DEL', body_key(m.mid))
    if not m.spoilt then
        redis.call('DEL', m.key)
    end
end

local function line(m, what, why, now, keep, reason)
    local form = '{"at":%s,"did":[{"rule":%s,"what":%s,%s"why":%s,"mid":%s}]}'
    push_trace(m.customer, string.format(form, ms(now), cjson.encode(m.about.rule or ''),
        cjson.encode(what), reason and '"reason":' .. cjson.encode(reason) .. ',' or '',
        cjson.encode(why), cjson.encode(m.mid)), keep)
end

-- Where the string that begins at `from` ends.
local function string_end(text, from)
    local at = from
    repeat
        at = string.find(text, '["\\]', at + 1)
        local escapes = at and string.sub(text, at, at) == '\\'
        at = escapes and at + 1 or at
    until not escapes
    return at
end

-- The object that is a member of an object, as it is written: its numbers stay exact. Of JSON
-- without spaces.
local function object_in(text, name)
    local depth, at, from = 0, 0, nil
    local wanted = '"' .. name .. '":{'
    while true do
        at = string.find(text, '["{}%[%]]', at + 1)
        local c = at and string.sub(text, at, at)
        if not c then
            return nil
        elseif c == '"' then
            if depth == 1 and not from and string.sub(text, at, at + #wanted - 1) == wanted then
                from = at + #wanted - 1
            end
            at = string_end(text, at) or #text
        else
            depth = depth + ((c == '{' or c == '[') and 1 or -1)
            if from and depth == 1 then
                return string.sub(text, from, at)
            end
        end
    end
end

-- The same members as delivery/message_event.c has.
local DATA_MOST = 4096
local function tell(m, event, id, reason, cause)
    local data = object_in(m.body or '', 'data')
    local message = cjson.encode({id = m.mid, rule = m.about.rule, step = m.about.step,
        template = m.about.template, to = m.about.to, channel = m.channel or nil, class = m.class or nil,
        topic = m.topic or nil, gateway = m.gateway or nil, cause = cause, reason = reason,
        may_have_arrived = m.bound and true or nil})
    if data and data ~= '{}' and #data <= DATA_MOST then
        message = string.sub(message, 1, -2) .. ',"data":' .. data .. '}'
    end
    local form = '{"type":"%s","source":"nudged","id":%s,"hops":%s,"customer":{"key":%s},"message":%s}'
    redis.call('XADD', P .. ':events', '*', 'event', string.format(form, event, cjson.encode(id),
        ms(count_of(m.about.hops) + 1), cjson.encode(m.customer), message), 'own', m.customer)
end

-- It must not be sent any more, and `why` says why. Where an attempt may have arrived it goes on
-- counting as sent; what was `told` already needs no event. Of one who was erased nothing is told.
local function withdraw(m, why, arrived, told, now, keep)
    if why == 'erasure' then
        m.returns = nil
    end
    delete(m, false, now)
    if why == 'erasure' or not m.customer then
        return
    end
    if arrived then
        line(m, 'withdrawn, may have arrived', why, now, keep)
        return
    end
    line(m, 'withdrawn', why, now, keep)
    if not told then -- it may be decided and withdrawn again: each is an event of its own
        tell(m, 'message.withdrawn', m.mid .. '.withdrawn.' .. ms(now), why)
    end
end

-- What a letter keeps of the message's hash besides, so that revive.lua can make it again.
local KEPT = {'topic', 'on_uncertain', 'hash', 'said', 'domain', 'give_up', 'gateway', 'bound', 'mark',
    'returns', 'code', 'codes', 'run', 'had'}

-- It becomes a dead letter, whose id is returned.
local function letter(m, reason, detail)
    local entry = {'kind', 'message', 'reason', reason, 'detail', detail, 'customer', m.customer or '',
        'mid', m.mid, 'channel', m.channel or '', 'class', m.class or ''}
    local row = not m.spoilt and fields(m.mid, unpack(KEPT)) or {}
    for i, name in ipairs(KEPT) do -- a code that nobody has had goes back into its list
        if row[i] and row[i] ~= '' and (name ~= 'code' or row[#KEPT]) then
            entry[#entry + 1] = name
            entry[#entry + 1] = row[i]
        end
    end
    entry[#entry + 1] = 'body'
    entry[#entry + 1] = m.body or ''
    local id = redis.call('XADD', P .. ':dead', '*', unpack(entry))
    delete(m)
    return id
end

-- Likewise as it can go nowhere, which is told.
local function bury(m, reason, detail, now, keep)
    local id = letter(m, reason, detail)
    if m.customer then
        line(m, 'dead', detail, now, keep, reason)
        tell(m, 'message.failed', m.mid .. '.failed', detail, reason)
    end
    return id
end
