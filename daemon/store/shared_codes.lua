-- Codes: P:codes:<list> has those that nobody was given; P:given:<run> the code of a run of a rule, whether
-- a daemon `had` a message of it in hand, and the `n` messages of it that none has had. A message's hash
-- has the `code`, its list as `codes`, its `run`, and whether a daemon `had` it.
local function codes_key(list)
    return P .. ':codes:' .. list
end
local function given_key(run)
    return P .. ':given:' .. run
end
local function codes_left(list)
    local left = redis.pcall('LLEN', codes_key(list))
    return type(left) == 'number' and left or 0
end
local function run_has(run, field)
    local value = redis.pcall('HGET', given_key(run), field)
    return type(value) == 'string' and value or nil
end

-- The code of the run, a new one where it has none; nil where none is left. One message more has it.
local function give_code(mid, list, run, until_ms)
    local code = run_has(run, 'code')
    if not code then
        code = redis.pcall('LPOP', codes_key(list))
        code = type(code) == 'string' and code or nil
    end
    if code then
        if is_wrong(given_key(run), 'hash') then
            redis.call('DEL', given_key(run)) -- whatever stands there, it is no record of ours
        end
        redis.call('HSET', given_key(run), 'code', code)
        redis.call('HINCRBY', given_key(run), 'n', 1)
        redis.call('PEXPIREAT', given_key(run), until_ms, 'GT')
        if redis.call('PTTL', given_key(run)) < 0 then
            redis.call('PEXPIREAT', given_key(run), until_ms)
        end
        put_fields(mid, 'code', code, 'codes', list, 'run', run)
    end
    return code
end

-- A daemon takes the message: somebody may know the code from now on.
local function note_had(mid, run)
    put_fields(mid, 'had', 1)
    if run_has(run or '', 'code') then
        redis.call('HSET', given_key(run), 'had', 1)
    end
end

-- The message ends. Its code goes back if no daemon had any message of its run, and it is the last.
local function give_back(mid)
    local m = fields(mid, 'code', 'codes', 'run', 'had')
    local run = m and m[1] and m[2] and not m[4] and m[3]
    if not run or run_has(run, 'code') ~= m[1] then
        return
    end
    local left = redis.call('HINCRBY', given_key(run), 'n', -1)
    if left <= 0 and not run_has(run, 'had') then
        redis.call('DEL', given_key(run))
        redis.pcall('RPUSH', codes_key(m[2]), m[1])
    end
end
