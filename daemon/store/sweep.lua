#!lua flags=allow-oom
-- Takes customers whose turn it is at a tick of a rule's clock, in the order of their turns, within the
-- rate of all daemons. How far a rule has come in a zone moves on in the same step in which they come
-- into work, so nobody is left out, and nobody is asked twice. Before them come those whom a daemon had
-- taken that ended.
-- ARGV: P, consumer, the list's key ('' where there is none), most, customers per second, settle ms,
-- lease ms, most ms until it is asked again, how many rules, those, then of each rule in each zone:
-- zone, rule, spread ms, max_age ms, and three ticks that follow each other: ms, name; 0, '' for none
-- Returns {now, 'none', 'scan' or 'done', ms until somebody may be taken again, {when to ask again of
-- each rule in each zone, ms; -1: never}, {tick of a customer, …}}.
-- Safe to run twice: what the first run took stays under its lease, then is taken again.
local P, consumer, inbox, most, rate = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local settle, lease, poll, rules = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local FULL, WEEK = 1000000000, 7 * 86400000
local RATE_MOST = math.max(60000, 2 * most * 1000 / rate) -- ms
--with shared_clock
--with shared_lease
--with shared_type
--with shared_decided
--with shared_zones
local now = clock()
local wrong = no_lease(consumer) or wrong_key({CLOCKS, 'hash', INDEX, 'hash', ZONES, 'zset', SWEPT, 'hash',
    TICKS, 'zset'}) or wrong_key(decided_from(inbox))
if wrong then
    return wrong
end

local state = redis.call('HGET', INDEX, 'state') or 'none'
local knows = {}
for i = 1, rules do
    knows[ARGV[9 + i]] = true
end

-- ---- What is asked about: a rule in a zone ----

local function since_of(rule, zone)
    local rule_since = tonumber(string.match(redis.call('HGET', CLOCKS, rule) or '', '^%d+')) or math.huge
    return math.max(rule_since, tonumber(redis.call('ZSCORE', ZONES, zone) or math.huge))
end

local function tick_at(i)
    local at = tonumber(ARGV[i])
    return ARGV[i + 1] ~= '' and {at = at, name = ARGV[i + 1]} or nil
end

local sweeps, zones = {}, {}
for i = 10 + rules, #ARGV, 10 do
    local s = {zone = ARGV[i], rule = ARGV[i + 1], spread = tonumber(ARGV[i + 2]), max_age = tonumber(ARGV[i + 3]),
        ticks = {[1] = tick_at(i + 4), [2] = tick_at(i + 6), [3] = tick_at(i + 8)}}
    s.since = since_of(s.rule, s.zone)
    s.swept = read_swept(s.rule, s.zone)
    sweeps[#sweeps + 1] = s
    if not zones[s.zone] then
        zones[s.zone] = {}
        zones[#zones + 1] = s.zone
    end
    table.insert(zones[s.zone], s)
end

-- Everything that Redis accepted before a turn was decided.
local function first_turn()
    local first = math.huge
    for _, s in ipairs(sweeps) do
        for t = 1, 3 do
            local tick = s.ticks[t]
            if tick and tick.at > s.since and tick.at < first then
                first = tick.at
            end
        end
    end
    return first
end
local function wants(since)
    return first_turn() <= now and (not since or since < now - 1000)
end
local until_ms = #sweeps > 0 and state == 'done' and math.min(now - settle, decided_until(inbox, now, wants)) or 0

-- Places below this one have had their turn at that time.
local function place_at(s, tick, time)
    if time < tick.at then
        return 0
    end
    return s.spread == 0 and FULL or math.min(FULL, math.floor((time - tick.at) / s.spread * FULL) + 1)
end

-- What is left to do of a rule in a zone: a tick, and from which place to which. The newest tick for
-- each customer, and none that began before the rule or the zone.
local function left_of(s)
    local current
    for t = 1, 3 do
        local tick = s.ticks[t]
        if tick and tick.at <= until_ms and tick.at > s.since then
            current = t
        end
    end
    if not current then
        return nil
    end
    local tick, before = s.ticks[current], s.ticks[current - 1]
    local goal, swept = place_at(s, tick, until_ms), s.swept
    local from, to = 0, goal
    if before and before.at <= s.since then
        before = nil
    end
    if swept and swept.name == tick.name then
        from = swept.place
    elseif swept and not is_newer(tick.name, swept.name) then
        return nil -- the clock was set back
    elseif before and goal < FULL and not (swept and swept.name == before.name and swept.place >= FULL) then
        from = math.max(swept and swept.name == before.name and swept.place or 0, goal)
        tick, to = before, FULL
    end
    from = math.max(from, place_at(s, tick, now - s.max_age) - 1)
    return {tick = tick, from = from, to = to, turn = tick.at + from / FULL * s.spread}
end

local function note(s, tick, place)
    local swept = s.swept
    local before = swept and (swept.name == tick.name and swept.before or swept.name)
    s.swept = {name = tick.name, at = ms(tick.at), place = place, before = before}
    redis.call('HSET', SWEPT, s.rule .. ' ' .. s.zone,
        table.concat({tick.name, ms(tick.at), ms(place), before or '-'}, ' '))
end

-- ---- Whom to take ----

local taken, count = {}, 0
local function take(tick)
    redis.call('ZADD', TICKS, ms(now + lease), tick)
    taken[#taken + 1] = tick
end

local function customer_part(tick)
    return string.match(tick, '^(.*) %S+$')
end

-- Those whose lease ran out, or ends later than any given now. All of a customer's at once; what
-- nobody has a rule for ends after a week.
local function take_again(from, to)
    local rows = redis.call('ZRANGE', TICKS, from, to, 'BYSCORE', 'LIMIT', 0, most)
    local last = rows[#rows] and #rows == most and customer_part(rows[1]) ~= customer_part(rows[#rows]) and
        customer_part(rows[#rows])
    for _, tick in ipairs(rows) do
        local part, rule = customer_part(tick), string.match(tick, '%S+$')
        if part == last then
            break -- more of theirs may follow
        elseif knows[rule] then
            take(tick)
            count = count + 1
        elseif now - tonumber(string.match(tick, '^%d+')) > WEEK then
            redis.call('ZREM', TICKS, tick)
        else
            redis.call('ZADD', TICKS, ms(now + 1000), tick)
        end
    end
end

-- So many customers of a zone from a place on, and all that share the last one's; where it ended.
local function customers_of(zone, from, to, limit)
    local key, found = zone_key(zone), {}
    local rows = redis.call('ZRANGE', key, ms(from), '(' .. ms(to), 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
    local stop, last = to, tonumber(rows[#rows])
    if #rows == 2 * limit then
        stop = last + 1
        local same = redis.call('ZRANGE', key, ms(last), ms(last), 'BYSCORE', 'WITHSCORES')
        while #rows > 0 and tonumber(rows[#rows]) == last do
            rows[#rows], rows[#rows - 1] = nil, nil
        end
        for _, item in ipairs(same) do
            rows[#rows + 1] = item
        end
    end
    for i = 1, #rows, 2 do
        found[#found + 1] = {key = rows[i], place = ms(tonumber(rows[i + 1]))}
    end
    return found, stop
end

local function is_ahead(s, left)
    return not s.swept or s.swept.name ~= left.tick.name or left.to > s.swept.place
end

-- The rules that have the same customers next: of one tick, one spread and from one place on, up to
-- where another such has come.
local function next_turn(zone)
    local first, all = nil, {}
    for _, s in ipairs(zones[zone]) do
        local left = left_of(s)
        if left and left.from >= left.to and is_ahead(s, left) then
            note(s, left.tick, left.to) -- they are too old, or have a newer tick
            left = left_of(s)
        end
        if left and left.from < left.to then
            all[#all + 1] = {s = s, left = left}
            if not first or left.turn < first.left.turn then
                first = all[#all]
            end
        end
    end
    local group = {}
    for _, one in ipairs(all) do
        local same = one.left.tick.at == first.left.tick.at and one.s.spread == first.s.spread
        if same and one.left.from == first.left.from then
            group[#group + 1] = one
            first.left.to = math.min(first.left.to, one.left.to)
        end
    end
    for _, one in ipairs(all) do
        local same = one.left.tick.at == first.left.tick.at and one.s.spread == first.s.spread
        if same and one.left.from > first.left.from then
            first.left.to = math.min(first.left.to, one.left.from)
        end
    end
    return first, group
end

local function take_customers(zone, first, group, limit)
    local customers, stop = customers_of(zone, first.left.from, first.left.to, limit)
    local keys = {}
    for i, customer in ipairs(customers) do
        keys[i] = asked_key(customer.key)
    end
    local moved = #keys > 0 and redis.call('MGET', unpack(keys)) or {}
    for i, customer in ipairs(customers) do
        local asked = read_asked(moved[i])
        for _, one in ipairs(group) do
            if is_newer(one.left.tick.name, asked[one.s.rule]) then
                take(tick_of(ms(one.left.tick.at), zone, customer.place, customer.key, one.s.rule))
            end
        end
    end
    for _, one in ipairs(group) do
        note(one.s, one.left.tick, stop)
    end
    count = count + #customers
end

-- ---- A run ----

take_again('-inf', ms(now))
take_again('(' .. ms(now + lease), '+inf')

local free = tonumber(redis.call('HGET', INDEX, 'free') or 0)
if free > now + RATE_MOST then
    free = now -- the clock was set back
end
local wait = math.max(0, free - now)
for _, zone in ipairs(state == 'done' and zones or {}) do
    local first, group = next_turn(zone)
    while first and count < most and wait == 0 do
        take_customers(zone, first, group, most - count)
        first, group = next_turn(zone)
    end
end
if count > 0 then
    free = math.max(free, now) + count * 1000 / rate
    redis.call('HSET', INDEX, 'free', ms(free))
    redis.call('PEXPIRE', TICKS, 2 * WEEK)
    wait = math.max(0, math.ceil(free - now))
end

-- When to ask again: at the turn of the next customer, or at the next tick.
local asking = {}
for i, s in ipairs(sweeps) do
    local left, after = left_of(s), nil
    asking[i] = -1
    for t = 3, 1, -1 do
        if s.ticks[t] and s.ticks[t].at > until_ms then
            after = s.ticks[t].at
        end
    end
    if left and left.from < left.to then
        asking[i] = now
    elseif left and left.to < FULL then
        local row = redis.call('ZRANGE', zone_key(s.zone), ms(left.to), '+inf', 'BYSCORE', 'LIMIT', 0, 1,
            'WITHSCORES')
        local turn = row[2] and left.tick.at + tonumber(row[2]) / FULL * s.spread or math.huge
        asking[i] = math.floor(math.min(turn + settle + 1, now + poll))
    elseif after then
        asking[i] = math.max(after + settle, now + 50)
    elseif s.ticks[3] then
        asking[i] = now -- its ticks are past: others are to be given
    end
end
return {now, state, wait, asking, taken}
