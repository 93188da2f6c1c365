-- What must hold for a commit, in the order of docs/redis.md: check() answers what does not. Nothing is
-- written here.

-- What all share must be what it should: the keys that this commit needs. Key -> error, or false.
local KINDS = {[DUE] = 'zset', [TAKEN] = 'zset', [SUPPRESSED] = 'hash', [SAID] = 'hash', [HALTED] = 'hash'}
local shared_wrong = setmetatable({}, {__index = function(known, key)
    local is, kind = kind_of(key), KINDS[key] or 'stream'
    known[key] = is ~= 'none' and is ~= kind and wrong_key({key, kind})
    return known[key]
end})
local function is_each_right()
    for key in pairs(KINDS) do
        if shared_wrong[key] then
            return false
        end
    end
    for _, kind in pairs(kinds_of_messages) do
        if shared_wrong[kind.stream] then
            return false
        end
    end
    return not shared_wrong[EVENTS]
end
local all_right -- nearly always
local function check_shared(c)
    if all_right == nil then
        all_right = is_each_right()
    end
    if all_right then
        return c.seldom and seldom().check_shared(c)
    end
    local wrong = shared_wrong[EVENTS] or c.customer ~= '' and (shared_wrong[DUE] or shared_wrong[TAKEN]) or
        c.free < c.records and shared_wrong[SUPPRESSED] or c.records < c.messages and shared_wrong[SAID] or
        c.running < c.traces and shared_wrong[HALTED]
    for m = c.messages, c.running - 1, MESSAGE do
        wrong = wrong or shared_wrong[kinds_of_messages[ARGV[m + 1]].stream]
    end
    return wrong or c.seldom and seldom().check_shared(c)
end

local function broken(key, kind)
    return {'broken', key, string.format('is a %s, not a %s', redis.call('TYPE', key).ok, kind)}
end
-- What only this customer has of a wrong type keeps nobody else waiting. What of it is there as it
-- should be need not be asked; and the trace only where it is not written first (shared_commit_write.lua).
local function check_own(c, part, traces_first)
    if c.document ~= '' and not part then
        return broken(document_key(c.customer), 'string')
    elseif c.document ~= '' and not traces_first and is_wrong(trace_key(c.customer), 'list') then
        return broken(trace_key(c.customer), 'list')
    end
    for m = c.messages, c.running - 1, MESSAGE do
        if not is_fresh(ARGV[m]) and not seldom().is_message(ARGV[m]) then
            return broken(message_key(ARGV[m]), 'hash')
        end
    end
end

local function check_ids(c)
    local gone
    for i = c.ids, c.free - 1 do
        if not is_pending(ARGV[i]) then
            gone = gone or {}
            gone[#gone + 1] = ARGV[i]
        end
    end
    if c.seldom then
        gone = seldom().check_ticks(c, gone)
    end
    return gone and {'gone', gone}
end

local function check_keys(c)
    for r = c.relied, c.rest - 1, 2 do
        local target = text_at(to_key(ARGV[r])) or ''
        if target ~= ARGV[r + 1] then
            return {'moved', target}
        end
    end
end

-- The document and the records: as they stand, where they are not what was seen.
local function are_seen(c, version)
    local are = version == ARGV[c.head + 1]
    for r = c.records, c.undeclined - 1, 2 do
        are = are and (record_at(ARGV[r]) or '') == ARGV[r + 1]
    end
    return are
end
local function check_seen(c, version)
    if c.customer == '' or are_seen(c, version) then
        return
    end
    local text, stand = redis.pcall('GET', document_key(c.customer)), {}
    local present = type(text) == 'string' and text
    for r = c.records, c.undeclined - 1, 2 do
        stand[#stand + 1] = record_at(ARGV[r])
    end
    return not are_seen(c, version_of(present)) and {'stale', present, stand}
end

-- The version, the entries, the keys that it relied on. Of an earlier run: `done`.
local function check_still(c, traces_first)
    local customer = c.customer
    local part = customer ~= '' and part_of(document_key(customer))
    local version = part and version_in(part, ARGV[c.head + 1]) or ''
    if customer ~= '' and c.document ~= '' and version == ARGV[c.head + 2] then
        return {'done'}
    end
    -- A timer that is given up has neither document nor entries to tell a second run by.
    if consumer ~= '' and customer ~= '' and c.document == '' and c.ids == c.free and
        not (c.seldom and #c.ticks > 0) and not redis.call('ZSCORE', TAKEN, customer) then
        return {'done'}
    end
    return check_ids(c) or check_own(c, part, traces_first) or check_keys(c) or
        c.seldom and seldom().check_joins(c) or check_seen(c, version)
end

local function is_any(known, first, last)
    for i = first, last do
        if known[ARGV[i]] then
            return true
        end
    end
end
local ask_facts
local function facts_of(c)
    if not ask_facts then
--with shared_commit_facts
    end
    return ask_facts(c)
end

-- What does not hold of a commit; nil: all does.
local function check(c)
    c.traces_first = c.traces < c.relied and not (c.seldom and (c.merges or #c.erased + #c.dry > 0))
    local refused = check_shared(c) or check_still(c, c.traces_first)
    if refused then
        return refused
    end
    local asks = c.seldom or c.undeclined < c.messages or kind_of(HALTED) ~= 'none' or
        is_any(suppressions, c.free, c.records - 1)
    return asks and facts_of(c) or c.seldom and #c.dry > 0 and 'done'
end
