#!lua flags=allow-oom
-- What this user of Redis may not do of what it needs.
-- ARGV: P, then commands as ACL SETUSER spells them ("hset", "xgroup|create")
-- Returns what lacks, to be given by ACL SETUSER: {'~P:*', '+hset', …}; false where this server cannot
-- say. INFO may lack: what it would tell is taken for good. Safe to run twice.
local P, may = ARGV[1], redis.acl_check_cmd
if not may then
    return false
end
-- Redis 7.0 looks for the keys among as many arguments as there must be, given or not; 8 knows no
-- command with more or fewer than it takes. So as many as any must have, then one less each time.
local key = P .. ':meta'
local MOST = {key, key, key, key, key} -- XCLAIM
local OTHERS = {eval = {'x', '0'}, evalsha = {'x', '0'}, xreadgroup = {'GROUP', 'nudged', 'x', 'STREAMS', key, '>'}}
local function can(words)
    local call = {}
    for word in string.gmatch(words, '%w+') do
        call[#call + 1] = word
    end
    local least = #call
    for _, argument in ipairs(OTHERS[words] or MOST) do
        call[#call + 1] = argument
    end
    for count = #call, least, -1 do
        local known, answer = pcall(may, unpack(call, 1, count))
        if known then
            return answer
        end
    end
    return true -- one that the server does not know is told when it is run
end
-- Where all that reads lacks, or all that writes, it is the keys.
local keys = (can('get') or can('hget') or can('type') or can('exists')) and
    (can('hset') or can('set') or can('xadd') or can('zadd'))
local KEYLESS = {['time'] = true, ['scan'] = true, ['keys'] = true, ['ping'] = true, ['eval'] = true,
    ['client|id'] = true, ['client|setname'] = true, ['client|unblock'] = true, ['script|load'] = true}
local lacking = {}
if not keys then
    lacking[1] = string.format('~%s:*', P)
end
for i = 2, #ARGV do
    if (keys or KEYLESS[ARGV[i]]) and ARGV[i] ~= 'info' and not can(ARGV[i]) then
        lacking[#lacking + 1] = '+' .. ARGV[i]
    end
end
return lacking
