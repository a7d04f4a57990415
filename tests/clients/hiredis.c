// hiredis, synchronous and asynchronous, against the gateway's RESP port:
// cc hiredis.c -o hiredis -lhiredis && ./hiredis HOST PORT
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// assert() can be compiled away; this cannot.
#define MUST(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "hiredis.c:%d: " #condition "\n", __LINE__); \
            exit(1); \
        } \
    } while (0)

static const char *host;
static int port;

static redisContext *open_connection(void) {
    struct timeval timeout = {5, 0};
    redisContext *context = redisConnectWithTimeout(host, port, timeout);
    MUST(context && !context->err);
    redisSetTimeout(context, timeout);
    return context;
}

// One word or number, as text.
static void expect(redisReply *reply, const char *text) {
    MUST(reply);
    char number[32];
    snprintf(number, sizeof number, "%lld", reply->integer);
    const char *is = reply->type == REDIS_REPLY_INTEGER ? number : reply->type == REDIS_REPLY_NIL ? "nil" : reply->str;
    if (strcmp(is, text) != 0) {
        fprintf(stderr, "%s instead of %s\n", is, text);
        exit(1);
    }
    freeReplyObject(reply);
}

// An error that begins with this word.
static void refused(redisReply *reply, const char *code) {
    MUST(reply && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, code, strlen(code)) == 0);
    freeReplyObject(reply);
}

// An array of words, joined with commas.
static void expect_all(redisReply *reply, const char *joined) {
    MUST(reply && reply->type == REDIS_REPLY_ARRAY);
    char is[256] = "";
    for (size_t i = 0; i < reply->elements; i++) {
        snprintf(is + strlen(is), sizeof is - strlen(is), i ? ",%s" : "%s", reply->element[i]->str);
    }
    if (strcmp(is, joined) != 0) {
        fprintf(stderr, "%s instead of %s\n", is, joined);
        exit(1);
    }
    freeReplyObject(reply);
}

static void *next(redisContext *context) {
    void *reply = NULL;
    MUST(redisGetReply(context, &reply) == REDIS_OK);
    return reply;
}

static void values(redisContext *c) {
    expect(redisCommand(c, "SET k %s EX %d", "v", 60), "OK");
    expect(redisCommand(c, "GET k"), "v");
    expect(redisCommand(c, "TTL k"), "60");
    expect(redisCommand(c, "GET missing"), "nil");
    expect(redisCommand(c, "SET bin %b", "a\0b", (size_t)3), "OK");
    redisReply *bytes = redisCommand(c, "GET bin");
    MUST(bytes->len == 3 && memcmp(bytes->str, "a\0b", 3) == 0);
    freeReplyObject(bytes);
    expect(redisCommand(c, "HSET h a 1 b two"), "2");
    expect_all(redisCommand(c, "HGETALL h"), "a,1,b,two");
    expect(redisCommand(c, "RPUSH l a b c"), "3");
    expect_all(redisCommand(c, "LRANGE l 0 -1"), "a,b,c");
    expect(redisCommand(c, "ZADD z 1.5 a 2 b"), "2");
    expect_all(redisCommand(c, "ZRANGE z 0 -1 WITHSCORES"), "a,1.5,b,2");
    refused(redisCommand(c, "LPUSH k x"), "WRONGTYPE ");
}

static void batches(redisContext *c, redisContext *other) {
    char number[32];
    for (int i = 0; i < 10000; i++) redisAppendCommand(c, "INCR n");
    for (int i = 1; i <= 10000; i++) {
        snprintf(number, sizeof number, "%d", i);
        expect(next(c), number);
    }
    for (int race = 0; race < 2; race++) {
        expect(redisCommand(c, "WATCH n"), "OK");
        if (race) expect(redisCommand(other, "INCR n"), "10002");
        expect(redisCommand(c, "MULTI"), "OK");
        expect(redisCommand(c, "INCR n"), "QUEUED");
        redisReply *reply = redisCommand(c, "EXEC");
        MUST(reply && reply->type == (race ? REDIS_REPLY_NIL : REDIS_REPLY_ARRAY));
        freeReplyObject(reply);
    }
}

static void scripts_and_streams(redisContext *c) {
    const char *script = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
    refused(redisCommand(c, "EVALSHA 0000000000000000000000000000000000000000 1 n 1"), "NOSCRIPT ");
    redisReply *sha = redisCommand(c, "SCRIPT LOAD %s", script);
    expect(redisCommand(c, "EVALSHA %s 1 n 8", sha->str), "10010");
    freeReplyObject(sha);
    expect(redisCommand(c, "XGROUP CREATE s g $ MKSTREAM"), "OK");
    expect(redisCommand(c, "XADD s 1-1 f v"), "1-1");
    redisReply *read = redisCommand(c, "XREADGROUP GROUP g me BLOCK 1000 STREAMS s >");
    MUST(read && strcmp(read->element[0]->element[1]->element[0]->element[0]->str, "1-1") == 0);
    freeReplyObject(read);
    expect(redisCommand(c, "XACK s g 1-1"), "1");
}

static void messages(redisContext *c, redisContext *other) {
    redisAppendCommand(other, "BLPOP queue 5");
    int sent = 0;
    while (!sent) MUST(redisBufferWrite(other, &sent) == REDIS_OK);
    expect(redisCommand(c, "RPUSH queue job"), "1");
    expect_all(next(other), "queue,job");
    freeReplyObject(redisCommand(other, "SUBSCRIBE news"));
    expect(redisCommand(c, "PUBLISH news hello"), "1");
    expect_all(next(other), "message,news,hello");
}

static void users(redisContext *c) {
    expect(redisCommand(c, "ACL SETUSER ada reset on >secret ~ada:* +@all -@dangerous"), "OK");
    redisContext *ada = open_connection();
    refused(redisCommand(ada, "AUTH ada wrong"), "WRONGPASS ");
    expect(redisCommand(ada, "AUTH ada secret"), "OK");
    expect(redisCommand(ada, "SET ada:k v"), "OK");
    refused(redisCommand(ada, "GET k"), "NOPERM ");
    redisFree(ada);
}

static void killed(redisContext *c, redisContext *other) {
    expect(redisCommand(c, "CLIENT KILL TYPE PUBSUB"), "1");
    void *reply = NULL;
    MUST(redisGetReply(other, &reply) == REDIS_ERR && other->err == REDIS_ERR_EOF);
    MUST(redisReconnect(other) == REDIS_OK);
    expect(redisCommand(other, "GET k"), "v");
}

// The asynchronous half, whose loop is poll() here.
static int answers, closed;
static short waits_for;

static void add_read(void *data) { (void)data, waits_for |= POLLIN; }
static void del_read(void *data) { (void)data, waits_for &= ~POLLIN; }
static void add_write(void *data) { (void)data, waits_for |= POLLOUT; }
static void del_write(void *data) { (void)data, waits_for &= ~POLLOUT; }
static void cleanup(void *data) { (void)data, waits_for = 0; }
static void on_close(const redisAsyncContext *a, int status) { (void)a, closed = status == REDIS_OK; }

static void on_answer(redisAsyncContext *a, void *reply, void *data) {
    (void)data;
    MUST(reply && ((redisReply *)reply)->integer == ++answers);
    if (answers == 1000) redisAsyncDisconnect(a);
}

static void asynchronous(void) {
    redisAsyncContext *a = redisAsyncConnect(host, port);
    MUST(a && !a->err);
    a->ev.addRead = add_read, a->ev.delRead = del_read;
    a->ev.addWrite = add_write, a->ev.delWrite = del_write;
    a->ev.cleanup = cleanup;
    redisAsyncSetDisconnectCallback(a, on_close);
    add_write(NULL);
    for (int i = 0; i < 1000; i++) MUST(redisAsyncCommand(a, on_answer, NULL, "INCR async") == REDIS_OK);
    while (waits_for) {
        struct pollfd socket = {.fd = a->c.fd, .events = waits_for};
        MUST(poll(&socket, 1, 5000) == 1);
        if (socket.revents & POLLOUT) redisAsyncHandleWrite(a);
        if (socket.revents & POLLIN) redisAsyncHandleRead(a);
    }
    MUST(closed);
}

int main(int count, char **words) {
    MUST(count == 3);
    host = words[1], port = atoi(words[2]);
    redisContext *c = open_connection(), *other = open_connection();
    expect(redisCommand(c, "FLUSHALL"), "OK");
    values(c);
    batches(c, other);
    scripts_and_streams(c);
    messages(c, other);
    users(c);
    killed(c, other);
    asynchronous();
    redisFree(c);
    redisFree(other);
    return 0;
}
