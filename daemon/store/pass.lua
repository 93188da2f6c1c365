#!lua flags=allow-oom
-- A message that this daemon has taken goes by another gateway, or by the same one, which begins it
-- later than its token holds: takes a token of that gateway, and writes its name into the message, so
-- that whatever happens then knows where it may be.
-- ARGV: P, consumer, entry, mid, class (as taken), number of this pass, gateway with its bounds
-- (shared_bounds.lua); what this daemon has in hand is counted without this message
-- Returns {now, 'passed'}, {now, 'wait', ms}: there is no token until then, or it is paused,
-- {now, 'held', ms}: its domain has no room there, {now, 'withdrawn', why}: it
-- was marked, or its address is suppressed or (marketing) declined it, or {now, 'gone'}: it is no longer
-- this daemon's, or bound to another gateway. The error LEASE where the daemon's lease ran out. But
-- for `passed` nothing was written. Safe to run twice: the number tells the second run that it has passed.
local P, consumer, entry, mid, class, number = unpack(ARGV, 1, 6)
--with shared_type
--with shared_clock
--with shared_lease
--with shared_said
--with shared_message
--with shared_objection
--with shared_rate
--with shared_bounds
local PAUSED_AGAIN, CROWDED_AGAIN = 1000, 200 -- ms
local now, gateway = clock(), ARGV[7]
local wrong = no_lease(consumer) or wrong_key({P .. ':suppressed', 'hash', P .. ':said', 'hash',
    P .. ':paused', 'hash'})
if wrong then
    return wrong
end

local m = fields(mid, 'owner', 'entry', 'take', 'gateway', 'bound', 'mark', 'hash', 'said', 'topic', 'domain')
if not m or m[1] ~= consumer or m[2] ~= entry or m[5] and m[4] ~= gateway then
    return {now, 'gone'}
end
local why = objection(class, m[6], m[7], m[8], m[9])
if why then
    return {now, 'withdrawn', why}
elseif m[3] == number then
    return {now, 'passed'}
elseif redis.call('HEXISTS', P .. ':paused', gateway) == 1 then
    return {now, 'wait', PAUSED_AGAIN}
end
local bounds, fault = bounds_open(7, now)
if fault then
    return fault
end
local domain = bounds:domain(m[10])
if bounds.free < 1 then
    return {now, 'wait', bounds:wait(0)}
elseif domain and domain.free < 1 then
    return {now, 'held', math.max(domain:wait(), CROWDED_AGAIN)}
elseif domain then
    domain.used = 1
end
bounds:use(1)
put_fields(mid, 'gateway', gateway, 'take', number)
return {now, 'passed'}
