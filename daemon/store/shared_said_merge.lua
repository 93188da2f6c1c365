-- Changes of a record of P:said, as shared_said reads it. Kept are the noes and each yes that stands
-- over an older no to all: the newest word on each topic, at equal times the later one. At most 32
-- words: past that the oldest yes goes, without any the oldest no becomes one to all.
local SAID_MOST = 32
local function said_tidy(words)
    local all, count = words[''] and words[''].no and words[''], 0
    for topic, word in pairs(words) do
        if topic ~= '' and all and word.at <= all.at or
            not word.no and (topic == '' or not all) then
            words[topic] = nil
        else
            count = count + 1
        end
    end
    return count
end
local function said_oldest(words, no)
    local found
    for topic, word in pairs(words) do
        if topic ~= '' and word.no == no and (not found or word.at < words[found].at) then
            found = topic
        end
    end
    return found
end
local function said_merge(words, no, topic, at)
    local word = words[topic]
    if word and word.at > at then
        return
    end
    words[topic] = {no = no, at = at}
    if topic == '' and not no then
        for other, its in pairs(words) do
            if its.at < at then
                words[other] = nil
            end
        end
    end
    while said_tidy(words) > SAID_MOST do
        local oldest = said_oldest(words, false) or said_oldest(words, true)
        local its = words[oldest]
        words[oldest] = nil
        if its.no then
            said_merge(words, true, '', its.at)
        end
    end
end
-- Every yes goes with the document that it stood in. Returns the erasure that stands.
local function said_erase(words, erased, identity, at)
    for topic, word in pairs(words) do
        if not word.no then
            words[topic] = nil
        end
    end
    if erased and erased.at > at then
        return erased
    end
    return {at = at, line = '!' .. string.format('%.0f', at) .. '=' .. identity}
end
-- Takes over what stands of the name in another P:said. Returns the erasure that stands.
local function said_unite(words, erased, record)
    local others, erasure = said_read(record)
    for topic, other in pairs(others) do
        said_merge(words, other.no, topic, other.at)
    end
    return (not erased or erasure and erasure.at > erased.at) and erasure or erased
end
-- In an order that does not depend on how Lua keeps them.
local function said_print(words, erased)
    local lines = {erased and erased.line}
    for topic, word in pairs(words) do
        lines[#lines + 1] = (word.no and '-' or '+') .. string.format('%.0f', word.at) ..
            (topic ~= '' and '=' .. topic or '')
    end
    table.sort(lines)
    return table.concat(lines, '\n')
end
