#!lua flags=allow-oom
-- Takes messages for a gateway: transactional ones first, no more than its rate allows.
-- ARGV: P, consumer, channel, gateway, count, tokens per period (0: no limit), period ms, number
-- of this take
-- Returns {now, ms after which to ask again or 0, {entry, mid, customer, channel, class, body,
-- on_uncertain, gateway it is bound to or '', attempts, give_up}…}; the error LEASE where the
-- daemon's lease ran out. Run twice, the second run takes others: what the first took is put back
-- by recover.lua, which knows it by the number.
local P, consumer, channel, gateway, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local rate, per, number = tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8]
--with shared_clock
--with shared_lease
--with shared_outbox
local PASS_MOST = 1000 -- entries of messages that were withdrawn, in one run
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

local out, passed = {now, 0}, 0
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
        return
    end
    passed = passed + 1
    if m[1] == 'taken' and m[3] == entry then
        -- The group was made anew, and with it the entry came again: it is its owner's, who may
        -- be sending it now. Of a dead one claim_outbox.lua takes it over.
        redis.call('XCLAIM', stream, 'nudged', m[2], 0, entry, 'JUSTID')
    else
        remove(stream, entry)
    end
end

for _, class in ipairs(CLASSES) do
    local stream = outbox(channel, class)
    local empty = false
    while not empty and #out - 2 < room and passed < PASS_MOST do
        local entries = read(stream, room - (#out - 2))
        for _, entry in ipairs(entries) do
            offer(stream, class, entry[1], entry[2][2])
        end
        empty = #entries == 0
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
if passed >= PASS_MOST and out[2] == 0 then
    out[2] = 1 -- there may be messages behind
end
return out
