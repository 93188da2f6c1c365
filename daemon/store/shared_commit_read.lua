-- What is asked for all commits of a call at once, as far as that can be: each call of Redis costs a
-- script more than the command itself. What one of them writes, those behind it must see: who writes
-- a redirect that is kept here tells it (`texts`), so does who writes a record (`records`).
local texts, records, suppressions, halted = {}, {}, {}, {}
local kinds, are_there = {}, {}
local none_there, touched = false, {} -- no message of the call was there; but these were written since
local bare = {} -- keys that become part of a customer, under which there is nothing
local seldom -- what is needed seldom: shared_commit_seldom.lua
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
        records[name] = redis.call('HGET', SAID, name)
    end
    return records[name]
end
local function halted_at(rule)
    if halted[rule] == nil then
        halted[rule] = redis.call('HGET', HALTED, rule)
    end
    return halted[rule]
end
local function is_fresh(mid)
    return none_there and not touched[mid] or redis.call('EXISTS', message_key(mid)) == 0
end

-- A document's version stands first in it, so that no more of it need be read.
local PART = '95'
local function version_of(text)
    return text and (string.match(text, '^{"version":"([^"%z]*)"') or '?') or ''
end
-- That of a document of which a part was read: nearly always the one that was `seen`.
local function version_in(part, seen)
    if part == '' then
        return ''
    elseif seen ~= '' and string.find(part, '{"version":"' .. seen .. '"', 1, true) == 1 then
        return seen
    end
    return version_of(part)
end
-- nil where it is of another type.
local function part_of(key)
    local part = redis.pcall('GETRANGE', key, '0', PART)
    if type(part) == 'string' then
        return part
    elseif not is_wrong(key, 'string') then
        error(part)
    end
end

local function read_texts(keys)
    in_parts(keys, function(first, last)
        local found = redis.call('MGET', unpack(keys, first, last))
        for i = first, last do
            texts[keys[i]] = found[i - first + 1]
        end
    end)
end
-- Where the key is of another type all that need it are refused: see shared_commit_check.lua.
local function read_fields(key, names, into)
    in_parts(names, function(first, last)
        local found = redis.pcall('HMGET', key, unpack(names, first, last))
        if found.err and not is_wrong(key, 'hash') then
            error(found)
        end
        for i = 1, last - first + 1 do
            into[names[first + i - 1]] = found[i] or false
        end
        kinds[key] = not found.err and 'hash' or nil
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
--with shared_ids
    return is_after(other, id)
end

-- Which of the entries are pending at this consumer. As many are read as there are, from the first on; where there
-- are others between them, once more, and those that even then were not come upon are asked for singly.
local pending_ids, pending_last, pending_more = {}, nil, 0
local function read_pending(from, most)
    local rows = pending(EVENTS, consumer, from, '+', most)
    for i = 1, #rows do
        pending_ids[rows[i][1]] = true
    end
    pending_last = #rows == most and rows[most][1]
end
local function read_pending_of(ids)
    local first = ids[1]
    for i = 2, #ids do
        first = is_before(ids[i], first) and ids[i] or first
    end
    pending_more = 2 * #ids
    if first then
        read_pending(first, #ids)
    end
end
local function is_pending(id)
    if not pending_ids[id] and pending_last and pending_more > 0 and is_before(pending_last, id) then
        read_pending('(' .. pending_last, pending_more)
        pending_more = 0
    end
    if not pending_ids[id] and pending_last and is_before(pending_last, id) then
        pending_ids[id] = #pending(EVENTS, consumer, id, id, 1) > 0
    end
    return pending_ids[id]
end

-- Keys that are there seldom, and only for a while.
local RARE = {TAKEN, P .. ':full:' .. CLASSES[1], P .. ':full:' .. CLASSES[2], P .. ':tell', HALTED,
    P .. ':paused', INDEX}
local function look_for_rare()
    if any_there(RARE) then
        return
    end
    for _, key in ipairs(RARE) do
        kinds[key] = 'none'
    end
end

local function put_range(into, count, first, last, step)
    for i = first, last, step do
        count = count + 1
        into[count] = ARGV[i]
    end
    return count
end
-- What a customer has seldom, of all of them.
local function any_of(commits, key_of)
    local keys = {}
    for _, c in ipairs(commits) do
        keys[#keys + 1] = c.document ~= '' and key_of(c.customer) or nil
    end
    return any_there(keys)
end
local function watching_of(customer)
    return P .. ':watching:' .. customer
end

local function read_all(commits)
    look_for_rare()
    local keys, names, hashes, ids, mids, maybe, joined = {}, {}, {}, {}, {}, {}, {}
    local id_count, hash_count, name_count = 0, 0, 0
    for i = 1, #commits do
        local c = commits[i]
        id_count = put_range(ids, id_count, c.ids, c.free - 1, 1)
        hash_count = put_range(hashes, hash_count, c.free, c.records - 1, 1)
        name_count = put_range(names, name_count, c.records, c.messages - 1, 2)
        for m = c.messages, c.running - 1, MESSAGE do
            mids[#mids + 1] = message_key(ARGV[m])
        end
        for r = c.relied, c.rest - 1, 2 do
            keys[#keys + 1] = to_key(ARGV[r])
        end
        if c.document ~= '' then
            maybe[#maybe + 1] = starts_key(c.customer)
            maybe[#maybe + 1] = watching_of(c.customer)
        end
        if c.seldom then
            seldom().names_of(c, names, joined)
            name_count = #names
        end
    end
    read_texts(keys)
    read_fields(SAID, names, records)
    read_fields(SUPPRESSED, hashes, suppressions)
    none_there = not any_there(mids)
    if any_there(maybe) then
        are_there.starts, are_there.watching = any_of(commits, starts_key), any_of(commits, watching_of)
    end
    if #joined > 0 then
        seldom().look_for(joined)
    end
    read_pending_of(ids)
end
