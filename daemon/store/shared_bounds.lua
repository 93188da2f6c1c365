-- What bounds a gateway, as ARGV says from `first` on: its name; tokens per period (0: no limit), period
-- ms; its warm-up's messages of the first day (0: none), growth by the day and end; a count of domains,
-- and for each {domain ('': each that has none of its own), tokens per period, period ms, connections of
-- this daemon (0: no limit)}; a count, and {domain, how many this daemon has in hand for it} each. A period
-- below 0 is of a grant: so many messages, which were counted in another shard, and more after -period ms.
local DAY = 86400000
local function bounds_read(first)
    local function number(at)
        return tonumber(ARGV[first + at])
    end
    local b = {gateway = ARGV[first], most = number(1), per = number(2), first = number(3),
        growth = number(4), last = number(5), domains = {}, in_hand = {}, open = {}}
    local at = 7
    for _ = 1, number(6) do
        b.domains[ARGV[first + at]] = {most = number(at + 1), per = number(at + 2),
            connections = number(at + 3)}
        at = at + 4
    end
    for i = at + 1, at + 2 * number(at), 2 do
        b.in_hand[ARGV[first + i]] = number(i + 1)
    end
    return b
end

-- A bound on any day, which grows by the day since the first message; from `last` on there is none.
-- Where that lies ahead, the clock was set back: it counts from now on.
local function warmup_open(b, now)
    if b.first <= 0 then
        return {most = 0, used = 0, free = math.huge, next = 0}
    end
    local key = P .. ':warmup:' .. b.gateway
    local since = tonumber(redis.call('HGET', key, 'since') or nil) or now
    if since > now then
        since = now
        redis.call('HSET', key, 'since', ms(now))
    end
    local days = math.floor((now - since) / DAY)
    local most = math.floor(b.first * b.growth ^ days + 0.000001)
    local warmup = rate_open(key, most < b.last and most or 0, DAY, now, true)
    warmup.next = since + (days + 1) * DAY - now
    return warmup
end

-- Ms until another may go, had `more` gone now; 0: at once.
local function bounds_wait(b, more)
    return math.max(rate_wait(b.rate, more), math.min(rate_wait(b.warmup, more), b.warmup.next))
end

-- So many go, and of each domain as many as are `used`.
local function bounds_use(b, count)
    rate_use(b.rate, count)
    if count > 0 and b.warmup.most > 0 then
        redis.call('HSETNX', b.warmup.key, 'since', ms(b.now))
        rate_use(b.warmup, count)
    end
    for _, d in pairs(b.open) do
        rate_use(d.rate, d.used)
    end
end

-- Ms until its rate lets another go; 0: it is connections that it waits for.
local function domain_wait(d)
    if d.rate.again then
        return d.used >= d.rate.free and d.rate.again or 0
    end
    return rate_wait(d.rate, d.used)
end

-- What a domain leaves, `free` less what is `used` by now; nil where nothing bounds it.
local function bounds_domain(b, domain)
    local row = domain and domain ~= '' and (b.domains[domain] or b.domains[''])
    if not row or b.open[domain] then
        return row and b.open[domain] or nil
    end
    local key = P .. ':domain:' .. b.gateway .. ':' .. domain
    if row.most > 0 and row.per >= 0 and is_wrong(key, 'hash') then
        redis.call('DEL', key) -- whatever stands there, it is no count of ours
    end
    local rate, left = {most = 0, free = row.most, again = -row.per}, math.huge
    if row.per >= 0 then
        rate = rate_open(key, row.most, row.per, b.now)
    end
    if row.connections > 0 then
        left = row.connections - (b.in_hand[domain] or 0)
    end
    b.open[domain] = {rate = rate, used = 0, free = math.min(rate.free, left), wait = domain_wait}
    return b.open[domain]
end

-- What they leave now: `free` messages. nil and an error where a key that it is known from is wrong.
local function bounds_open(first, now)
    local b = bounds_read(first)
    local rate, warmup = P .. ':rate:' .. b.gateway, P .. ':warmup:' .. b.gateway
    local wrong = wrong_key({rate, 'hash', warmup, 'hash'})
    if wrong then
        return nil, wrong
    end
    b.wait, b.use, b.domain = bounds_wait, bounds_use, bounds_domain
    b.now, b.rate, b.warmup = now, rate_open(rate, b.most, b.per, now), warmup_open(b, now)
    b.free = math.min(b.rate.free, b.warmup.free)
    return b
end
