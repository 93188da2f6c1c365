-- What is asked for all commits of a call at once, as far as that can be: each call of Redis costs a
-- script more than the command itself. What one of them writes, those behind it must see: who writes
-- a text that is kept here tells it (`texts`), so does who writes a record (`records`).
local texts, records, suppressions, halted = {}, {}, {}, {}
local kinds, fresh, are_there = {}, {}, {}
local SOME = 1000 -- arguments: what fits on Lua's stack

local function in_parts(items, act)
    for first = 1, #items, SOME do
        act(first, math.min(first + SOME - 1, #items))
    end
end

-- The type of a key that all share.
local function kind_of(key)
    local kind = kinds[key] or redis.call('TYPE', key).ok
    kinds[key] = kind
    return kind
end

-- What is no string is nothing: so it was read.
local function text_at(key)
    if texts[key] == nil then
        local text = redis.pcall('GET', key)
        texts[key] = type(text) == 'string' and text or false
    end
    return texts[key]
end
local function record_at(name)
    if records[name] == nil then
        records[name] = redis.call('HGET', P .. ':said', name)
    end
    return records[name]
end
local function halted_at(rule)
    if halted[rule] == nil then
        halted[rule] = redis.call('HGET', P .. ':halted', rule)
    end
    return halted[rule]
end
local function is_fresh(mid)
    return fresh[mid] or redis.call('EXISTS', message_key(mid)) == 0
end

local function read_texts(keys)
    in_parts(keys, function(first, last)
        local found = redis.call('MGET', unpack(keys, first, last))
        for i = first, last do
            texts[keys[i]] = found[i - first + 1]
        end
    end)
end
local function read_fields(key, names, into)
    local is_there = kind_of(key) == 'hash'
    in_parts(names, function(first, last)
        local found = is_there and redis.call('HMGET', key, unpack(names, first, last)) or {}
        for i = first, last do
            into[names[i]] = found[i - first + 1] or false
        end
    end)
end
-- Whether any of the keys is there.
local function any_there(keys)
    local found = 0
    in_parts(keys, function(first, last)
        found = found + redis.call('EXISTS', unpack(keys, first, last))
    end)
    return found > 0
end

local function is_before(id, other)
    if #id == #other then
        return id < other
    end
    return is_after(other, id)
end

-- Which of the entries are pending at this consumer. They are read from the first on; between them
-- there may be many of other customers, so those that were not come upon are asked for singly.
local function pending_of(ids)
    local first, there, last = ids[1], {}, nil
    for i = 2, #ids do
        first = is_before(ids[i], first) and ids[i] or first
    end
    local most = 2 * #ids
    local rows = first and pending(P .. ':events', consumer, first, '+', most) or {}
    for _, row in ipairs(rows) do
        there[row[1]], last = true, row[1]
    end
    return function(id)
        if not there[id] and #rows == most and is_before(last, id) then
            there[id] = #pending(P .. ':events', consumer, id, id, 1) > 0
        end
        return there[id]
    end
end

-- Keys that are there seldom, and only for a while.
local RARE = {P .. ':taken', P .. ':full:' .. CLASSES[1], P .. ':full:' .. CLASSES[2], P .. ':tell', P .. ':halted',
    P .. ':paused', INDEX}
local function look_for_rare()
    if any_there(RARE) then
        return
    end
    for _, key in ipairs(RARE) do
        kinds[key] = 'none'
    end
end

local function read_all(commits)
    look_for_rare()
    local keys, names, hashes, ids, messages, starts, watching = {}, {}, {}, {}, {}, {}, {}
    for _, c in ipairs(commits) do
        if c.customer ~= '' then
            keys[#keys + 1] = document_key(c.customer)
        end
        for _, r in ipairs(c.relied) do
            keys[#keys + 1] = to_key(r[1])
        end
        for _, j in ipairs(c.joins) do
            keys[#keys + 1] = document_key(j[1])
        end
        for _, list in ipairs({c.records, c.undeclined, c.said}) do
            for _, item in ipairs(list) do
                names[#names + 1] = item[1]
            end
        end
        for _, hash in ipairs(c.free) do
            hashes[#hashes + 1] = hash
        end
        for _, id in ipairs(c.ids) do
            ids[#ids + 1] = id
        end
        for _, m in ipairs(c.messages) do
            messages[#messages + 1] = message_key(m[1])
        end
        if c.document ~= '' then
            starts[#starts + 1] = P .. ':starts:' .. c.customer
            watching[#watching + 1] = P .. ':watching:' .. c.customer
        end
    end
    read_texts(keys)
    read_fields(P .. ':said', names, records)
    read_fields(P .. ':suppressed', hashes, suppressions)
    if not any_there(messages) then
        for _, c in ipairs(commits) do
            for _, m in ipairs(c.messages) do
                fresh[m[1]] = true
            end
        end
    end
    are_there.starts, are_there.watching = any_there(starts), any_there(watching)
    return pending_of(ids)
end
