--with shared_message_keys
-- Fields of a message's hash; nil where what stands under its name is no hash.
local function fields(mid, ...)
    local row = redis.pcall('HMGET', message_key(mid), ...)
    return not row.err and row or nil
end
-- What it says. A former program wrote a field, which is given. nil where there is none.
local function body_of(mid, field)
    local body = field or redis.pcall('GET', body_key(mid))
    return type(body) == 'string' and body or nil
end
local function delete_message(mid)
    redis.call('DEL', message_key(mid), body_key(mid))
end
-- The count in a field, which somebody may have spoilt.
local function count_of(field)
    local number = tonumber(field or 0) or 0
    return number >= 0 and number < 1e15 and math.floor(number) or 0
end
