-- What must hold of it besides.
-- Whether what stands under its name is one.
local function is_message(mid)
    return fields(mid, 'state') ~= nil
end
-- Where a message is: it 'waits', in a sender's 'hand', 'uncertain' (held, or it waits after an
-- attempt that may have arrived), 'gone'.
local function place_of(mid)
    local m = fields(mid, 'state', 'bound')
    if coming[mid] then
        return coming[mid]
    elseif not (m and m[1]) then
        return 'gone'
    elseif m[1] == 'taken' then
        return 'hand'
    end
    return (m[2] or m[1] == 'uncertain') and 'uncertain' or 'waits'
end

local right = {} -- which lists need nothing of a wrong type; of those that are apart
local function check_shared_seldom(c)
    local needed = {}
    if right[c.lists] then
        return
    end
    if #c.parcel > 0 then
        open_parcel(c)
    end
    local function need(there, key, kind)
        if there then
            needed[#needed + 1], needed[#needed + 2] = key, kind
        end
    end
    need(#c.erased > 0, P .. ':meta', 'hash')
    need(#c.withdrawals + #c.postponed > 0, P .. ':later', 'zset')
    need(#c.withdrawals > 0, P .. ':uncertain', 'zset')
    need(#c.said > 0, SAID, 'hash')
    need(elsewhere and #c.said > 0, P .. ':words', 'stream')
    need(#c.abroad + #c.aside + #c.strays + #c.leave > 0, STRAYS, 'stream')
    need(#c.leave + #c.parcel > 0, P .. ':later', 'zset')
    need(#c.leave + #c.parcel > 0, P .. ':uncertain', 'zset')
    need(#c.ticks > 0, TICKS, 'zset')
    need(#c.dead > 0, P .. ':dead', 'stream')
    need(#c.brakes + #c.paused > 0, HALTED, 'hash')
    need(#c.halted > 0, P .. ':halts', 'set')
    need(#c.codes > 0, P .. ':lists', 'hash')
    need(#c.tellings + #c.joins > 0, P .. ':tell', 'hash')
    for _, class in ipairs(#c.joins > 0 and CLASSES or NONE) do
        need(true, P .. ':full:' .. class, 'zset')
    end
    for _, wait in ipairs(c.full) do
        need(true, P .. ':full:' .. wait[1], 'zset')
    end
    for i = 1, #needed, 2 do
        local is = kind_of(needed[i])
        if is ~= 'none' and is ~= needed[i + 1] then
            return wrong_key({needed[i], needed[i + 1]})
        end
    end
    right[c.lists] = not c.is_entangled
end

-- Adds the ticks that are in work no longer to what is gone.
local function check_ticks(c, gone)
    for _, tick in ipairs(c.ticks) do
        if not redis.call('ZSCORE', TICKS, tick) then
            gone = gone or {}
            gone[#gone + 1] = tick
        end
    end
    return gone
end

local function check_joins(c)
    for _, j in ipairs(c.joins) do
        local text = not bare[j[1]] and redis.pcall('GET', document_key(j[1]))
        if version_of(type(text) == 'string' and text) ~= j[2] then
            return {'moved', j[1]}
        end
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
        elseif word == 'record' then
            c.told[name][2] = said_unite(words, c.told[name][2], topic)
        else
            said_merge(words, word == 'no', topic == 'all' and '' or topic, tonumber(ms))
        end
    end
end

local function ask_places(c, learnt)
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
    learnt('unknown', unknown)
    learnt('places', places)
end

local function ask_brakes(c, learnt)
--with shared_rate
--with shared_brake
    local braked
    c.bounds, braked = brake_open(c.braked)
    learnt('braked', braked)
end

-- Those that this takes back are there to be given.
local function ask_codes(c, learnt)
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
    learnt('codeless', codeless)
end

local function ask_seldom(c, learnt)
    read_words(c)
    if #c.codes > 0 then
        ask_codes(c, learnt)
    end
    if #c.braked > 0 then
        ask_brakes(c, learnt)
    end
    ask_places(c, learnt)
end
