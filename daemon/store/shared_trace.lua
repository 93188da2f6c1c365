-- A failure of a message is told once for a run of equal ones, or a day of retries would flush all
-- else: the newer line takes the place of the older, and says how many there were, and since when.
local FAILURES = {retry = true, unavailable = true, ['gateway-fault'] = true, uncertain = true}
local RUN_LOOK = 16 -- lines back
local function trace_text(line, name)
    local _, last = string.find(line, '"' .. name .. '":"', 1, true)
    return last and string.match(line, '^[^"\\]*', last + 1) or ''
end
local function trace_of(line)
    local why = trace_text(line, 'why')
    return {what = trace_text(line, 'what'), mid = trace_text(line, 'mid'), gateway = trace_text(line, 'gateway'),
        why = string.match(why, '^%d%d%d [%d%.]+') or string.gsub(why, '%d+', '0'), -- servers put ids in
        times = tonumber(string.match(line, '"times":(%d+)') or 1),
        first = string.match(line, '"first":(%d+)') or string.match(line, '^{"at":(%d+)')}
end
-- Of the same message back to what is no failure.
local function trace_run(key, new)
    local lines = redis.pcall('LRANGE', key, 0, RUN_LOOK - 1)
    for _, line in ipairs(lines.err and {} or lines) do
        local old = string.find(line, '"mid":"' .. new.mid .. '"', 1, true) and trace_of(line)
        if old and not FAILURES[old.what] then
            return nil
        elseif old and old.what == new.what and old.gateway == new.gateway and old.why == new.why then
            return line, old
        end
    end
end
local function trace_merged(key, line)
    if not FAILURES[trace_text(line, 'what')] then -- nearly always
        return line
    end
    local new = trace_of(line)
    local replaced, old = nil, nil
    if new.mid ~= '' then
        replaced, old = trace_run(key, new)
    end
    if not replaced or not old.first then
        return line
    end
    local merged = string.gsub(line, '}%]}$', string.format(',"times":%d,"first":%s}]}', old.times + 1, old.first))
    return merged, replaced
end

-- Adds a line to a customer's trace. One that is begun here lives for `keep` ms. Where that is no
-- list the line is lost, and nothing else. `is_sent`: it tells of no failure.
local function push_trace(customer, line, keep, is_sent)
    local key, merged, replaced = P .. ':trace:' .. customer, line, nil
    if not is_sent then
        merged, replaced = trace_merged(key, line)
    end
    local count = redis.pcall('LPUSH', key, merged)
    if type(count) ~= 'number' then
        return
    elseif replaced then
        redis.call('LREM', key, 1, replaced)
    elseif count > 100 then
        redis.call('LTRIM', key, 0, 99)
    end
    if count == 1 then
        redis.call('PEXPIRE', key, keep)
    end
end
