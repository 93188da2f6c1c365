-- Whose turn it is at a bound that shards share. Of each that it left waiting the hash tells since when, in
-- µs, and until when it is minded. One message is kept for each of them that waits longer than who asks,
-- and what is free is shared out evenly: so none waits for ever behind others that are faster to ask.
local TURN_AGAIN, TURN_EACH, TURN_LATE, TURN_MOST = 1000, 10, 500, 70000 -- ms

local function turn_open(key, shard, now)
    local turn = {key = key, shard = shard, now = now, others = 0, ahead = 0}
    local list, waits = redis.call('HGETALL', key), {}
    for i = 1, #list, 2 do
        local since, last = string.match(list[i + 1], '^(%d+) (%d+)$')
        since, last = tonumber(since or nil), tonumber(last or nil)
        if not since or last < now or last > now + TURN_MOST then
            redis.call('HDEL', key, list[i]) -- it has not come again, or the clock was set back
        elseif list[i] == shard then
            turn.since = since
        else
            waits[#waits + 1] = {since, list[i]}
        end
    end
    turn.others = #waits
    for _, other in ipairs(waits) do
        if not turn.since or other[1] < turn.since or other[1] == turn.since and other[2] < shard then
            turn.ahead = turn.ahead + 1
        end
    end
    return turn
end

-- How many of the `wanted` it may have of what is free.
local function turn_share(turn, free, wanted)
    local even = turn.others > 0 and math.max(1, math.floor(free / (turn.others + 1))) or free
    return math.max(0, math.min(wanted, even, free - turn.ahead))
end

-- It has got so many: ms after which it is to ask again for the others; 0: there are none. Who got some
-- stands behind those that wait. `wait_for` says when there is one more than so many.
local function turn_close(turn, wanted, got, wait_for)
    if got >= wanted then
        if turn.since then
            redis.call('HDEL', turn.key, turn.shard)
        end
        return 0
    end
    local time = redis.call('TIME')
    local since = got == 0 and turn.since or time[1] * 1000000 + time[2]
    local wait = wait_for(got + (got == 0 and turn.ahead or turn.others))
    wait = math.max(1, math.min(wait, math.max(TURN_AGAIN, TURN_EACH * turn.others)))
    redis.call('HSET', turn.key, turn.shard, ms(since) .. ' ' .. ms(turn.now + wait + TURN_LATE))
    redis.call('PEXPIRE', turn.key, TURN_MOST)
    return wait
end
