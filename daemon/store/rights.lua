#!lua flags=allow-oom
-- What this user of Redis may not do of what it needs.
-- ARGV: P, then commands as ACL SETUSER spells them ("hset", "xgroup|create")
-- Returns what lacks, to be given by ACL SETUSER: {'~P:*', '+hset', …}; false where this server cannot
-- say. INFO may lack: what it would tell is taken for good. Safe to run twice.
local P, may = ARGV[1], redis.acl_check_cmd
if not may then
    return false
end
-- Each with as many arguments as it must have: Redis 7.0 reads those of some that are not there.
local key = P .. ':meta'
local function can(words)
    local command, part = string.match(words, '^(%w+)|?(%w*)$')
    local known, answer
    if command == 'xreadgroup' then
        known, answer = pcall(may, command, 'GROUP', 'nudged', 'x', 'STREAMS', key, '>')
    elseif command == 'eval' or command == 'evalsha' then
        known, answer = pcall(may, command, 'x', '0')
    elseif part == '' then
        known, answer = pcall(may, command, key, key, key)
    else
        known, answer = pcall(may, command, part, key, key, key)
    end
    return not known or answer -- one that the server does not know is told when it is run
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
