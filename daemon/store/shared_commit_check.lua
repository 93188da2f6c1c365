-- What must hold for a commit, in the order of docs/redis.md: check() answers what does not. Nothing is
-- written here.

-- Where a message is: it 'waits', in a sender's 'hand', 'uncertain' (held, or it waits after an
-- attempt that may have arrived), 'gone'.
local function place_of(mid)
    local m = fields(mid, 'state', 'bound')
    if not (m and m[1]) then
        return 'gone'
    elseif m[1] == 'taken' then
        return 'hand'
    end
    return (m[2] or m[1] == 'uncertain') and 'uncertain' or 'waits'
end

local function version_of(text)
    return text and (string.match(text, '^{"version":"([^"%z]*)"') or '?') or ''
end

-- What all share must be what it should: the keys that this commit needs.
local wrong_shared
local function need(there, key, kind)
    local is = there and not wrong_shared and kind_of(key)
    if is and is ~= 'none' and is ~= kind then
        wrong_shared = wrong_key({key, kind})
    end
end
local function check_shared(c)
    wrong_shared = nil
    need(true, events, 'stream')
    need(c.customer ~= '', P .. ':due', 'zset')
    need(c.customer ~= '', P .. ':taken', 'zset')
    need(#c.free > 0, P .. ':suppressed', 'hash')
    need(#c.erased > 0, P .. ':meta', 'hash')
    need(#c.withdrawals + #c.postponed > 0, P .. ':later', 'zset')
    need(#c.withdrawals > 0, P .. ':uncertain', 'zset')
    need(#c.undeclined + #c.records + #c.said > 0, said_key, 'hash')
    need(elsewhere and #c.said > 0, P .. ':words', 'stream')
    need(#c.ticks > 0, TICKS, 'zset')
    need(#c.dead > 0, P .. ':dead', 'stream')
    need(#c.halts + #c.brakes > 0, P .. ':halted', 'hash')
    need(#c.halted > 0, P .. ':halts', 'set')
    need(#c.codes > 0, P .. ':lists', 'hash')
    need(#c.tellings + #c.joins > 0, P .. ':tell', 'hash')
    for _, m in ipairs(c.messages) do
        need(true, outbox(m[2], m[3]), 'stream')
    end
    for _, class in ipairs(#c.joins > 0 and CLASSES or EMPTY.full) do
        need(true, P .. ':full:' .. class, 'zset')
    end
    for _, wait in ipairs(c.full) do
        need(true, P .. ':full:' .. wait[1], 'zset')
    end
    return wrong_shared
end

-- What only this customer has of a wrong type keeps nobody else waiting. What of it is there as it
-- should be need not be asked; and the trace only where it is not written first (shared_commit_write.lua).
local function check_own(c)
    local own = {}
    if c.customer ~= '' and c.document ~= '' and not text_at(document_key(c.customer)) then
        own[1], own[2] = document_key(c.customer), 'string'
    end
    if c.customer ~= '' and c.document ~= '' and not c.traces_first then
        own[#own + 1], own[#own + 2] = P .. ':trace:' .. c.customer, 'list'
    end
    for _, m in ipairs(c.messages) do
        if not is_fresh(m[1]) then
            own[#own + 1], own[#own + 2] = message_key(m[1]), 'hash'
        end
    end
    for i = 1, #own, 2 do
        if is_wrong(own[i], own[i + 1]) then
            return {'broken', own[i], string.format('is a %s, not a %s', redis.call('TYPE', own[i]).ok, own[i + 1])}
        end
    end
end

-- The version, the entries, the keys that it relied on. Of an earlier run: `done`.
local function check_still(c, is_pending)
    local customer, gone = c.customer, {}
    local present = customer ~= '' and text_at(document_key(customer))
    local current = version_of(present)
    if customer ~= '' and c.document ~= '' and current == c.version then
        return {'done'}
    end
    -- A timer that is given up has neither document nor entries to tell a second run by.
    if consumer ~= '' and customer ~= '' and c.document == '' and #c.ids == 0 and #c.ticks == 0 and
        not redis.call('ZSCORE', P .. ':taken', customer) then
        return {'done'}
    end
    for _, id in ipairs(c.ids) do
        if not is_pending(id) then
            gone[#gone + 1] = id
        end
    end
    for _, tick in ipairs(c.ticks) do
        if not redis.call('ZSCORE', TICKS, tick) then
            gone[#gone + 1] = tick
        end
    end
    if #gone > 0 then
        return {'gone', gone}
    end
    local broken = check_own(c)
    if broken then
        return broken
    end
    for _, r in ipairs(c.relied) do
        local target = text_at(to_key(r[1])) or ''
        if target ~= r[2] then
            return {'moved', target}
        end
    end
    for _, j in ipairs(c.joins) do
        if version_of(text_at(document_key(j[1]))) ~= j[2] then
            return {'moved', j[1]}
        end
    end
    local stand, changed = {}, current ~= c.seen
    for i, record in ipairs(c.records) do
        stand[i] = record_at(record[1])
        changed = changed or (stand[i] or '') ~= record[2]
    end
    if customer ~= '' and changed then
        return {'stale', present, stand}
    end
end

-- What P:said will be: name -> words and erasure, and which names those are.
local function read_words(c)
    c.told, c.names = {}, {}
    for _, item in ipairs(c.said) do
        local name, word, topic, ms = unpack(item)
        if not c.told[name] then
            c.told[name] = {said_read(record_at(name))}
            c.names[#c.names + 1] = name
        end
        local words = c.told[name][1]
        if word == 'erased' then
            c.told[name][2] = said_erase(words, c.told[name][2], topic, tonumber(ms))
        else
            said_merge(words, word == 'no', topic == 'all' and '' or topic, tonumber(ms))
        end
    end
end

-- ---- Facts ---- (each adds what it has learnt to {'facts', name, items, …})

local function learnt(facts, name, items)
    if #items > 0 then
        facts[#facts + 1] = name
        facts[#facts + 1] = items
    end
end

local function ask_suppressed(c, facts)
    local suppressed, found = {}, {}
    for _, hash in ipairs(c.free) do
        if suppressions[hash] then
            suppressed[#suppressed + 1] = hash
            found[#found + 1] = suppressions[hash]
        end
    end
    learnt(facts, 'suppressed', suppressed)
    learnt(facts, 'suppressions', found)
end

local function ask_declined(c, facts)
    local declined, noes = {}, {}
    for _, assumed in ipairs(c.undeclined) do
        local hash, topic = assumed[1], assumed[2]
        local words = c.told[hash] and c.told[hash][1] or said_read(record_at(hash))
        local against, no = said_speaks_against(words, topic)
        if against then
            declined[#declined + 1] = hash .. '=' .. topic
            noes[#noes + 1] = no
        end
    end
    learnt(facts, 'declined', declined)
    learnt(facts, 'noes', noes)
end

local function ask_places(c, facts)
    local places, unknown = {}, {}
    for _, w in ipairs(c.withdrawals) do
        local place = place_of(w[1])
        if place ~= w[2] then
            places[#places + 1] = w[1]
            places[#places + 1] = place
        end
    end
    for _, emit in ipairs(c.emits) do
        if redis.call('EXISTS', document_key(emit[1])) == 0 then
            unknown[#unknown + 1] = emit[1]
        end
    end
    learnt(facts, 'unknown', unknown)
    learnt(facts, 'places', places)
end

local function ask_halts(c, facts)
    local halts = {}
    for _, h in ipairs(c.halts) do
        local record = halted_at(h[1])
        if (record and true or false) ~= (h[2] ~= '') then
            local decoded, there = pcall(cjson.decode, record or '')
            there = decoded and type(there) == 'table' and there or {}
            halts[#halts + 1] = h[1]
            halts[#halts + 1] = record and (type(there.by) == 'string' and there.by ~= '' and there.by or 'somebody') or ''
            halts[#halts + 1] = string.format('%.0f', type(there.at) == 'number' and there.at or 0)
        end
    end
    learnt(facts, 'halts', halts)
end

local function ask_brakes(c, facts)
--with shared_rate
--with shared_brake
    local braked
    c.bounds, braked = brake_open(c.braked)
    learnt(facts, 'braked', braked)
end

-- Those that this takes back are there to be given.
local function ask_codes(c, facts)
    local codeless, code_of, ended_runs, spare = {}, {}, {}, {}
    local function spare_codes(list)
        spare[list] = spare[list] or codes_left(list)
        return spare[list]
    end
    for _, w in ipairs(c.withdrawals) do
        local m = w[2] == 'waits' and fields(w[1], 'codes', 'run', 'had')
        if m and m[1] and m[2] and not m[3] and not run_has(m[2], 'had') then
            ended_runs[m[2]] = (ended_runs[m[2]] or tonumber(run_has(m[2], 'n')) or 0) - 1
            if ended_runs[m[2]] == 0 then
                spare[m[1]] = spare_codes(m[1]) + 1
            end
        end
    end
    for _, code in ipairs(c.codes) do
        local mid, list, run = code[1], code[2], code[3]
        local has = code_of[run] or run_has(run, 'code') and (ended_runs[run] or 1) > 0
        if is_fresh(mid) and not has then
            if spare_codes(list) > 0 then
                spare[list] = spare[list] - 1
                code_of[run] = true
            else
                codeless[#codeless + 1] = mid
            end
        end
    end
    learnt(facts, 'codeless', codeless)
end

-- What does not hold of a commit; nil: all does.
local function check(c, is_pending)
    c.traces_first = #c.traces > 0 and #c.joins + #c.erased + #c.dry == 0
    local refused = check_shared(c) or check_still(c, is_pending)
    if refused then
        return refused
    end
    local facts = {'facts'}
    read_words(c)
    if #c.codes > 0 then
        ask_codes(c, facts)
    end
    ask_halts(c, facts)
    if #c.braked > 0 then
        ask_brakes(c, facts)
    end
    ask_suppressed(c, facts)
    ask_declined(c, facts)
    ask_places(c, facts)
    if #facts > 1 then
        return facts
    elseif #c.dry > 0 then
        return {'done', {}}
    end
end
