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
    put_score(TAKEN, c.customer, '0')
    put_score(DUE, c.customer, ARGV[c.head + 5])
end

-- The fields of a message's hash: of one that is begun at once all, else from its state on. First what all
-- of its kind have in common, then what is its own.
local ALL, STATE, OWN = 1, 7, 19
local row = {'owner', consumer, 'entry', BEGUN, 'gateway', '', 'state', '', 'channel', '', 'class', '', 'on_uncertain', '',
    'attempts', '0', 'topic', '', 'customer', '', 'give_up', '', 'hash', '', 'said', ''}
local WIDTH = #row -- 26
-- What they have in common is copied from the first of this run that has the same fields: until something
-- else may have been written to it.
local function forget_models()
    for _, kind in pairs(kinds_of_messages) do
        kind.models = {}
    end
end
local function put_hash(c, first, kind, is_begun)
    local mid, _, _, give_up, hash, said, domain, returns = unpack(ARGV, first, first + MESSAGE - 1)
    local key, width, shape = message_key(mid), WIDTH, is_begun and 1 or 2
    row[20], row[22], row[24], row[26] = c.customer, give_up, hash, said
    if is_begun then
        row[27], row[28], width = 'take', ARGV[c.head + 6], 28
    end
    if domain ~= '' then
        row[width + 1], row[width + 2], width, shape = 'domain', domain, width + 2, shape + 2
    end
    if returns ~= '' then
        row[width + 1], row[width + 2], width, shape = 'returns', returns, width + 2, shape + 4
    end
    local model = kind.models[shape]
    if model and redis.call('COPY', model, key) == 1 then
        redis.call('HSET', key, unpack(row, OWN, width))
        return
    end
    row[6], row[8], row[10], row[12] = kind.gateway, is_begun and 'taken' or 'queued', kind.channel, kind.class
    row[14], row[18] = kind.on_uncertain, kind.topic
    redis.call('HSET', key, unpack(row, is_begun and ALL or STATE, width))
    kind.models[shape] = key
end
