#!lua flags=allow-oom
-- What an operator says of addresses: they must not be written to, or may be again. What is known of
-- one already stays as it is. The trace of the customer, where there is one, tells it.
-- ARGV: P, `add` or `rm`, ms that a trace lives, then for each {its hash, the one that the first format
-- knew it by or '', the key of the customer or '', reason, ms since when or '': now}
-- Returns for each 1 (done) or 0 (it was so already). Safe to run twice.
local P, verb, keep = ARGV[1], ARGV[2], ARGV[3]
local WIDTH = 5
--with shared_type
--with shared_clock
--with shared_trace
local now, key = clock(), P .. ':suppressed'
local wrong = wrong_key({key, 'hash'})
if wrong then
    return wrong
end

local function tell(customer, what)
    if customer ~= '' and redis.call('EXISTS', P .. ':customer:' .. customer) == 1 then
        push_trace(customer, string.format('{"at":%s,"did":[{"what":"%s","why":"by hand"}]}', ms(now), what),
            keep)
    end
end

local function add(hash, old, reason, at)
    if old ~= '' and redis.call('HEXISTS', key, old) == 1 then
        return 0
    end
    return redis.call('HSETNX', key, hash, string.format('{"reason":%s,"at":%s}', cjson.encode(reason),
        ms(tonumber(at) or now)))
end

local out = {}
for i = 4, #ARGV, WIDTH do
    local hash, old, customer, reason, at = unpack(ARGV, i, i + WIDTH - 1)
    local done
    if verb == 'add' then
        done = add(hash, old, reason, at)
    else
        done = redis.call('HDEL', key, hash, old ~= '' and old or hash) > 0 and 1 or 0
    end
    if done == 1 then
        tell(customer, verb == 'add' and 'suppressed' or 'unsuppressed')
    end
    out[#out + 1] = done
end
return out
