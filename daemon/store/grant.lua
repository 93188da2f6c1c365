#!lua flags=allow-oom
-- Lets messages of any shard go by a gateway, within the bounds that all shards share, which are counted
-- here: a grant, whose messages begin as if this script had taken them (shared_rate.lua). Where there are
-- less than are asked for, shards get them in turn (shared_turns.lua).
-- ARGV: P, the shard, most, whether one is asked for where no domain has room (1 or 0), the domains of the
-- messages in the order in which a take would meet them, '' for none: a count, and those (0: no domain
-- matters); gateway with its bounds (shared_bounds.lua)
-- Returns {now, how many may go, ms after which to ask again for the others or 0, ms after which a domain
-- has room or 0, whether one waits for a connection to its domain (1 or 0), {domain that is bound, how
-- many of them may go to it, ms after which to ask again for more}…}. Run twice, more is counted than
-- goes: whoever got no answer uses nothing.
local P, shard, most, probes, listed = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', tonumber(ARGV[5])
--with shared_type
--with shared_clock
--with shared_rate
--with shared_bounds
--with shared_turns
local now = clock()
local bounds, wrong = bounds_open(6 + listed, now)
if wrong then
    return wrong
end
local function turn_at(name)
    local key = P .. ':turns:' .. name
    if is_wrong(key, 'hash') then
        redis.call('DEL', key) -- whatever stands there, it says nobody's turn
    end
    return turn_open(key, shard, now)
end

for i = 6, 5 + listed do
    local domain = bounds:domain(ARGV[i])
    if domain then
        domain.wanted = math.min((domain.wanted or 0) + 1, most)
    end
end
for name, domain in pairs(bounds.open) do
    if domain.rate.most > 0 then
        domain.turn = turn_at(bounds.gateway .. ':' .. name)
        domain.share = turn_share(domain.turn, domain.rate.free, domain.wanted)
        domain.free = math.min(domain.free, domain.share)
    end
end

-- How many of the first that find room go, and of each domain.
local function fill(count)
    local went = listed == 0 and count or 0
    for _, domain in pairs(bounds.open) do
        domain.used = 0
    end
    for i = 6, 5 + listed do
        local domain = bounds:domain(ARGV[i])
        if went < count and not (domain and domain.used >= domain.free) then
            went = went + 1
            if domain then
                domain.used = domain.used + 1
            end
        end
    end
    return went
end

local turn = turn_at(bounds.gateway)
local wanted = math.max(fill(most), probes and 1 or 0)
local granted = turn_share(turn, bounds.free, wanted)
fill(granted)
bounds:use(granted)
local wait = turn_close(turn, wanted, granted, function(more)
    return bounds:wait(more)
end)

local held, crowded, rows = 0, 0, {}
for name, domain in pairs(bounds.open) do
    local again = domain.turn and turn_close(domain.turn, domain.wanted, domain.share, function(more)
        return rate_wait(domain.rate, more)
    end) or 0
    if again > 0 then
        held = held > 0 and math.min(held, again) or again
    elseif domain.used < domain.wanted and domain.used >= domain.free then
        crowded = 1
    end
    rows[#rows + 1] = {name, domain.used, again}
end
return {now, granted, wait, held, crowded, unpack(rows)}
