--with shared_message_keys
--with shared_packed
-- One that stands as a string, as its fields in a table; nil where it does not.
local function packed_message(mid)
    local text = redis.pcall('GET', message_key(mid))
    local is_one, m = pcall(unpacked, text)
    if not is_one then
        return nil
    end
    m.state, m.entry, m.attempts = 'taken', BEGUN, '0'
    local value = redis.pcall('HGET', begun(m.channel or '', m.class or ''), mid)
    m.owner = begun_by(type(value) == 'string' and value)
    return m
end

-- Fields of a message; nil where what stands under its name is none.
local function fields(mid, ...)
    local row = redis.pcall('HMGET', message_key(mid), ...)
    if not row.err then
        return row
    end
    local m, found = packed_message(mid), {}
    for i, name in ipairs({...}) do
        found[i] = m and m[name] or false
    end
    return m and found
end

-- Its fields but what it says: name, value…
local ALONE = {'state', 'owner', 'entry', 'attempts'}
local function row_of(m)
    local row = {}
    for _, names in ipairs({ALONE, PACKED}) do
        for _, name in ipairs(names) do
            if m[name] then
                row[#row + 1], row[#row + 2] = name, m[name]
            end
        end
    end
    return row
end

-- One that stands as a string becomes a hash: from now on settle.lua asks it.
local function open_packed(mid)
    local m = packed_message(mid)
    if not m then
        return false
    end
    redis.call('SET', body_key(mid), m.body)
    redis.call('DEL', message_key(mid))
    redis.call('HSET', message_key(mid), unpack(row_of(m)))
    if m.owner then
        local index = begun(m.channel, m.class)
        redis.call('HSET', index, mid, string.match(redis.call('HGET', index, mid), '^%d+ %S+'))
    end
    return true
end
-- Notes something of a message.
local function change(command, mid, ...)
    local answer = redis.pcall(command, message_key(mid), ...)
    if type(answer) ~= 'table' then
        return answer
    elseif not open_packed(mid) then
        error(answer)
    end
    return redis.call(command, message_key(mid), ...)
end
local function put_fields(mid, ...)
    return change('HSET', mid, ...)
end
local function drop_fields(mid, ...)
    return change('HDEL', mid, ...)
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
