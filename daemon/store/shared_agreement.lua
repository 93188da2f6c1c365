-- What all daemons on P must share, as (field, value) from ARGV[first] on: {'differs', field, what
-- stands there}, or nil. With `moves` the data come from an older format to this daemon's.
local function differing(meta, first, moves)
    for i = first, #ARGV, 2 do
        local there = redis.call('HGET', meta, ARGV[i])
        if there and there ~= ARGV[i + 1] and not (moves and ARGV[i] == 'format') then
            return {'differs', ARGV[i], there}
        end
    end
end
local function agree(meta, first)
    for i = first, #ARGV, 2 do
        redis.call('HSET', meta, ARGV[i], ARGV[i + 1])
    end
end
