-- All of a commit is written, once everything holds.
local done = {} -- entries of what was written

-- What is given a code is taken from the outbox: somebody may know the code from then on.
local function put_message(c, first, code, low)
    local mid, kind, text = ARGV[first], kinds_of_messages[ARGV[first + 1]], ARGV[first + 3]
    local begins = not code and may_begin(kind) and tonumber(ARGV[first + 2]) > now
    touched[mid] = true
    if begins then
        put_begun(c, mid, kind, text)
    else
        put_queued(mid, kind, text)
    end
    if code then
        seldom().give(code, low)
    end
    return begins
end

-- Returns 'done', and behind it the mids that were begun at once.
local function put_messages(c, codes, low)
    local answer = 'done'
    for m = c.messages, c.running - 1, MESSAGE do
        local mid = ARGV[m]
        if not is_fresh(mid) then -- it may be sent after all
            seldom().unmark(mid)
        elseif put_message(c, m, codes[mid], low) then
            answer = answer .. ' ' .. mid
        end
    end
    return answer
end

local function keep_rest(c)
    if c.document ~= '' and are_there.starts then
        redis.call('PEXPIREAT', starts_key(c.customer), c.expire)
    end
    if c.document ~= '' and are_there.watching then
        seldom().keep_watching(c)
    end
    if c.document ~= '' and c.traces == c.relied and not c.trace_stays and not is_wrong(trace_key(c.customer), 'list') then
        redis.call('PEXPIREAT', trace_key(c.customer), c.expire)
    end
end

local function note_done(c)
    for i = c.ids, c.free - 1 do
        done[#done + 1] = ARGV[i]
    end
end

-- The trace comes first: where it is spoilt nothing has been written yet. Withdrawals come before
-- messages: one that is decided again is not to be deleted.
local function write(c)
    if c.seldom and #c.leave > 0 and seldom().stays(c) then
        note_done(c)
        return {'done'}
    end
    local low, codes, dropped = NONE, NONE, NONE
    if c.traces_first and c.customer ~= '' and not put_traces(c) and c.document ~= '' then
        return broken(trace_key(c.customer), 'list')
    end
    if c.seldom then
        seldom().write_first(c)
    end
    if c.customer ~= '' then
        put_customer(c)
    end
    if c.seldom then
        low, codes, dropped = {'done'}, seldom().write_person(c)
    end
    keep_rest(c)
    local answer = put_messages(c, codes, low)
    if c.seldom then
        seldom().write_rest(c, dropped)
    end
    if ARGV[c.head + 7] ~= '' and kind_of(INDEX) == 'hash' then
        pcall(seldom().put_zone, c.customer, ARGV[c.head + 7])
    end
    note_done(c)
    if #low <= 1 then
        return answer
    end
    low[#low + 1] = answer
    return low
end
