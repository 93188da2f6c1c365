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
local function rate_mend(rate)
    local moved, list = 0, redis.call('HGETALL', rate.key)
    local at = tonumber(redis.call('HGET', rate.key, 'at') or nil) or rate.now
    for i = 1, #list, 2 do
        local name, count, last = list[i], tonumber(list[i + 1]) or 0, tonumber(list[i])
        local ahead = last and last > rate.current
        if name == 'tokens' then
            local level = count + math.max(0, rate.now - at) * rate.most / rate.per
            moved = moved + math.max(0, math.ceil(rate.most - level))
        elseif ahead then
            moved = moved + count
        end
        if ahead or name == 'tokens' or name == 'at' then
            redis.call('HDEL', rate.key, name)
        end
    end
    if moved > 0 then
        redis.call('HINCRBY', rate.key, ms(rate.current), ms(moved))
        rate_keep(rate)
    end
end

-- The bound as it stands, with how many are `free` now. `most` 0: there is none. `stays`: its key has
-- more than slots, and does not expire. Writes nothing but what has to be mended.
local function rate_open(key, most, per, now, stays)
    if most <= 0 then
        return {key = key, most = 0, used = 0, free = math.huge}
    end
    local window = per + GOOD
    local width = math.ceil(window / SLOTS)
    local rate = {key = key, most = most, per = per, now = now, window = window, width = width,
        stays = stays, current = (math.floor(now / width) + 1) * width - 1, slots = {}, past = {}, used = 0}
    local list = redis.call('HGETALL', key)
    for i = 1, #list, 2 do
        local name, last = list[i], tonumber(list[i])
        if name == 'tokens' or name == 'at' or last and last > rate.current then
            rate_mend(rate)
            return rate_open(key, most, per, now, stays)
        elseif last and last + window > now then
            local count = tonumber(list[i + 1]) or 0
            rate.slots[#rate.slots + 1] = {last, count}
            rate.used = rate.used + count
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
