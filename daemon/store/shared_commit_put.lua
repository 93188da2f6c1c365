-- What is written of each customer, whatever was decided.
local function put_text(key, text, until_ms)
    redis.call('SET', key, text, 'PXAT', until_ms)
    texts[key] = text
end

-- The newest line is the first. Where it is no list the lines are lost; false then.
local function put_lines(c, first, last, lines)
    local key, count = trace_key(c.customer), nil
    for from = first, last, SOME do
        local answer = redis.pcall('LPUSH', key, unpack(lines, from, math.min(from + SOME - 1, last)))
        if type(answer) ~= 'number' then
            return false
        end
        count = answer
    end
    if count then
        if count > 100 then
            redis.call('LTRIM', key, 0, 99)
        end
        if not c.trace_stays or count == last - first + 1 then
            redis.call('PEXPIREAT', key, c.expire)
        end
    end
    return true
end
local function put_traces(c)
    return put_lines(c, c.traces, c.relied - 1, ARGV)
end

-- A customer's score in a set that all share; '0': none.
local function put_score(key, customer, score)
    if score ~= '0' then
        redis.call('ZADD', key, score, customer)
        kinds[key] = 'zset'
    elseif kind_of(key) ~= 'none' then
        redis.call('ZREM', key, customer)
    end
end
local function put_customer(c)
    if c.document ~= '' then
        redis.call('SET', document_key(c.customer), c.document, 'PXAT', c.expire)
    end
    bare[c.customer] = nil
    put_score(TAKEN, c.customer, '0')
    put_score(DUE, c.customer, ARGV[c.head + 5])
end

-- A message that goes into the outbox: as a hash, to which more is added there.
local unpack_message
local function put_queued(mid, kind, text)
    if not unpack_message then
--with shared_packed
        unpack_message = unpacked
    end
    local m = unpack_message(text)
    local row = {'state', 'queued', 'channel', kind.channel, 'class', kind.class, 'on_uncertain', m.on_uncertain,
        'attempts', '0', 'topic', m.topic, 'customer', m.customer, 'give_up', m.give_up, 'hash', m.hash, 'said', m.said}
    for _, name in ipairs({'domain', 'returns'}) do
        if m[name] then
            row[#row + 1], row[#row + 2] = name, m[name]
        end
    end
    redis.call('HSET', message_key(mid), unpack(row))
    redis.call('SET', body_key(mid), m.body)
    redis.call('XADD', kind.stream, '*', 'mid', mid)
    kinds[kind.stream] = 'stream'
end

-- What stands for it in P:begun is written for many at once: note_begun().
local function put_begun(c, mid, kind, text)
    redis.call('SET', message_key(mid), text)
    kind.begun[#kind.begun + 1] = mid
    kind.begun[#kind.begun + 1] = kind.is_plain and begun_value .. ' ' .. c.customer or begun_value
end
