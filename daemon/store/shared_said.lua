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
-- Whether a record (false: there is none) speaks against a topic; 'all' is one that only a no to
-- all declines. Of a no and a yes at the same time the no stands.
local function said_declines(record, topic)
    local words = said_read(record)
    local all, own = words[''], topic ~= 'all' and words[topic]
    if own and (not all or own.at > all.at) then
        return own.no
    end
    return all ~= nil
end
