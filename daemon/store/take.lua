#!lua flags=allow-oom
-- Takes messages for a gateway: transactional ones first, no more than its rate allows.
-- ARGV: P, consumer, channel, gateway, count, tokens per period (0: no limit), period ms, ms that
-- a trace lives, number of this take
-- Returns {now, ms until the next token or 0, {entry, mid, customer, channel, class, body,
-- on_uncertain, gateway it is bound to or '', attempts, give_up}…}; the error LEASE where the
-- daemon's lease ran out. Run twice, the second run takes others: what the first took is put back
-- by recover.lua, which knows it by the number.
local P, consumer, channel, gateway, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local rate, per, keep, number = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
--with shared_clock
--with shared_lease
--with shared_trace
--with shared_requeue
--with shared_take_over
local ROUNDS = 20
local now = clock()
if not alive(consumer) then
    return redis.error_reply('LEASE the lease of this daemon ran out')
end

-- The bucket: full at `rate` tokens, filled evenly. A clock that was set back starts it anew
-- from what was in it.
local bucket = P .. ':rate:' .. gateway
local level = most
if rate > 0 then
    local row = redis.call('HMGET', bucket, 'tokens', 'at')
    local passed = now - tonumber(row[2] or now)
    level = math.min(rate, tonumber(row[1] or rate) + math.max(0, passed) * rate / per)
    if passed < 0 then
        redis.call('HSET', bucket, 'at', ms(now))
    end
end
local room = math.min(most, math.floor(level))

local function drop(stream, entry)
    redis.call('XACK', stream, 'nudged', entry)
    redis.call('XDEL', stream, entry)
end

local function read(stream, count)
    local function try()
        return redis.pcall('XREADGROUP', 'GROUP', 'nudged', consumer, 'COUNT', count, 'STREAMS',
            stream, '>')
    end
    local got = try()
    if got and got.err and string.find(got.err, 'NOGROUP', 1, true) then
        redis.call('XGROUP', 'CREATE', stream, 'nudged', '0', 'MKSTREAM')
        got = try()
    end
    if got and got.err then
        error(got)
    end
    return got and got[1][2] or {}
end

-- An entry of a message that is taken already: the group was made anew, and with it the entry
-- came again. It goes back to its owner, who may be sending it now, or is taken over.
local function restore(stream, entry, mid, owner)
    if alive(owner) then
        redis.call('XCLAIM', stream, 'nudged', owner, 0, entry, 'JUSTID')
    else
        take_over(stream, entry, mid, now, keep)
    end
end

local out = {now, 0}
local function offer(stream, class, entry, mid)
    local key = P .. ':message:' .. mid
    local m = redis.call('HMGET', key, 'state', 'owner', 'entry', 'customer', 'body',
        'on_uncertain', 'gateway', 'bound', 'attempts', 'give_up')
    if m[1] == 'queued' then
        local bound = m[8] and m[7] or ''
        redis.call('HSET', key, 'state', 'taken', 'owner', consumer, 'entry', entry, 'take', number)
        if bound == '' then
            redis.call('HSET', key, 'gateway', gateway)
        end
        out[#out + 1] = {entry, mid, m[4], channel, class, m[5], m[6], bound, m[9], m[10]}
    elseif m[1] == 'taken' and m[3] == entry then
        restore(stream, entry, mid, m[2])
    else
        drop(stream, entry)
    end
end

local rounds = 0
for _, class in ipairs({'transactional', 'marketing'}) do
    local stream = P .. ':outbox:' .. channel .. ':' .. class
    local empty = false
    while not empty and #out - 2 < room and rounds < ROUNDS do
        local entries = read(stream, room - (#out - 2))
        for _, entry in ipairs(entries) do
            offer(stream, class, entry[1], entry[2][2])
        end
        empty = #entries == 0
        rounds = rounds + 1
    end
end

if rate > 0 then
    local taken = #out - 2
    if taken > 0 then
        redis.call('HSET', bucket, 'tokens', string.format('%.6f', level - taken), 'at', ms(now))
        redis.call('PEXPIRE', bucket, ms(per + 1000))
    end
    if taken < most and taken == room then
        out[2] = math.ceil((1 - (level - taken)) * per / rate)
    end
end
return out
