-- Messages that were begun at once: who decided one has it in hand from that moment, and it has no entry
-- in the outbox. P:begun:<channel>:<class> has them instead: mid -> "<ms since when> <its owner>".
local BEGUN = '-' -- in a message's hash, in place of an entry
local function begun(channel, class)
    return P .. ':begun:' .. channel .. ':' .. class
end
local function begun_by(value)
    local since, owner = string.match(value or '', '^(%d+) (.+)$')
    return owner, tonumber(since)
end

-- A message leaves the queue that it was taken from: 1, or 0 where it stood there no more.
local function leave(queue, class, entry, mid)
    if entry == BEGUN then
        return redis.call('HDEL', begun(queue, class), mid)
    end
    return remove(outbox(queue, class), entry)
end

-- What is to be looked at first, for wrong_key(): of the channels that ARGV names from `first` to `last`.
local function need_begun(first, last, needed)
    for i = first, last do
        for _, class in ipairs(CLASSES) do
            needed[#needed + 1] = begun(ARGV[i], class)
            needed[#needed + 1] = 'hash'
        end
    end
    return needed
end
