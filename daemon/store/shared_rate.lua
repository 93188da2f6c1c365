-- A bound on messages: never more than `most` of them in any `per` ms, over all daemons. Its hash has
-- slots: the last ms of each, and how many were let go in it; at most 64 in a window, and the one
-- begun. A message begins up to GOOD ms after it was let go, so a slot counts for so much longer.
local SLOTS, GOOD = 64, 100

local function rate_keep(rate)
    if not rate.stays then
        redis.call('PEXPIRE', rate.key, ms(rate.window + rate.width))
    end
end

-- The clock was set back since slots that lie ahead: what they let go counts as let go now. So does
-- what a former program's bucket lacks (`tokens`, which come evenly, and the time `at`).
local function rate_mend(rate, row)
    local moved, gone, now_name = 0, {}, ms(rate.current)
    for name, count in pairs(row) do
        local last = tonumber(name)
        if name == 'tokens' then
            local passed = math.max(0, rate.now - (tonumber(row.at or nil) or rate.now))
            local level = (tonumber(count) or 0) + passed * rate.most / rate.per
            moved = moved + math.max(0, math.ceil(rate.most - level))
        elseif last and last > rate.current then
            moved = moved + (tonumber(count) or 0)
        end
        if name == 'tokens' or name == 'at' or last and last > rate.current then
            gone[#gone + 1] = name
        end
    end
    for _, name in ipairs(gone) do
        redis.call('HDEL', rate.key, name)
        row[name] = nil
    end
    if moved > 0 then
        row[now_name] = (tonumber(row[now_name] or nil) or 0) + moved
        redis.call('HSET', rate.key, now_name, ms(row[now_name]))
        rate_keep(rate)
    end
end

-- The bound as it stands, with how many are `free` now. `most` 0: there is none. `stays`: its key has
-- more than slots, and does not expire. Writes nothing but what has to be mended.
local function rate_open(key, most, per, now, stays)
    local window = per + GOOD
    local width = math.ceil(window / SLOTS)
    local rate = {key = key, most = most, per = per, now = now, window = window, width = width,
        stays = stays, current = (math.floor(now / width) + 1) * width - 1, slots = {}, past = {}, used = 0,
        free = math.huge}
    if most <= 0 then
        return rate
    end
    local list, row = redis.call('HGETALL', key), {}
    for i = 1, #list, 2 do
        row[list[i]] = list[i + 1]
    end
    rate_mend(rate, row)
    for name, count in pairs(row) do
        local last = tonumber(name)
        if last and last + window > now then
            rate.slots[#rate.slots + 1] = {last, tonumber(count) or 0}
            rate.used = rate.used + (tonumber(count) or 0)
        elseif last then
            rate.past[#rate.past + 1] = name
        end
    end
    rate.free = math.max(0, most - rate.used)
    return rate
end

local function rate_sort(rate)
    table.sort(rate.slots, function(a, b)
        return a[1] < b[1]
    end)
end

-- Ms until another may go, had `more` gone now; 0: at once.
local function rate_wait(rate, more)
    local left = rate.used + more
    if left < rate.most or rate.most <= 0 then
        return 0
    end
    rate_sort(rate)
    for _, slot in ipairs(rate.slots) do
        left = left - slot[2]
        if left < rate.most then
            return slot[1] + rate.window - rate.now
        end
    end
    return rate.current + rate.window - rate.now
end

-- So many go now. Slots that count no more are dropped. Those of another rate, before a reload, may be
-- many: the oldest go into the next.
local function rate_use(rate, count)
    if rate.most <= 0 or count <= 0 then
        return
    end
    for _, name in ipairs(rate.past) do
        redis.call('HDEL', rate.key, name)
    end
    if #rate.slots > SLOTS then
        rate_sort(rate)
        local last = rate.slots[#rate.slots][1]
        for i = 1, #rate.slots - SLOTS - (last == rate.current and 1 or 0) do
            local slot, following = rate.slots[i], rate.slots[i + 1]
            following[2] = following[2] + slot[2]
            redis.call('HDEL', rate.key, ms(slot[1]))
            redis.call('HSET', rate.key, ms(following[1]), ms(following[2]))
        end
    end
    redis.call('HINCRBY', rate.key, ms(rate.current), count)
    rate_keep(rate)
end
