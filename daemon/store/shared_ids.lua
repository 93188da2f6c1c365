-- The ids of entries.
local function parts(id)
    local time, number = string.match(id, '^(%d+)%-(%d+)$')
    return tonumber(time), tonumber(number)
end
local function is_after(id, other)
    local time, number = parts(id)
    local other_time, other_number = parts(other)
    return time > other_time or (time == other_time and number > other_number)
end

-- A field of what XINFO answers.
local function field(row, name)
    for i = 1, #row, 2 do
        if row[i] == name then
            return row[i + 1]
        end
    end
end
