#!lua flags=no-writes
-- How much stands where, for figures: what is old, and how much there is of each thing.
-- ARGV: P, the list's key or "", channels…
-- Returns how old the oldest event is that is not decided (ms; 0: there is none), how many there are
-- in the stream and the list, for how long the earliest deadline has passed (ms; 0: it has not), how
-- many customers have one, how many dead letters there are, and for each channel the messages that
-- are in its queues, by class: transactional, marketing. Writes nothing.
local P = ARGV[1]
--with shared_type
--with shared_outbox
--with shared_begun
--with shared_queues
--with shared_clock
local inbox, now = ARGV[2], clock()
local queues = all_queues(3, #ARGV)
local wrong = wrong_key({P .. ':events', 'stream', P .. ':due', 'zset', P .. ':dead', 'stream', P .. ':queues', 'set'})
    or wrong_key(need_queues(queues, need_begun(3, #ARGV, {})))
if wrong then
    return wrong
end
local function since(at)
    return at and math.max(0, now - at) or 0
end
local oldest = redis.call('XRANGE', P .. ':events', '-', '+', 'COUNT', 1)[1]
local listed = inbox ~= '' and not is_wrong(inbox, 'list') and redis.call('LLEN', inbox) or 0
local due = redis.call('ZRANGE', P .. ':due', 0, 0, 'WITHSCORES')[2]
local levels = {since(oldest and tonumber(string.match(oldest[1], '^%d+'))),
    redis.call('XLEN', P .. ':events') + listed, since(due and tonumber(due)), redis.call('ZCARD', P .. ':due'),
    redis.call('XLEN', P .. ':dead')}
local place = {}
for i = 3, #ARGV do
    place[ARGV[i]] = #levels + 1
    for _, class in ipairs(CLASSES) do
        levels[#levels + 1] = redis.call('HLEN', begun(ARGV[i], class))
    end
end
for _, q in ipairs(queues) do
    for class = 1, #CLASSES do
        local at = place[q[2]] + class - 1
        levels[at] = levels[at] + redis.call('XLEN', outbox(q[1], CLASSES[class]))
    end
end
return levels
