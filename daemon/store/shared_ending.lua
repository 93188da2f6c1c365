-- A message ends, and no sender has it: its hash goes, its customer's trace has a line, and deciding
-- hears of it by an event, which gives its place under caps and limits back.
local function decoded(text)
    local good, value = pcall(cjson.decode, text or '')
    return good and type(value) == 'table' and value or {}
end

local function message_of(mid)
    local m = {mid = mid, key = P .. ':message:' .. mid}
    local row = redis.call('HMGET', m.key, 'customer', 'channel', 'class', 'body', 'bound', 'mark')
    m.customer, m.channel, m.class, m.body, m.bound, m.mark = unpack(row)
    m.about = decoded(m.body)
    return m
end

local function line(m, what, why, now, keep)
    local form = '{"at":%s,"did":[{"rule":%s,"what":%s,"why":%s,"mid":%s}]}'
    push_trace(m.customer, string.format(form, ms(now), cjson.encode(m.about.rule or ''),
        cjson.encode(what), cjson.encode(why), cjson.encode(m.mid)), keep)
end

local function tell(m, event, id, reason)
    redis.call('XADD', P .. ':events', '*', 'event', cjson.encode({type = event, source = 'nudged',
        id = id, hops = (tonumber(m.about.hops) or 0) + 1, customer = {key = m.customer}, message = {
            id = m.mid, rule = m.about.rule, template = m.about.template, channel = m.channel or nil,
            reason = reason}}))
end

-- It must not be sent any more, and `why` says why. Where an attempt may have arrived it goes on
-- counting as sent; what was `told` already needs no event. Of one who was erased nothing is told.
local function withdraw(m, why, arrived, told, now, keep)
    redis.call('DEL', m.key)
    if why == 'erased' or not m.customer then
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
