-- All of a commit is written, once everything holds.

-- The newest line is the first. Where it is no list the lines are lost; false then.
local function put_traces(c, lines)
    local key, count = trace_key(c.customer), nil
    for first = 1, #lines, SOME do
        local answer = redis.pcall('LPUSH', key, unpack(lines, first, math.min(first + SOME - 1, #lines)))
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

local function put_halts(c)
    for _, rule in ipairs(c.brakes) do
        redis.call('HSETNX', P .. ':halted', rule, string.format('{"at":%s,"by":"brake"}', ms(now)))
        halted[rule] = nil
    end
    for _, h in ipairs(c.halted) do
        local rule, key, since = unpack(h)
        if is_wrong(P .. ':halt:' .. rule, 'zset') then
            redis.call('DEL', P .. ':halt:' .. rule) -- whatever stands there, it is no queue of ours
        end
        if since == '0' then
            redis.call('ZREM', P .. ':halt:' .. rule, key)
        else
            redis.call('ZADD', P .. ':halt:' .. rule, since, key)
            redis.call('SADD', P .. ':halts', rule)
        end
    end
end

local function put_words(c)
    for _, item in ipairs(c.said) do
        local name, word, what, at = unpack(item)
        pass_word(word, name, what, at)
    end
    for _, name in ipairs(c.names) do
        local record = said_print(unpack(c.told[name], 1, 2))
        records[name] = record ~= '' and record
        if record == '' then
            redis.call('HDEL', said_key, name)
        else
            redis.call('HSET', said_key, name, record)
        end
    end
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
        put_text(document_key(c.customer), c.document, c.expire)
    end
    put_score(P .. ':taken', c.customer, '0')
    put_score(P .. ':due', c.customer, c.deadline)
    for _, wait in ipairs(c.full) do
        put_score(P .. ':full:' .. wait[1], c.customer, wait[2])
    end
end

-- The entry in the outbox stays: who takes it finds nothing and drops it.
local function put_withdrawals(c)
    for _, w in ipairs(c.withdrawals) do
        local mid, place, why = unpack(w)
        local m = place == 'uncertain' and why ~= 'erasure' and fields(mid, 'state', 'give_up')
        fresh[mid] = nil
        if place == 'hand' then -- whatever brings it back ends it: see shared_ending.lua
            redis.call('HSET', message_key(mid), 'mark', why)
        elseif m and m[1] == 'uncertain' then -- held: see by_hand.lua; else it ends at its give_up
            redis.call('HSET', message_key(mid), 'mark', why)
            redis.call('ZADD', P .. ':later', string.format('%.0f', count_of(m[2])), mid)
        else
            if redis.call('ZREM', P .. ':later', mid) == 1 then
--with shared_held
                unhold(mid, unpack(fields(mid, 'channel', 'class') or {}))
            end
            if place == 'waits' then
                give_back(mid)
            end
            delete_message(mid)
            if place == 'uncertain' then
                redis.call('ZREM', P .. ':uncertain', mid)
            end
        end
    end
    for _, p in ipairs(c.postponed) do
        redis.call('ZADD', P .. ':later', 'XX', 'GT', p[2], p[1])
    end
end

local function tell_low(list, low)
    local mark, left = tonumber(redis.call('HGET', P .. ':lists', list) or nil), codes_left(list)
    if mark and mark > 0 and left <= mark then
        redis.call('HSET', P .. ':lists', list, 0) -- told; until more are loaded
        low[#low + 1] = list
        low[#low + 1] = tostring(left)
    end
end

-- What is given a code is taken from the outbox: somebody may know the code from then on.
local function put_message(c, m, code, low)
    local mid, channel, class, body, on_uncertain, give_up, hash, said, topic, domain, returns, gateway =
        unpack(m)
    local begins = gateway ~= '' and not code and tonumber(give_up) > now and may_begin(channel, class, gateway)
    local more = begins and begin(c, mid, channel, class, gateway) or {'state', 'queued'}
    if domain ~= '' then
        more[#more + 1], more[#more + 2] = 'domain', domain
    end
    if returns ~= '' then
        more[#more + 1], more[#more + 2] = 'returns', returns
    end
    redis.call('HSET', message_key(mid), 'customer', c.customer, 'channel', channel, 'class', class,
        'on_uncertain', on_uncertain, 'give_up', give_up, 'attempts', 0, 'hash', hash, 'said', said,
        'topic', topic, unpack(more))
    redis.call('SET', body_key(mid), body)
    fresh[mid] = nil
    if code then
        give_code(unpack(code))
        tell_low(code[2], low)
    end
    if not begins then
        redis.call('XADD', outbox(channel, class), '*', 'mid', mid)
        kinds[outbox(channel, class)] = 'stream'
    end
    return begins
end

-- Returns the lists of codes that run out, and the mids that were begun at once.
local function put_messages(c)
    local codes, low, began = {}, {}, {}
    for _, code in ipairs(c.codes) do
        codes[code[1]] = code
    end
    for _, m in ipairs(c.messages) do
        if not is_fresh(m[1]) then -- it may be sent after all
            redis.call('HDEL', message_key(m[1]), 'mark')
        elseif put_message(c, m, codes[m[1]], low) then
            began[#began + 1] = m[1]
        end
    end
    for _, r in ipairs(c.runs) do
        redis.pcall('PEXPIREAT', given_key(r[1]), r[2], 'GT')
    end
    return low, began
end

local function put_records(c)
    for _, emit in ipairs(c.emits) do
        if emit[2] ~= '' then
            redis.call('XADD', events, '*', 'event', emit[2], 'own', emit[1])
        end
    end
    for _, letter in ipairs(c.dead) do
        redis.call('XADD', P .. ':dead', '*', 'kind', letter[1], 'reason', letter[2], 'detail',
            letter[3], 'customer', c.customer, 'body', letter[4], unpack(letter[5] ~= '' and {'own', letter[5]} or {}))
    end
end

-- The trace comes first: where it is spoilt nothing has been written yet. Withdrawals come before
-- messages: one that is decided again is not to be deleted.
local function write(c)
    if c.traces_first and c.customer ~= '' and not put_traces(c, c.traces) and c.document ~= '' then
        local key = trace_key(c.customer)
        return {'broken', key, string.format('is a %s, not a list', redis.call('TYPE', key).ok)}
    end
    for _, bound in pairs(c.bounds or EMPTY.braked) do
        bound.use()
    end
    put_halts(c)
    put_words(c)
    if c.customer ~= '' then
        put_customer(c)
    end
    join(c)
    erase(c)
    keep_starts(c)
    redirect(c)
    local dropped = keep_watches(c)
    put_withdrawals(c)
    local low, began = put_messages(c)
    put_records(c)
    if not c.traces_first and c.customer ~= '' then
        put_traces(c, c.traces)
    end
    put_traces(c, dropped)
    if #c.zones > 0 and kind_of(INDEX) == 'hash' then
        pcall(put_zones, c)
    end
    in_parts(c.ticks, function(first, last)
        redis.call('ZREM', TICKS, unpack(c.ticks, first, last))
    end)
    c.is_written = true
    return {'done', low, began}
end
