#!lua flags=allow-oom
-- Gives back what was not used of a grant: another may go in its place.
-- ARGV: P, when it was granted (Redis' TIME, ms), how many, a count of domains, and {domain, how many of
-- them} each; gateway with its bounds (shared_bounds.lua)
-- Returns nothing of interest. Run twice, others that were granted in the same slot may count twice less:
-- it is not asked again where its answer is lost.
local P, at, count, domains = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
--with shared_type
--with shared_clock
--with shared_rate
--with shared_bounds
local bounds, wrong = bounds_open(5 + 2 * domains, clock())
if wrong then
    return wrong
end
local function give_back(rate, number)
    if rate.most <= 0 or number <= 0 then
        return
    end
    local slot = ms((math.floor(at / rate.width) + 1) * rate.width - 1)
    if (tonumber(redis.call('HGET', rate.key, slot) or nil) or 0) >= number then
        redis.call('HINCRBY', rate.key, slot, -number)
    end
end
give_back(bounds.rate, count)
give_back(bounds.warmup, count)
for i = 5, 4 + 2 * domains, 2 do
    local domain = bounds:domain(ARGV[i])
    if domain then
        give_back(domain.rate, tonumber(ARGV[i + 1]))
    end
end
return 0
