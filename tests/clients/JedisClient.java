import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.args.ClientType;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;
import redis.clients.jedis.params.ClientKillParams;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.resps.ScanResult;

/** Jedis against the gateway's RESP port, in both protocols: java -cp 'jars/*' JedisClient.java HOST PORT */
final class JedisClient {
    private interface Call {
        void run() throws Exception;
    }

    private static HostAndPort address;

    public static void main(String[] words) throws Exception {
        address = new HostAndPort(words[0], Integer.parseInt(words[1]));
        for (RedisProtocol protocol : List.of(RedisProtocol.RESP2, RedisProtocol.RESP3)) {
            try (JedisPooled redis = new JedisPooled(address, config(protocol).build())) {
                redis.flushAll();
                values(redis);
                batches(redis);
                scripts(redis);
                streams(redis);
                messages(redis);
                users(redis, protocol);
                killed(redis, protocol);
            }
        }
    }

    private static DefaultJedisClientConfig.Builder config(RedisProtocol protocol) {
        return DefaultJedisClientConfig.builder().protocol(protocol).timeoutMillis(10_000);
    }

    private static void same(Object is, Object shouldBe) {
        if (!Objects.equals(is, shouldBe)) throw new AssertionError(is + " instead of " + shouldBe);
    }

    private static void refused(Class<? extends Exception> type, String text, Call call) {
        try {
            call.run();
        } catch (Exception error) {
            if (type.isInstance(error) && String.valueOf(error.getMessage()).startsWith(text)) return;
            throw new AssertionError(error);
        }
        throw new AssertionError("nothing was refused");
    }

    private static void values(JedisPooled redis) {
        same(redis.set("k", "v", SetParams.setParams().nx().ex(60)), "OK");
        same(redis.get("k"), "v");
        same(redis.ttl("k"), 60L);
        same(redis.get("missing"), null);
        same(redis.hset("h", Map.of("a", "1", "b", "two")), 2L);
        same(redis.hgetAll("h"), Map.of("a", "1", "b", "two"));
        redis.rpush("l", "a", "b", "c");
        same(redis.lrange("l", 0, -1), List.of("a", "b", "c"));
        redis.zadd("z", Map.of("a", 1.5, "b", Double.POSITIVE_INFINITY));
        same(redis.zscore("z", "a"), 1.5);
        same(redis.zrangeWithScores("z", 0, -1).get(1).getScore(), Double.POSITIVE_INFINITY);
        same(redis.smismember("set", "a"), List.of(false));
        same(redis.exists("k"), true);
        refused(JedisDataException.class, "WRONGTYPE ", () -> redis.lpush("k", "x"));

        TreeSet<String> found = new TreeSet<>();
        String cursor = ScanParams.SCAN_POINTER_START;
        do {
            ScanResult<String> page = redis.scan(cursor, new ScanParams().count(2));
            found.addAll(page.getResult());
            cursor = page.getCursor();
        } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
        same(List.copyOf(found), List.of("h", "k", "l", "z"));
    }

    private static void batches(JedisPooled redis) {
        List<Response<Long>> counts = new ArrayList<>();
        try (Pipeline pipeline = redis.pipelined()) {
            for (int i = 0; i < 1000; i++) counts.add(pipeline.incr("n"));
            pipeline.sync();
        }
        same(counts.get(999).get(), 1000L);

        try (AbstractTransaction transaction = redis.multi()) {
            transaction.set("m", "1");
            transaction.incr("m");
            same(transaction.exec(), List.of("OK", 2L));
        }
        for (boolean race : new boolean[] {false, true}) {
            try (Jedis own = new Jedis(address)) {
                own.watch("m");
                if (race) redis.incr("m");
                Transaction transaction = own.multi();
                transaction.incr("m");
                same(transaction.exec(), race ? null : List.of(3L));
            }
        }
    }

    private static void scripts(JedisPooled redis) {
        redis.scriptFlush("m");
        String script = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
        String nowhere = "0000000000000000000000000000000000000000";
        refused(JedisNoScriptException.class, "NOSCRIPT ", () -> redis.evalsha(nowhere, 1, "m", "1"));
        same(redis.eval(script, 1, "m", "10"), 14L);
        same(redis.evalsha(redis.scriptLoad(script, "m"), 1, "m", "10"), 24L);
    }

    private static void streams(JedisPooled redis) {
        redis.xgroupCreate("s", "g", StreamEntryID.XGROUP_LAST_ENTRY, true);
        StreamEntryID id = redis.xadd("s", StreamEntryID.NEW_ENTRY, Map.of("f", "v"));
        var streams = Map.of("s", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY);
        var read = redis.xreadGroup("g", "me", XReadGroupParams.xReadGroupParams().block(1000), streams);
        same(read.get(0).getKey(), "s");
        same(read.get(0).getValue().get(0).getID(), id);
        same(read.get(0).getValue().get(0).getFields(), Map.of("f", "v"));
        same(redis.xpending("s", "g").getTotal(), 1L);
        same(redis.xinfoStream("s").getLength(), 1L);
        same(redis.xack("s", "g", id), 1L);
    }

    private static void messages(JedisPooled redis) throws Exception {
        CompletableFuture<List<String>> popped = CompletableFuture.supplyAsync(() -> redis.blpop(5, "queue"));
        redis.rpush("queue", "job");
        same(popped.get(), List.of("queue", "job"));

        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        JedisPubSub subscriber = new JedisPubSub() {
            @Override
            public void onSubscribe(String channel, int count) {
                heard.add("+" + channel + count);
            }

            @Override
            public void onMessage(String channel, String message) {
                heard.add(channel + " " + message);
                unsubscribe();
            }
        };
        CompletableFuture<Void> listening = CompletableFuture.runAsync(() -> redis.subscribe(subscriber, "news"));
        while (redis.publish("news", "hello") == 0) Thread.onSpinWait();
        listening.get();
        same(heard, List.of("+news1", "news hello"));
    }

    private static void users(JedisPooled redis, RedisProtocol protocol) {
        redis.sendCommand(() -> "ACL".getBytes(), "SETUSER", "ada", "reset", "on", ">secret", "~ada:*", "+@all", "-@dangerous");
        try (JedisPooled ada = new JedisPooled(address, config(protocol).user("ada").password("secret").build())) {
            ada.set("ada:k", "v");
            refused(JedisAccessControlException.class, "NOPERM ", () -> ada.get("k"));
            refused(JedisAccessControlException.class, "NOPERM ", ada::flushAll);
        }
        var wrong = config(protocol).user("ada").password("wrong").build();
        refused(JedisAccessControlException.class, "WRONGPASS ", () -> new Jedis(address, wrong).ping());
    }

    /** A connection that was ended is told of once, and opened anew. */
    private static void killed(JedisPooled redis, RedisProtocol protocol) throws Exception {
        try (Jedis victim = new Jedis(address, config(protocol).build())) {
            ClientKillParams who = ClientKillParams.clientKillParams().id(String.valueOf(victim.clientId()));
            try (Jedis admin = new Jedis(address)) {
                same(admin.clientKill(who), 1L);
                same(admin.clientKill(ClientKillParams.clientKillParams().type(ClientType.PUBSUB)), 0L);
            }
            refused(JedisConnectionException.class, "", victim::ping);
        }
        var workers = Executors.newFixedThreadPool(8);
        List<Future<?>> all = new ArrayList<>();
        redis.del("n");
        for (int worker = 0; worker < 8; worker++) {
            all.add(workers.submit(() -> {
                for (int i = 0; i < 100; i++) redis.incr("n");
            }));
        }
        for (Future<?> one : all) one.get();
        workers.shutdown();
        same(redis.get("n"), "800");
    }
}
