-- Redis' TIME in milliseconds, and a number of milliseconds as an argument.
local function clock()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function ms(number)
    return string.format('%.0f', number)
end
