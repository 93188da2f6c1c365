-- The rule sets of the daemons. P:rules numbers their digests, a greater number is a newer set:
-- digest -> number; `last`; `alone`, the digest that no other one lives beside, and since when.
-- P:sets says whose set is which: name -> "<epoch> <digest>". P:set:<digest> has what others may
-- leave to it (store/rule_sets).
local rules, sets, SETS_MOST, SETS_KEEP = P .. ':rules', P .. ':sets', 64, 3600000

-- The digests of the other living daemons.
local function other_digests(name, digest)
    local found, rows = {}, redis.call('HGETALL', sets)
    for i = 1, #rows, 2 do
        local epoch, theirs = string.match(rows[i + 1], '^(%d+) (%x+)$')
        if rows[i] ~= name then
            if not epoch or not alive(rows[i] .. ':' .. epoch) then
                redis.call('HDEL', sets, rows[i])
            elseif theirs ~= digest then
                found[theirs] = true
            end
        end
    end
    return found
end

-- Drops the oldest ones above the bound.
local function bound_rules()
    local kept, rows = {}, redis.call('HGETALL', rules)
    for i = 1, #rows, 2 do
        if string.match(rows[i], '^%x+$') and #rows[i] == 16 then
            kept[#kept + 1] = {rows[i], tonumber(rows[i + 1])}
        end
    end
    table.sort(kept, function(a, b)
        return a[2] > b[2]
    end)
    for i = SETS_MOST + 1, #kept do
        redis.call('HDEL', rules, kept[i][1])
    end
end

-- The number of a daemon's set. `carried`: the one that the daemon knows, 0 for none; Redis may
-- have lost it. One that was never seen is the newest; a known one becomes it where `renew`.
local function number_of(digest, carried, renew)
    local there = tonumber(redis.call('HGET', rules, digest) or 0)
    local number = math.max(there, carried)
    local last = math.max(tonumber(redis.call('HGET', rules, 'last') or 0), carried)
    if number == 0 or (renew and number < last) then
        number = last + 1
    end
    if number ~= there then
        redis.call('HSET', rules, digest, number, 'last', math.max(last, number))
        bound_rules()
    end
    return number
end

-- Whether no other set has lived beside this one for a while: a daemon that is only started again
-- has not given way.
local function is_alone(digest, others, now)
    local ALONE = 60000
    local who, since = string.match(redis.call('HGET', rules, 'alone') or '', '^(%x+) (%d+)$')
    if next(others) then
        redis.call('HDEL', rules, 'alone')
    elseif who ~= digest or tonumber(since) > now then
        redis.call('HSET', rules, 'alone', digest .. ' ' .. ms(now))
    else
        return now - since >= ALONE
    end
    return false
end

-- Notes the daemon's set; its number, whether the set is yet to be published (1 or 0), and
-- {digest, number, …} of the others, behind them 'last' and the greatest number that was given.
local function note_set(name, epoch, digest, number, others)
    local out = {}
    redis.call('HSET', sets, name, epoch .. ' ' .. digest)
    redis.call('PEXPIRE', sets, SETS_KEEP)
    for theirs in pairs(others) do
        out[#out + 1] = theirs
        out[#out + 1] = tonumber(redis.call('HGET', rules, theirs) or 0)
    end
    out[#out + 1] = 'last'
    out[#out + 1] = tonumber(redis.call('HGET', rules, 'last') or 0)
    local there = redis.call('PEXPIRE', P .. ':set:' .. digest, SETS_KEEP)
    return number, 1 - there, out
end
