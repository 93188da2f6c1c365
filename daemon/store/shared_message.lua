local function message_key(mid)
    return P .. ':message:' .. mid
end
-- Fields of a message's hash; nil where what stands under its name is no hash.
local function fields(mid, ...)
    local row = redis.pcall('HMGET', message_key(mid), ...)
    return not row.err and row or nil
end
-- The count in a field, which somebody may have spoilt.
local function count_of(field)
    local number = tonumber(field or 0) or 0
    return number >= 0 and number < 1e15 and math.floor(number) or 0
end
