-- Adds a line to a customer's trace. One that is begun here lives for `keep` ms.
local function push_trace(customer, line, keep)
    local key = P .. ':trace:' .. customer
    redis.call('LPUSH', key, line)
    redis.call('LTRIM', key, 0, 99)
    if redis.call('PTTL', key) == -1 then
        redis.call('PEXPIRE', key, keep)
    end
end
