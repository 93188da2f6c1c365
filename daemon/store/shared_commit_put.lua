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
        redis.call('PEXPIREAT', key, c.expire)
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

-- The fields of a message's hash: of one that is begun at once all, else from its state on. First what is
-- asked for when it is settled.
local OWNER, STATE = 1, 9
local row = {'owner', consumer, 'entry', BEGUN, 'take', '', 'gateway', '', 'state', '', 'customer', '', 'channel', '',
    'class', '', 'on_uncertain', '', 'give_up', '', 'attempts', '0', 'hash', '', 'said', '', 'topic', ''}
local WIDTH = #row
local function put_hash(c, first, kind, is_begun)
    local mid, _, _, give_up, hash, said, domain, returns = unpack(ARGV, first, first + MESSAGE - 1)
    local width = WIDTH
    row[6], row[8], row[10] = ARGV[c.head + 6], kind.gateway, is_begun and 'taken' or 'queued'
    row[12], row[14], row[16], row[18], row[20] = c.customer, kind.channel, kind.class, kind.on_uncertain, give_up
    row[24], row[26], row[28] = hash, said, kind.topic
    if domain ~= '' then
        row[width + 1], row[width + 2], width = 'domain', domain, width + 2
    end
    if returns ~= '' then
        row[width + 1], row[width + 2], width = 'returns', returns, width + 2
    end
    redis.call('HSET', message_key(mid), unpack(row, is_begun and OWNER or STATE, width))
end
