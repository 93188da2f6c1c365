-- Whether marketing waits for events. They are behind when one is not decided that was accepted so many
-- ms ago. In any traffic some are on their way for a moment, and marketing would never go: who opts out
-- within this last second is as who does while a gateway has the message. Also while a key is wrong
-- without which no event, or no withdrawal, can be committed: `health` tells of it, and transactional
-- messages go on.
local BEHIND, SAMPLE_EVERY = 1000, 100
local function events_are_behind(inbox, now)
    local needed = decided_from(inbox)
    for _, key in ipairs({P .. ':due', P .. ':taken', P .. ':uncertain'}) do
        needed[#needed + 1] = key
        needed[#needed + 1] = 'zset'
    end
    for _, class in ipairs(CLASSES) do
        needed[#needed + 1] = P .. ':full:' .. class
        needed[#needed + 1] = 'zset'
    end
    local function wants(since)
        return not since or since <= now - SAMPLE_EVERY
    end
    return wrong_key(needed) or decided_until(inbox, now, wants) < now - BEHIND
end
