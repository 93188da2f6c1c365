-- What was assumed of a commit and is not so: {'facts', name, items, …}, to which each adds what it has learnt. Made
-- when one comes of which that is to be asked.
--with shared_said
local facts
local function learnt(name, items)
    if #items > 0 then
        facts = facts or {'facts'}
        facts[#facts + 1] = name
        facts[#facts + 1] = items
    end
end

local function put_all(into, ...)
    for _, item in ipairs({...}) do
        into[#into + 1] = item
    end
end

local function ask_suppressed(c)
    local suppressed, found = {}, {}
    for i = c.free, c.records - 1 do
        local hash = ARGV[i]
        if suppressions[hash] then
            suppressed[#suppressed + 1] = hash
            found[#found + 1] = suppressions[hash]
        end
    end
    learnt('suppressed', suppressed)
    learnt('suppressions', found)
end

local function ask_declined(c)
    local declined, noes = {}, {}
    for i = c.undeclined, c.messages - 1, 2 do
        local hash, topic = ARGV[i], ARGV[i + 1]
        local words = c.told and c.told[hash] and c.told[hash][1] or said_read(record_at(hash))
        local against, no = said_speaks_against(words, topic)
        if against then
            declined[#declined + 1] = hash .. '=' .. topic
            noes[#noes + 1] = no
        end
    end
    learnt('declined', declined)
    learnt('noes', noes)
end

-- That of a rule which is paused, or is not, otherwise than it was assumed.
local function learn_halt(rule, record)
    local decoded, there = pcall(cjson.decode, record or '')
    there = decoded and type(there) == 'table' and there or NONE
    local by = type(there.by) == 'string' and there.by ~= '' and there.by or 'somebody'
    return rule, record and by or '', string.format('%.0f', type(there.at) == 'number' and there.at or 0)
end
local function ask_halts(c)
    local halts = {}
    for i = c.running, c.traces - 1 do
        if halted_at(ARGV[i]) then
            put_all(halts, learn_halt(ARGV[i], halted_at(ARGV[i])))
        end
    end
    for _, rule in ipairs(c.seldom and c.paused or NONE) do
        if not halted_at(rule) then
            put_all(halts, learn_halt(rule, false))
        end
    end
    learnt('halts', halts)
end

ask_facts = function(c)
    facts = nil
    if c.seldom then
        seldom().ask(c, learnt)
    end
    if c.seldom or kind_of(HALTED) ~= 'none' then
        ask_halts(c)
    end
    ask_suppressed(c)
    if c.undeclined < c.messages then
        ask_declined(c)
    end
    return facts
end
