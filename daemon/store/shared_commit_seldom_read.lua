-- The lists, and how many arguments an item of each has.
local WIDTHS = {withdrawals = 3, emits = 2, abroad = 2, dead = 5, postponed = 2, full = 2, joins = 2, moves = 1,
    redirects = 3, said = 4, erased = 2, starts = 2, forgotten = 1, ticks = 1, zones = 5, paused = 1, halted = 3,
    brakes = 1, braked = 4, codes = 4, runs = 2, dry = 1, watches = 3, tellings = 3, strays = 3, aside = 2, heard = 2, leads = 4,
    leave = 3, leave_mids = 1, leave_runs = 1, leave_names = 1, parcel = 1, elsewhere = 1}
local ABSENT = {__index = {}}
for name in pairs(WIDTHS) do
    ABSENT.__index[name] = NONE
end

-- Of these none has to do with a message: what other commits of the call have begun need not be noted before.
local APART = {redirects = true, said = true, starts = true, forgotten = true, zones = true, joins = true}

-- Returns where the last one ends.
local function read_seldom(c, at)
    setmetatable(c, ABSENT)
    while ARGV[at] ~= '' do
        local name, count = ARGV[at], tonumber(ARGV[at + 1])
        local items, width = {}, WIDTHS[name]
        at = at + 2
        for i = 1, count do
            items[i] = width == 1 and ARGV[at] or {unpack(ARGV, at, at + width - 1)}
            at = at + width
        end
        c[name] = items
        c.lists = c.lists and c.lists .. ' ' .. name or name
        c.is_entangled = c.is_entangled or not APART[name]
    end
    for _, j in ipairs(c.joins) do
        c.merges = c.merges or j[2] ~= ''
    end
    c.is_entangled = c.is_entangled or c.merges
    return at
end

-- Adds the records that it asks for, and the keys that become part of its customer.
local function names_of_seldom(c, names, joined)
    for _, j in ipairs(c.joins) do
        joined[#joined + 1] = j[1]
    end
    for _, item in ipairs(c.said) do
        names[#names + 1] = item[1]
    end
    for _, name in ipairs(c.leave_names) do
        names[#names + 1] = name
    end
end

-- Mostly they are an address that comes with an id for the first time.
local function look_for_joined(joined)
    local keys = {}
    for _, key in ipairs(joined) do
        keys[#keys + 1] = document_key(key)
        keys[#keys + 1] = watching_of(key)
    end
    if any_there(keys) then
        return
    end
    for _, key in ipairs(joined) do
        bare[key] = true
    end
end
