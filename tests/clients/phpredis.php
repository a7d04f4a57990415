<?php
// phpredis, the extension, against the gateway's RESP port: php -d zend.assertions=1 phpredis.php HOST PORT

[, $host, $port] = $argv;
if (ini_get('zend.assertions') !== '1') {
    throw new Exception('php -d zend.assertions=1: nothing is checked otherwise');
}

function open(string $host, int $port): Redis
{
    $redis = new Redis();
    $redis->connect($host, $port, 5);
    return $redis;
}

/** What was thrown, as the client types it. */
function refusal(callable $call): string
{
    try {
        $call();
    } catch (RedisException $error) {
        return $error->getMessage();
    }
    throw new Exception('nothing was refused');
}

$redis = open($host, (int) $port);
assert($redis->set('k', 'v', ['nx', 'ex' => 60]) === true);
assert($redis->get('k') === 'v' && $redis->ttl('k') === 60);
assert($redis->get('missing') === false);
assert($redis->hMSet('h', ['a' => 1, 'b' => 'two']) === true);
assert($redis->hGetAll('h') === ['a' => '1', 'b' => 'two']);
assert($redis->rPush('l', 'a', 'b', 'c') === 3 && $redis->lRange('l', 0, -1) === ['a', 'b', 'c']);
assert($redis->zAdd('z', 1.5, 'a', 2, 'b') === 2);
assert($redis->zRange('z', 0, -1, true) === ['a' => 1.5, 'b' => 2.0]);
assert($redis->geoadd('geo', 13.361389, 38.115556, 'Palermo') === 1);
assert($redis->georadius('geo', 13, 38, 100, 'km') === ['Palermo']);

$redis->setOption(Redis::OPT_SCAN, Redis::SCAN_RETRY);
for ($found = [], $cursor = null; $keys = $redis->scan($cursor, '*', 2);) {
    $found = array_merge($found, $keys);
}
sort($found);
assert(array_values(array_unique($found)) === ['geo', 'h', 'k', 'l', 'z']);

// Pipelines, transactions and WATCH.
assert($redis->pipeline()->incr('n')->incr('n')->get('n')->exec() === [1, 2, '2']);
assert($redis->multi()->set('m', 1)->incr('m')->exec() === [true, 2]);
$other = open($host, (int) $port);
$redis->watch('n');
$other->incr('n');
assert($redis->multi()->incr('n')->exec() === false);
$redis->watch('n');
assert($redis->multi()->incr('n')->exec() === [4]);

// Errors: false and a text that can be asked for; an exception where the server is not to be used.
assert($redis->lPush('k', 'x') === false && str_starts_with($redis->getLastError(), 'WRONGTYPE '));
$redis->clearLastError();

// Scripts.
$script = 'return {KEYS[1], ARGV[1], redis.call("INCRBY", KEYS[1], ARGV[1])}';
assert($redis->evalSha(sha1($script), ['n', 10], 1) === false && str_starts_with($redis->getLastError(), 'NOSCRIPT '));
assert($redis->script('load', $script) === sha1($script));
assert($redis->evalSha(sha1($script), ['n', 10], 1) === ['n', '10', 14]);

// Streams with a group.
assert($redis->xGroup('CREATE', 's', 'g', '$', true) === true);
$id = $redis->xAdd('s', '*', ['f' => 'v']);
assert($redis->xReadGroup('g', 'me', ['s' => '>'], 1, 1000) === ['s' => [$id => ['f' => 'v']]]);
assert($redis->xPending('s', 'g')[0] === 1 && $redis->xAck('s', 'g', [$id]) === 1);

// A consumer that waits, and one that hears messages, in processes of their own.
function beside(callable $work): int
{
    $pid = pcntl_fork();
    if ($pid === 0) {
        $work();
        posix_kill(getmypid(), SIGKILL); // the connections of the parent stay open
    }
    return $pid;
}
beside(function () use ($host, $port) {
    $redis = open($host, (int) $port);
    $redis->rPush('answers', implode(' ', $redis->blPop(['queue'], 5)));
    $redis->setOption(Redis::OPT_READ_TIMEOUT, 5);
    $redis->subscribe(['news'], function ($subscriber, $channel, $message) use ($host, $port) {
        open($host, (int) $port)->rPush('answers', "$channel $message");
        $subscriber->unsubscribe([$channel]);
    });
});
$redis->rPush('queue', 'job');
assert($redis->blPop(['answers'], 5) === ['answers', 'queue job']);
while ($redis->publish('news', 'hello') === 0);
assert($redis->blPop(['answers'], 5) === ['answers', 'news hello']);

// Users.
assert($redis->acl('SETUSER', 'ada', 'reset', 'on', '>secret', '~ada:*', '+@all', '-@dangerous'));
$ada = open($host, (int) $port);
assert(str_starts_with(refusal(fn() => $ada->auth(['ada', 'wrong'])), 'WRONGPASS '));
assert($ada->auth(['ada', 'secret']) === true && $ada->set('ada:k', 'v') === true);
assert(str_starts_with(refusal(fn() => var_dump($ada->get('k'), $ada->getLastError())), 'NOPERM '));

// A connection that was ended is opened anew; who writes before having seen its end is told of it.
assert((int) $redis->rawCommand('CLIENT', 'KILL', 'ID', $other->client('id')) === 1);
try {
    $n = $other->get('n');
} catch (RedisException) {
    $n = $other->get('n');
}
assert($n === '14');

// Values of any kind.
$redis->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_PHP);
assert($redis->set('object', ['list' => [1, 2.5, null]]) && $redis->get('object') === ['list' => [1, 2.5, null]]);
