-- policy.brake: of a marketing rule never more messages than `most` in any `per` ms, over all daemons,
-- unless it is resumed meanwhile. A message that is there already was counted before.

-- Of {mid, rule, most, per}: the bounds, each with `use`, which counts them, and those that would be
-- too many.
local function brake_open(messages)
    local by_rule, over, now = {}, {}, clock()
    for _, m in ipairs(messages) do
        local mid, rule, most, per = m[1], m[2], tonumber(m[3]), tonumber(m[4])
        local key = P .. ':brake:' .. rule
        if not by_rule[rule] then
            if is_wrong(key, 'hash') then
                redis.call('DEL', key) -- whatever stands there, it is no count of ours
            end
            local bound = {rate = rate_open(key, most, per, now), used = 0}
            bound.use = function()
                rate_use(bound.rate, bound.used)
            end
            by_rule[rule] = bound
        end
        local bound = by_rule[rule]
        if redis.call('EXISTS', message_key(mid)) == 0 then
            if bound.used < bound.rate.free then
                bound.used = bound.used + 1
            else
                over[#over + 1] = mid
            end
        end
    end
    return by_rule, over
end
