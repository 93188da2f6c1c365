-- A record of P:said, what was said under a key or an address, in lines: "-<ms>" is a no to all,
-- "-<ms>=news" one to a topic, "+<ms>=news" a yes to it that stands over an older no to all,
-- "!<ms>=<identity>" an erasure. What is none of these is a no to all: silence is the safe side.
-- Returns topic ('' is all) -> {no, at}; and the erasure, {at, line}, or nil.
local function said_read(record)
    local words, erased = {}, nil
    for line in string.gmatch(record or '', '[^\n]+') do
        local sign, at, rest = string.match(line, '^([-+!])(%d+)(.*)$')
        local topic = rest == '' and '' or string.match(rest or '', '^=(.+)$')
        if not topic then
            words[''] = words[''] or {no = true, at = 0}
        elseif sign == '!' then
            erased = {at = tonumber(at), line = line}
        else
            words[topic] = {no = sign == '-', at = tonumber(at)}
        end
    end
    return words, erased
end
-- Whether such words speak against a topic; 'all' is one that only a no to all declines. The newer
-- of the topic's and all's stands; of a no and a yes at the same time the no does. Returns also the
-- no that does so, "<ms>=<topic>".
local function said_speaks_against(words, topic)
    local all, own = words[''], topic ~= 'all' and words[topic] or nil
    if own and (not all or own.at > all.at or own.at == all.at and own.no) then
        return own.no, string.format('%.0f=%s', own.at, topic)
    end
    return all ~= nil and all.no, string.format('%.0f=all', all and all.at or 0)
end
-- The same of a record; false: there is none.
local function said_declines(record, topic)
    local words = said_read(record)
    return (said_speaks_against(words, topic))
end
