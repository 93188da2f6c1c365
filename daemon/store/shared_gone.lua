-- Whether a consumer is dead for good. A daemon whose lease is gone may only have been kept from
-- renewing it: Redis was away, or its clock was set forward. What it has just handed over it will
-- settle in a moment, so that is left to it until its lease was seen gone for `grace` ms (P:gone).
-- One that was replaced under its name is dead at once.
local MINDED = 3600000
local function is_gone(owner, grace, now)
    local name, epoch = string.match(owner, '^(.*):(%d+)$')
    local gone, holder = P .. ':gone', name and redis.pcall('GET', P .. ':instance:' .. name)
    if not name or type(holder) == 'string' and holder ~= epoch then
        return true
    end
    local since = tonumber(redis.call('HGET', gone, owner) or now + 1) or now + 1
    if since > now then -- seen for the first time, or before the clock was set back
        redis.call('HSET', gone, owner, ms(now))
        redis.call('PEXPIRE', gone, MINDED)
        return false
    end
    return now - since >= grace
end
-- It is dead for certain: nobody waits for its lease.
local function note_gone(owner)
    local name, epoch = string.match(owner, '^(.*):(%d+)$')
    local lease = P .. ':instance:' .. name
    if redis.pcall('GET', lease) == epoch then
        redis.call('DEL', lease)
    end
    redis.call('HSET', P .. ':gone', owner, 0)
    redis.call('PEXPIRE', P .. ':gone', MINDED)
end
