-- Watch lists, by product and by customer, which are changed together. By customer a product that is
-- watched no more stays with its time below 0, so that an older word on it says nothing. A key of a
-- wrong type is no list of ours, and is replaced.
local WATCHES_MOST = 100 -- of a customer; the oldest word goes
local function watch_key(product)
    return P .. ':watch:' .. product
end
local function watching_key(key)
    return P .. ':watching:' .. key
end
local function watch_own(key, kind)
    if is_wrong(key, kind) then
        redis.call('DEL', key)
    end
    return key
end
local function watch_drop(key, product)
    redis.call('ZREM', watch_own(watch_key(product), 'zset'), key)
end
-- Makes room: what was said longest ago goes. What was watched until now is added to `dropped`.
local function watch_bound(key, dropped)
    local mine = watching_key(key)
    while redis.call('HLEN', mine) > WATCHES_MOST do
        local all, oldest = redis.call('HGETALL', mine), 1
        for i = 3, #all, 2 do
            if math.abs(tonumber(all[i + 1])) < math.abs(tonumber(all[oldest + 1])) then
                oldest = i
            end
        end
        if tonumber(all[oldest + 1]) > 0 then
            dropped[#dropped + 1] = all[oldest]
        end
        redis.call('HDEL', mine, all[oldest])
        watch_drop(key, all[oldest])
    end
end
local function watch_put(key, product, at, dropped)
    local mine = watch_own(watching_key(key), 'hash')
    local before = tonumber(redis.call('HGET', mine, product) or nil) or 0
    if math.abs(before) > math.abs(at) then
        return
    end
    redis.call('HSET', mine, product, string.format('%.0f', at))
    if at > 0 then
        redis.call('ZADD', watch_own(watch_key(product), 'zset'), at, key)
    else
        watch_drop(key, product)
    end
    watch_bound(key, dropped)
end
local function watch_all(key)
    local all = redis.call('HGETALL', watch_own(watching_key(key), 'hash'))
    redis.call('DEL', watching_key(key))
    return all
end
local function watch_forget(key)
    local all = watch_all(key)
    for i = 1, #all, 2 do
        watch_drop(key, all[i])
    end
end
-- What one watches who becomes another; and who is still to be told of something is told as that.
local function watch_join(from, to, dropped)
    local all = watch_all(from)
    for i = 1, #all, 2 do
        watch_drop(from, all[i])
        watch_put(to, all[i], tonumber(all[i + 1]), dropped)
    end
    for _, entry in ipairs(#all > 0 and redis.call('HKEYS', P .. ':tell') or {}) do
        local telling = P .. ':telling:' .. entry
        if not is_wrong(telling, 'zset') and redis.call('ZREM', telling, from) == 1 then
            redis.call('ZADD', telling, 0, to)
        end
    end
end
-- Both live as long as the documents of who watches, but for a day: they are not touched each time.
local function watch_keep(key, expire, changed)
    local mine = watching_key(key)
    if redis.call('TYPE', mine).ok ~= 'hash' then
        return
    end
    local left = redis.call('PTTL', mine)
    if not changed and left >= 0 and tonumber(expire) - clock() - left < 24 * 60 * 60 * 1000 then
        return
    end
    local all = redis.call('HGETALL', mine)
    redis.call('PEXPIREAT', mine, expire)
    for i = 1, #all, 2 do
        redis.call('PEXPIREAT', watch_key(all[i]), expire, 'NX')
        redis.call('PEXPIREAT', watch_key(all[i]), expire, 'GT')
    end
end
-- Who watches at this moment is told: not who begins to while others are told.
local function watch_tell(entry, product, event)
    local list, telling = watch_own(watch_key(product), 'zset'), P .. ':telling:' .. entry
    if redis.call('EXISTS', list) == 0 then
        return
    end
    redis.call('COPY', list, telling, 'REPLACE')
    redis.call('PERSIST', telling)
    redis.call('HSET', P .. ':tell', entry, product .. '\n' .. event)
end
