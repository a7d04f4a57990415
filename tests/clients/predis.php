<?php
// Predis, a client in PHP, against the gateway's RESP port: php -d zend.assertions=1 predis.php HOST PORT

require 'Predis/autoload.php';

use Predis\Client;
use Predis\Connection\ConnectionException;
use Predis\Response\ServerException;
use Predis\Transaction\AbortedMultiExecException;

[, $host, $port] = $argv;
if (ini_get('zend.assertions') !== '1') {
    throw new Exception('php -d zend.assertions=1: nothing is checked otherwise');
}
$parameters = ['host' => $host, 'port' => (int) $port, 'read_write_timeout' => 10];

/** What was thrown, as the client types it. */
function refusal(string $type, callable $call): string
{
    try {
        $call();
    } catch (Exception $error) {
        assert($error instanceof $type, get_class($error));
        return $error instanceof ServerException ? $error->getErrorType() : '';
    }
    throw new Exception('nothing was refused');
}

$redis = new Client($parameters);
$redis->flushall();
assert((string) $redis->set('k', 'v', 'EX', 60) === 'OK');
assert($redis->get('k') === 'v' && $redis->ttl('k') === 60 && $redis->get('missing') === null);
$redis->hmset('h', ['a' => 1, 'b' => 'two']);
assert($redis->hgetall('h') === ['a' => '1', 'b' => 'two']);
$redis->rpush('l', ['a', 'b', 'c']);
assert($redis->lrange('l', 0, -1) === ['a', 'b', 'c']);
$redis->zadd('z', ['a' => 1.5, 'b' => 2]);
assert($redis->zrange('z', 0, -1, 'WITHSCORES') === ['a' => '1.5', 'b' => '2']);
$found = iterator_to_array(new Predis\Collection\Iterator\Keyspace($redis, '*', 2), false);
sort($found);
assert(array_values(array_unique($found)) === ['h', 'k', 'l', 'z']);
assert($redis->info('server')['Server']['redis_mode'] === 'standalone');

// Pipelines, transactions and WATCH.
$count = fn($batch) => $batch->incr('n')->incr('n')->get('n');
assert($redis->pipeline($count) === [1, 2, '2']);
assert($redis->transaction($count) === [3, 4, '4']);
$other = new Client($parameters);
$watched = fn($race) => function ($transaction) use ($other, $race) {
    $read = $transaction->get('n');
    if ($race) {
        $other->incr('n');
    }
    $transaction->multi();
    $transaction->set('n', $read + 1)->get('n');
};
assert($redis->transaction(['watch' => 'n', 'cas' => true], $watched(false))[1] === '5');
$raced = fn() => $redis->transaction(['watch' => 'n', 'cas' => true], $watched(true));
refusal(AbortedMultiExecException::class, $raced);

// Errors and scripts.
assert(refusal(ServerException::class, fn() => $redis->lpush('k', 'x')) === 'WRONGTYPE');
$script = 'return redis.call("INCRBY", KEYS[1], ARGV[1])';
assert(refusal(ServerException::class, fn() => $redis->evalsha(sha1($script), 1, 'n', 10)) === 'NOSCRIPT');
assert($redis->eval($script, 1, 'n', 10) === 16 && $redis->evalsha(sha1($script), 1, 'n', 10) === 26);

// Streams, whose commands this version does not know by name.
$redis->executeRaw(['XGROUP', 'CREATE', 's', 'g', '$', 'MKSTREAM']);
$id = $redis->executeRaw(['XADD', 's', '*', 'f', 'v']);
assert($redis->executeRaw(['XREADGROUP', 'GROUP', 'g', 'me', 'STREAMS', 's', '>']) === [['s', [[$id, ['f', 'v']]]]]);
assert($redis->executeRaw(['XACK', 's', 'g', $id]) === 1);

// Messages, and a client that waits.
$loop = (new Client($parameters))->pubSubLoop();
$loop->subscribe('news');
foreach ($loop as $message) {
    if ($message->kind === 'subscribe') {
        assert($redis->publish('news', 'hello') === 1);
    } else {
        assert([$message->channel, $message->payload] === ['news', 'hello']);
        $loop->stop(true);
    }
}
$redis->rpush('queue', 'job');
assert($redis->blpop('queue', 5) === ['queue', 'job'] && $redis->brpop(['queue', 'none'], 1) === null);

// Users.
$redis->executeRaw(['ACL', 'SETUSER', 'ada', 'reset', 'on', '>secret', '~ada:*', '+@all', '-@dangerous']);
$ada = new Client($parameters + ['username' => 'ada', 'password' => 'secret']);
$ada->executeRaw(['AUTH', 'ada', 'secret']);
$ada->set('ada:k', 'v');
assert(refusal(ServerException::class, fn() => $ada->get('k')) === 'NOPERM');
assert(refusal(ServerException::class, fn() => $ada->flushall()) === 'NOPERM');
$wrong = new Client($parameters + ['password' => 'wrong']);
refusal(ConnectionException::class, fn() => $wrong->ping());

// A connection that was ended is opened anew.
assert($redis->client('KILL', 'ID', (string) $other->client('ID')) === 1);
refusal(ConnectionException::class, fn() => $other->get('n'));
assert($other->get('n') === '26');
