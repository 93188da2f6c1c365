#!lua flags=allow-oom
-- What a daemon's rules have for clocks is noted, with the time since when: a rule asks at the first
-- tick after that. Only the newest rule set changes what stands there. The index of customers begins
-- with the first clock, and goes with the last one.
-- ARGV: P, whether no other living daemon has a newer set (1 or 0), then rule, clock, …
-- Returns {now, 'none', 'scan' or 'done', cursor of the scan, keys that it has seen, customers in it,
-- whether the clock of each rule is the one that stands there (1 or 0): {…}, zones: {…}}.
-- Safe to run twice.
local P, newest = ARGV[1], ARGV[2] == '1'
--with shared_clock
--with shared_type
--with shared_zones
local KEEP, HOUR = 90 * 86400000, 3600000
local now = clock()
local wrong = wrong_key({CLOCKS, 'hash', INDEX, 'hash', ZONES, 'zset', SWEPT, 'hash', TICKS, 'zset'})
if wrong then
    return wrong
end

local function forget(rule)
    redis.call('HDEL', CLOCKS, rule)
    for _, field in ipairs(redis.call('HKEYS', SWEPT)) do
        if string.sub(field, 1, #rule + 1) == rule .. ' ' then
            redis.call('HDEL', SWEPT, field)
        end
    end
end

-- "<ms> <clock>". Of a clock that is changed the names of ticks go on: nobody is asked twice at one.
local mine, is_ours = {}, {}
for i = 3, #ARGV, 2 do
    local rule, text = ARGV[i], ARGV[i + 1]
    local there = string.match(redis.call('HGET', CLOCKS, rule) or '', '^%d+ (.*)$')
    if there ~= text and newest then
        redis.call('HSET', CLOCKS, rule, ms(now) .. ' ' .. text)
        there = text
    end
    mine[rule] = true
    is_ours[#is_ours + 1] = there == text and 1 or 0
end
for _, rule in ipairs(newest and redis.call('HKEYS', CLOCKS) or {}) do
    if not mine[rule] then
        forget(rule)
    end
end

local zones = redis.call('ZRANGE', ZONES, 0, -1)
if redis.call('EXISTS', CLOCKS) == 0 then
    for _, zone in ipairs(zones) do
        redis.call('UNLINK', zone_key(zone))
    end
    redis.call('UNLINK', INDEX, ZONES, SWEPT, TICKS)
    return {now, 'none', '0', 0, 0, is_ours, {}}
end
if redis.call('EXISTS', INDEX) == 0 then
    redis.call('HSET', INDEX, 'state', 'scan', 'cursor', '0', 'keys', 0, 'customers', 0)
end
if redis.call('PTTL', CLOCKS) < KEEP - HOUR then
    for _, key in ipairs({CLOCKS, INDEX, ZONES, SWEPT}) do
        redis.call('PEXPIRE', key, KEEP)
    end
    for _, zone in ipairs(zones) do
        redis.call('PEXPIRE', zone_key(zone), KEEP)
    end
end
local row = redis.call('HMGET', INDEX, 'state', 'cursor', 'keys', 'customers')
return {now, row[1], row[2], tonumber(row[3]), tonumber(row[4]), is_ours, zones}
