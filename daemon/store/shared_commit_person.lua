-- What a commit does to all that a customer has, where others become one with them, or they are erased.
local function forget_texts(...)
    redis.call('DEL', ...)
    for _, key in ipairs({...}) do
        texts[key] = false
    end
end

local function lines_of(key)
    local is_list = redis.call('TYPE', key).ok == 'list'
    return is_list and redis.call('LRANGE', key, 0, 99) or {}
end
local function time_of(line)
    return tonumber(string.match(line, '^{"at":(%d+)')) or 0
end
local function merge_traces(c, theirs)
    local own = trace_key(c.customer)
    local mine, into = lines_of(own), {}
    while #into < 100 and (mine[1] or theirs[1]) do
        local from = theirs
        if not theirs[1] or mine[1] and time_of(mine[1]) >= time_of(theirs[1]) then
            from = mine
        end
        into[#into + 1] = table.remove(from, 1)
    end
    redis.call('DEL', own)
    if #into > 0 then
        redis.call('RPUSH', own, unpack(into))
        redis.call('PEXPIREAT', own, c.expire)
    end
end
local function join_traces(c, key)
    merge_traces(c, lines_of(trace_key(key)))
    redis.call('DEL', trace_key(key))
end

-- A list of "<origin> <event>": what takes least room of all that Redis has.
local function starts_of(key)
    return redis.call('TYPE', key).ok == 'list' and redis.call('LRANGE', key, 0, -1) or {}
end
local function put_start(c, start)
    local key = starts_key(c.customer)
    if redis.call('TYPE', key).ok ~= 'list' then
        redis.call('DEL', key) -- whatever stands there, it is no record of ours
    end
    redis.call('RPUSH', key, start)
    are_there.starts = true
end
local function join_starts(c, key)
    for _, start in ipairs(starts_of(starts_key(key))) do
        put_start(c, start)
    end
    redis.call('DEL', starts_key(key))
end
local function forget_starts(c)
    local key = starts_key(c.customer)
    for _, start in ipairs(#c.forgotten > 0 and starts_of(key) or NONE) do
        for _, origin in ipairs(c.forgotten) do
            if string.sub(start, 1, #origin + 1) == origin .. ' ' then
                redis.call('LREM', key, 0, start)
            end
        end
    end
end

-- What was another key's is this customer's now.
local function join(c)
    for _, j in ipairs(c.joins) do
        local key = j[1]
        put_score(DUE, key, '0')
        put_score(TAKEN, key, '0')
        if j[2] ~= '' then
            forget_texts(document_key(key))
            for _, class in ipairs(CLASSES) do
                redis.call('ZREM', P .. ':full:' .. class, key)
            end
            join_traces(c, key)
            join_starts(c, key)
        end
    end
    for _, mid in ipairs(c.moves) do
        local m = fields(mid, 'customer')
        if m and m[1] then
            put_fields(mid, 'customer', c.customer)
        end
    end
end

local function erase(c)
    for _, item in ipairs(c.erased) do
        local key, hash = item[1], item[2]
        redis.call('DEL', trace_key(key), starts_key(key), asked_key(key))
        forget_texts(to_key(hash))
        if key == c.customer and c.document == '' then
            forget_texts(document_key(key))
        end
    end
    if #c.erased > 0 then -- what is not of one key is looked through for them: see erasures.h
        redis.call('HSET', P .. ':meta', 'erased', now_ms)
    end
end

local function keep_starts(c)
    for _, start in ipairs(c.starts) do
        put_start(c, start[1] .. ' ' .. start[2])
    end
    forget_starts(c)
end

local function redirect(c)
    for _, r in ipairs(c.redirects) do
        local key, from = to_key(r[1]), r[2]
        if from == '' or text_at(key) == from then
            put_text(key, c.customer, r[3])
        end
    end
end

-- Returns lines of the trace: what is watched no more, as the list was full.
local function put_watches(c)
    local dropped, came = {}, c.came and c.came.watching or NONE
    local changed = #c.watches + #came > 0
    for _, j in ipairs(c.joins) do
        if not bare[j[1]] then
            watch_join(j[1], c.customer, dropped)
            changed = true
        end
    end
    for i = 1, #came, 2 do
        watch_put(c.customer, came[i], tonumber(came[i + 1]), dropped)
    end
    for _, item in ipairs(c.erased) do
        watch_forget(item[1])
    end
    for _, w in ipairs(c.watches) do
        watch_put(c.customer, w[1], (w[2] == '1' and 1 or -1) * tonumber(w[3]), dropped)
    end
    if c.document ~= '' and changed then
        watch_keep(c.customer, c.expire, true)
    end
    for _, t in ipairs(c.tellings) do
        watch_tell(t[1], t[2], t[3])
    end
    are_there.watching = are_there.watching or changed
    for i, product in ipairs(dropped) do
        dropped[i] = string.format('{"at":%s,"did":[{"what":"watch-dropped","why":%s}]}', now_ms,
            cjson.encode(product))
    end
    return dropped
end

-- The index of clocks, where there is one. A customer who moves, or becomes one with others, was asked
-- by what was asked there. A key of a wrong type harms nothing but the index.
local function put_zones(c)
    local asked, moves, own, customer = {}, false, nil, c.customer
    local function learn(key, zone, place)
        for rule, name in pairs(asked_in(key, zone, place)) do
            asked[rule] = is_newer(name, asked[rule]) and name or asked[rule]
        end
    end
    for _, item in ipairs(c.zones) do
        local key, before, place, after, place_after = unpack(item)
        local stays = before == after and place == place_after
        own = key == customer and after ~= '' and {after, place_after, before} or own
        if before ~= '' and not stays then
            learn(key, before, place)
            leave_zone(key, before)
            moves = moves or key ~= customer or after ~= ''
        end
    end
    if own and moves then
        if own[3] == own[1] then
            learn(customer, own[1], own[2])
        end
        move_in(customer, own[1], own[2], asked)
    elseif own then
        enter_zone(customer, own[1], own[2], now_ms)
    end
end
