#!lua flags=allow-oom
-- Customers that a scan of all keys has found come into the index of zones: those who were known
-- before some rule had a clock. Whoever is written meanwhile comes there by `commit`.
-- ARGV: P, the cursor at which this part of the scan began, the one at which the next begins, keys that
-- were seen, then of each document: customer, its version, zone, place
-- Returns {'scan' or 'done', cursor}: where another daemon was faster, its own.
-- Safe to run twice: the second finds another cursor.
local P, cursor, next_cursor, keys = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
--with shared_type
--with shared_zones
local wrong = wrong_key({INDEX, 'hash', ZONES, 'zset'})
if wrong then
    return wrong
end

-- The cursors of one process of Redis say nothing to another; one that forbids INFO is taken to be the same.
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
local row = redis.call('HMGET', INDEX, 'state', 'cursor', 'run')
if row[1] == 'scan' and row[2] ~= '0' and row[3] ~= run then
    redis.call('HSET', INDEX, 'cursor', '0', 'keys', 0, 'customers', 0)
    return {'scan', '0'}
end
if row[1] ~= 'scan' or row[2] ~= cursor then
    return {row[1] or 'none', row[2] or '0'}
end

local added = 0
for i = 5, #ARGV, 4 do
    local customer, version, zone, place = unpack(ARGV, i, i + 3)
    local start = '{"version":"' .. version .. '"'
    local there = redis.pcall('GETRANGE', P .. ':customer:' .. customer, 0, #start - 1)
    if there == start then
        enter_zone(customer, zone, place, 0)
        redis.call('ZADD', ZONES, 'LT', 0, zone) -- they are known for longer than the zone
        added = added + 1
    end
end
redis.call('HINCRBY', INDEX, 'keys', keys)
redis.call('HINCRBY', INDEX, 'customers', added)
redis.call('HSET', INDEX, 'cursor', next_cursor, 'run', run, 'state', next_cursor == '0' and 'done' or 'scan')
return {next_cursor == '0' and 'done' or 'scan', next_cursor}
