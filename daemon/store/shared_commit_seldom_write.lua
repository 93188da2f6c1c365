-- What is written of it.
local function put_halts(c)
    for _, rule in ipairs(c.brakes) do
        redis.call('HSETNX', HALTED, rule, string.format('{"at":%s,"by":"brake"}', ms(now)))
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
        for _, heard in ipairs(c.heard) do
            if heard[1] == name then
                pass_word(word, name, what, at, heard[2])
            end
        end
    end
    for _, name in ipairs(c.names) do
        local record = said_print(unpack(c.told[name], 1, 2))
        records[name] = record ~= '' and record
        if record == '' then
            redis.call('HDEL', SAID, name)
        else
            redis.call('HSET', SAID, name, record)
        end
    end
end

-- The entry in the outbox stays: who takes it finds nothing and drops it.
local function put_withdrawals(c)
    for _, w in ipairs(c.withdrawals) do
        local mid, place, why = unpack(w)
        local m = place == 'uncertain' and why ~= 'erasure' and fields(mid, 'state', 'give_up')
        touched[mid] = true
        if place == 'hand' then -- whatever brings it back ends it: see shared_ending.lua
            put_fields(mid, 'mark', why)
        elseif m and m[1] == 'uncertain' then -- held: see by_hand.lua; else it ends at its give_up
            put_fields(mid, 'mark', why)
            redis.call('ZADD', P .. ':later', string.format('%.0f', count_of(m[2])), mid)
        else
            if redis.call('ZREM', P .. ':later', mid) == 1 then
--with shared_held
                unhold(mid, unpack(fields(mid, 'channel', 'class') or NONE))
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
        drop_fields(p[1], 'requeued') -- it has been decided
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

-- It is decided anew, so it may be sent after all.
local function unmark(mid)
    drop_fields(mid, 'mark')
end
local function give(code, low)
    give_code(unpack(code))
    tell_low(code[2], low)
end
local function codes_of(c)
    local codes = {}
    for _, code in ipairs(c.codes) do
        codes[code[1]] = code
    end
    return codes
end

local function put_records(c)
    for _, emit in ipairs(c.emits) do
        if emit[2] ~= '' then
            redis.call('XADD', EVENTS, '*', 'event', emit[2], 'own', emit[1])
        end
    end
    for _, emit in ipairs(c.abroad) do -- from there it is moved to its shard
        redis.call('XADD', P .. ':strays', '*', 'event', emit[2], 'own', emit[1])
    end
    for _, letter in ipairs(c.dead) do
        redis.call('XADD', P .. ':dead', '*', 'kind', letter[1], 'reason', letter[2], 'detail',
            letter[3], 'customer', c.customer, 'body', letter[4], unpack(letter[5] ~= '' and {'own', letter[5]} or {}))
    end
end

-- Before the customer.
local function write_first(c)
    for _, bound in pairs(c.bounds or NONE) do
        bound.use()
    end
    put_halts(c)
    put_words(c)
    if c.came then
        land(c)
    end
end
-- Behind it: all that is theirs. Returns the codes that its messages are given, by mid, and lines of the trace.
local function write_person(c)
    for _, wait in ipairs(c.customer ~= '' and c.full or NONE) do
        put_score(P .. ':full:' .. wait[1], c.customer, wait[2])
    end
    join(c)
    erase(c)
    keep_starts(c)
    redirect(c)
    leave(c)
    put_leads(c)
    put_strays(c)
    if c.came and c.came.trace then
        merge_traces(c, c.came.trace)
    end
    local dropped = put_watches(c)
    put_withdrawals(c)
    return codes_of(c), dropped
end
local function write_rest(c, dropped)
    for _, r in ipairs(c.runs) do
        redis.pcall('PEXPIREAT', given_key(r[1]), r[2], 'GT')
    end
    put_records(c)
    if not c.traces_first and c.customer ~= '' then
        put_traces(c)
    end
    put_lines(c, 1, #dropped, dropped)
    if #c.zones > 0 and kind_of(INDEX) == 'hash' then
        pcall(put_zones, c)
    end
    in_parts(c.ticks, function(first, last)
        redis.call('ZREM', TICKS, unpack(c.ticks, first, last))
    end)
end

local function keep_watching(c)
    watch_keep(c.customer, c.expire, false)
end
local function put_zone(customer, stands)
    local place, zone = string.match(stands, '^(%d+) (.*)$')
    enter_zone(customer, zone, place, now_ms)
end
