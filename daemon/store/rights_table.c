#include "store/rights_table.h"

const char *const rights_wished[] = {"client|caching", "client|tracking", "subscribe", "wait",
                                     NULL};

/* clang-format off */
const char *const rights_table[] = {
    "client|id", "client|setname", "client|unblock", "copy", "del", "eval", "evalsha",
    "exists", "get", "getrange", "hdel", "hexists", "hget", "hgetall",
    "hincrby", "hkeys", "hlen", "hmget", "hscan", "hset", "hsetnx",
    "incr", "info", "keys", "llen", "lpop", "lpush", "lrange",
    "lrem", "ltrim", "mget", "persist", "pexpire", "pexpireat", "ping",
    "pttl", "rpush", "sadd", "scan", "scard", "script|load", "select",
    "set", "smembers", "srandmember", "srem", "sunion", "time", "type",
    "unlink", "xack", "xadd", "xclaim", "xdel", "xgroup|create", "xgroup|delconsumer",
    "xinfo|consumers", "xinfo|groups", "xinfo|stream", "xlen", "xpending", "xrange", "xreadgroup",
    "xrevrange", "xtrim", "zadd", "zcard", "zcount", "zpopmin", "zrange",
    "zrem", "zscore",
};
/* clang-format on */

const size_t rights_table_count = sizeof rights_table / sizeof *rights_table;
