-- Adds a line to a customer's trace. One that is begun here lives for `keep` ms. Where that is no
-- list the line is lost, and nothing else.
local function push_trace(customer, line, keep)
    local key = P .. ':trace:' .. customer
    local pushed = redis.pcall('LPUSH', key, line)
    if type(pushed) == 'table' then
        return
    end
    redis.call('LTRIM', key, 0, 99)
    if redis.call('PTTL', key) == -1 then
        redis.call('PEXPIRE', key, keep)
    end
end
