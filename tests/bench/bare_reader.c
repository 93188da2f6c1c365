/*
 * What reading events costs when nothing is done with them: XREADGROUP COUNT 100 and one XACK of
 * all that came, until so many are read. A measure for bench_intake.
 *
 *   bare_reader SOCKET STREAM COUNT
 *
 * Makes the group `bare` at the beginning of the stream. Prints the seconds that it took.
 */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 100 };

static void die(const char *what)
{
    fprintf(stderr, "bare_reader: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static redisReply *reply_of(redisContext *redis)
{
    redisReply *reply = NULL;
    if (redisGetReply(redis, (void **)&reply) != REDIS_OK || reply->type == REDIS_REPLY_ERROR)
        die(redis->err ? redis->errstr : reply->str);
    return reply;
}

/* Entries of the one stream that was asked for; none when there are no more. */
static redisReply *entries_of(redisReply *read)
{
    return read->type == REDIS_REPLY_ARRAY ? read->element[0]->element[1] : NULL;
}

static void acknowledge(redisContext *redis, const char *stream, const redisReply *entries)
{
    const char *words[3 + BATCH] = {"XACK", stream, "bare"};
    size_t count = 3;
    for (size_t i = 0; i < entries->elements; i++)
        words[count++] = entries->element[i]->element[0]->str;
    redisAppendCommandArgv(redis, (int)count, words, NULL);
    freeReplyObject(reply_of(redis));
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("usage: bare_reader SOCKET STREAM COUNT");
    long wanted = strtol(argv[3], NULL, 10), seen = 0;
    redisContext *redis = redisConnectUnix(argv[1]);
    if (!redis || redis->err)
        die("no connection to Redis");
    redisAppendCommand(redis, "XGROUP CREATE %s bare 0", argv[2]);
    freeReplyObject(reply_of(redis));
    double begin = now();
    while (seen < wanted) {
        redisAppendCommand(redis, "XREADGROUP GROUP bare one COUNT %d STREAMS %s >", BATCH,
                           argv[2]);
        redisReply *read = reply_of(redis), *entries = entries_of(read);
        if (!entries)
            die("fewer entries than there should be");
        acknowledge(redis, argv[2], entries);
        seen += (long)entries->elements;
        freeReplyObject(read);
    }
    printf("%.6f\n", now() - begin);
    redisFree(redis);
    return 0;
}
