-- Messages that were begun at once: who decided one has it in hand from that moment, and it has no entry in the outbox.
-- P:begun:<channel>:<class> has it instead: mid -> "<ms since when> <its owner>", and behind these " <customer>"
-- where settle.lua need know no more of it once it was sent.
local BEGUN = '-' -- of a message, in place of an entry
local function begun(channel, class)
    return P .. ':begun:' .. channel .. ':' .. class
end
local function begun_by(value)
    local since, owner = string.match(value or '', '^(%d+) (%S+)')
    return owner, tonumber(since)
end
