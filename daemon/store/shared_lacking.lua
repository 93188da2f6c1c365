-- Messages whose template a daemon lacks. Such a daemon puts one back into P:later, and writes into
-- its hash who lacks it: its consumer, and the load of its files, as a reload may bring the template.
-- Until it is due it stands here too, for whoever does not lack it to take at once.
local LACKING_MS, LACKING_MOST = 10000, 16
local function lacking(channel, class)
    return P .. ':lacking:' .. channel .. ':' .. class
end
local function lacks(field, who)
    return field and string.find(' ' .. field .. ' ', ' ' .. who .. ' ', 1, true) ~= nil
end
-- Of many that lack it the newest are known; what is forgotten costs one more look at the template.
local function lacked_by(field, who)
    if not field or lacks(field, who) then
        return field or who
    end
    local known = {who}
    for other in string.gmatch(field, '%S+') do
        known[#known + 1] = #known < LACKING_MOST and other or nil
    end
    return table.concat(known, ' ')
end
local function put_aside(mid, channel, class, at)
    put_fields(mid, 'state', 'later', 'channel', channel, 'class', class)
    drop_fields(mid, 'owner', 'entry', 'queue')
    redis.call('ZADD', P .. ':later', ms(at), mid)
    redis.call('SADD', lacking(channel, class), mid)
    redis.call('PEXPIRE', lacking(channel, class), 2 * LACKING_MS) -- nothing stands here for longer
end
