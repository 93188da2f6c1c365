-- What is pending at a consumer of `stream`: rows of {id, consumer, idle ms, deliveries}. No
-- rows where the group is gone.
local function pending(stream, consumer, from, to, count)
    local rows = redis.pcall('XPENDING', stream, 'nudged', from, to, count, consumer)
    if rows.err then
        if string.find(rows.err, 'NOGROUP', 1, true) then
            return {}
        end
        error(rows)
    end
    return rows
end
-- The consumers of `stream` whose daemon is dead.
local function dead_consumers(stream)
    local dead = {}
    if redis.call('EXISTS', stream) == 1 then
        local rows = redis.pcall('XINFO', 'CONSUMERS', stream, 'nudged')
        for _, row in ipairs(rows) do
            if not alive(row[2]) then
                dead[#dead + 1] = row[2]
            end
        end
    end
    return dead
end
