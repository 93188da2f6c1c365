#!lua flags=allow-oom
-- Lifts suppressions that gateways' bounces made: those were the gateways' fault. One of another
-- reason, a complaint or an operator's word, stays.
-- ARGV: P, the reason, hashes of addresses…
-- Returns how many were lifted. Safe to run twice.
local P, reason = ARGV[1], ARGV[2]
local suppressed = P .. ':suppressed'
--with shared_type
--with shared_elsewhere
local wrong = wrong_key({suppressed, 'hash'}) or words_are_wrong()
if wrong then
    return wrong
end
local lifted = 0
for i = 3, #ARGV do
    local row = redis.call('HGET', suppressed, ARGV[i])
    local read, value = pcall(cjson.decode, row or '')
    if read and type(value) == 'table' and value.reason == reason then
        lifted = lifted + redis.call('HDEL', suppressed, ARGV[i])
    end
    pass_word('lift', ARGV[i], reason, '')
end
return lifted
